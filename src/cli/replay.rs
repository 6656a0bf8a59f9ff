//! `tallyship replay`: a past span's ledger through other quotas or thresholds, and what would have been different.

use std::io::Write;
use std::iter;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::output::{Access, Output};
use super::{Failure, console, open_database};
use crate::cli::simulate::rule::{holding, quotas};
use crate::cli::simulate::{MinVotes, Replay, render, replay};
use crate::config::Settings;
use crate::detection::memory::Limits;
use crate::domain::{Quota, Timestamp};

/// What is to be replayed; a rule that is not named lets everything pass.
#[derive(Args)]
pub(super) struct ReplayArguments {
    /// The begin, such as 2026-11-17 or 2026-11-17T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Timestamp,
    /// The end, not included; now without
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<Timestamp>,
    /// A quota of each voter, such as 10/1m
    #[arg(long, value_name = "COUNT/PERIOD", value_parser = quota)]
    votes_per_voter: Option<Quota>,
    /// A quota of each network, for votes whose network is still known
    #[arg(long, value_name = "COUNT/PERIOD", value_parser = quota)]
    votes_per_network: Option<Quota>,
    /// Hold votes as docs/abuse.md says, those of networks that are still known
    #[arg(long)]
    hold: bool,
    /// The detector's score from which an alert is raised, for votes whose network is still known
    #[arg(long, value_name = "SCORE", value_parser = clap::value_parser!(i32).range(1..=100))]
    detector_threshold: Option<i32>,
    /// Votes from which on the detector raises one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    detector_min_votes: Option<u32>,
    /// From how many votes on a percentage would be shown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    min_votes: Option<i64>,
    /// As JSON, with every hour and tool
    #[arg(long)]
    json: bool,
    /// Write a page with a chart into this file as well
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long)]
    force: bool,
}

/// Reads a time, or the begin of a day (UTC).
fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
        .filter(|at| at.0 >= 0)
        .ok_or_else(|| "expected a time such as 2026-11-17 or 2026-11-17T08:00:00Z".to_owned())
}

fn quota(text: &str) -> Result<Quota, String> {
    Quota::parse(text).map_err(str::to_owned)
}

/// The detector's settings then and now, where one of them is to be another.
fn detector(settings: &Settings, arguments: &ReplayArguments) -> Option<(Limits, Limits)> {
    let (threshold, least) = (arguments.detector_threshold, arguments.detector_min_votes);
    let then = Limits {
        threshold: settings.detector.threshold,
        least: settings.detector.min_votes,
    };
    let now = Limits {
        threshold: threshold.unwrap_or(then.threshold),
        least: least.unwrap_or(then.least),
    };
    (threshold.is_some() || least.is_some()).then_some((then, now))
}

pub(super) fn run(settings: &Settings, arguments: &ReplayArguments) -> Result<ExitCode, Failure> {
    let (voter, network) = (arguments.votes_per_voter, arguments.votes_per_network);
    let limits = detector(settings, arguments);
    let asked = voter.is_some() || network.is_some() || arguments.hold || limits.is_some();
    if !asked && arguments.min_votes.is_none() {
        return Err(Failure::configuration(
            "nothing would be different: give --votes-per-voter, --votes-per-network, --hold, --detector-threshold, --detector-min-votes or --min-votes",
        ));
    }
    let to = arguments.to.unwrap_or_else(Timestamp::now);
    if to <= arguments.from {
        return Err(Failure::configuration("--to: expected a time after --from"));
    }
    let (mut conn, mut beside) = (open_database(settings)?, open_database(settings)?);
    let wanted = Replay {
        from: arguments.from,
        to,
        judges: iter::once(quotas(voter, network))
            .chain(arguments.hold.then(holding))
            .collect(),
        by_network: network.is_some() || arguments.hold || limits.is_some(),
        detector: limits,
        min_votes: MinVotes {
            then: settings.tally.min_votes,
            now: arguments.min_votes.unwrap_or(settings.tally.min_votes),
        },
    };
    let report = replay(&mut conn, &mut beside, wanted)?;
    if let Some(file) = &arguments.html {
        let mut out = Output::open(Some(file), Access::Shared, arguments.force)?;
        out.write_all(render::page(&report).as_bytes())
            .map_err(|cause| out.failure(cause))?;
        out.finish()?;
    }
    if arguments.json {
        console::print(serde_json::to_string(&report).map_err(Failure::new)?)?;
    } else {
        console::write(render::text(&report).as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_begin() {
        let day = time("2026-11-17").expect("a day");
        assert_eq!(Ok(day), time("2026-11-17T00:00:00Z"));
        assert_eq!(Ok(day), time("2026-11-17T01:00:00+01:00"));
        for bad in ["", "yesterday", "2026-11", "1960-01-01", "2026-11-17T08"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
