//! `tallyship verify`: every tally against its votes, its ledger and the rest, and the audit chain; a row and exit code 1
//! for each difference.

use std::fmt::Write;
use std::process::ExitCode;

use super::{Failure, console, open_database, serve};
use crate::auth::audit;
use crate::config::Settings;
use crate::domain::{Actor, Timestamp};
use crate::maintenance::backup::other_connections;
use crate::maintenance::verify::{self, recount};

/// Whether differences are repaired, or only what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    Show,
    Apply,
}

pub(super) fn run(
    settings: &Settings,
    head: Option<&str>,
    repair: Option<Repair>,
) -> Result<ExitCode, Failure> {
    if head.is_some_and(|head| head.len() != 64 || !head.bytes().all(|d| d.is_ascii_hexdigit())) {
        return Err(Failure::configuration(
            "--head: expected 64 hexadecimal digits",
        ));
    }
    let _alone = match repair {
        Some(Repair::Apply) => serve::alone(settings)?,
        _ => None,
    };
    let mut conn = open_database(settings)?;
    if repair == Some(Repair::Apply) {
        let others = other_connections(&mut conn)?;
        if others > 0 {
            return Err(Failure::new(format!(
                "{others} other connections use this database; stop the servers first"
            )));
        }
    }
    let recount = recount(&mut conn)?;
    let chain = audit::check(&mut conn, head)?;
    let mut report = differences(&recount);
    for fault in &chain.faults {
        let _ = writeln!(report, "{fault}");
    }
    let differences = recount.differences.len() + chain.faults.len();
    let _ = writeln!(
        report,
        "{} tools, {} votes, {} ledger entries, {} audit entries: {differences} differences",
        recount.tools, recount.votes, recount.events, chain.entries
    );
    console::write(report.as_bytes())?;
    match repair {
        Some(Repair::Apply) => {
            let actor = Actor::command("verify --repair");
            let tools = verify::repair(&mut conn, &actor, Timestamp::now())?;
            console::print(format_args!(
                "{tools} tools were repaired; the votes stand as they were"
            ))?;
            return Ok(if chain.faults.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        Some(Repair::Show) if differences > 0 => console::print(
            "nothing was changed; --repair --apply makes tally, ledger, panel and periods agree with the votes, while no server runs",
        )?,
        _ => {}
    }
    Ok(if differences == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A line for each tool whose counts differ.
fn differences(recount: &verify::Recount) -> String {
    let mut report = String::new();
    for row in &recount.differences {
        let show = |(ship, skip): (i64, i64)| format!("{ship} ship {skip} skip");
        let [aside, aside_found] = row.aside;
        let faults: Vec<&str> = row.faults.iter().map(|fault| fault.words()).collect();
        let _ = writeln!(
            report,
            "{}: tally {}, votes {}, ledger {}, set aside {} (found {}): {}",
            row.tool,
            show(row.tally),
            show(row.votes),
            show(row.ledger),
            show(aside),
            show(aside_found),
            faults.join(", ")
        );
    }
    report
}
