//! `tallyship verify`: every tally against its votes and its ledger; a row and exit code 1 for each difference.

use std::process::ExitCode;

use super::{Failure, migrated};
use crate::settings::Settings;
use crate::votes::recount::recount;

pub(super) fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let recount = recount(&mut migrated(settings)?)?;
    for row in &recount.differences {
        let show = |(ship, skip): (i64, i64)| format!("{ship} ship {skip} skip");
        let ahead = if row.ahead {
            ", ledger ahead of the tally's version"
        } else {
            ""
        };
        println!(
            "{}: tally {}, votes {}, ledger {}{ahead}",
            row.tool,
            show(row.tally),
            show(row.votes),
            show(row.ledger)
        );
    }
    println!(
        "{} tools, {} votes, {} ledger entries: {} differences",
        recount.tools,
        recount.votes,
        recount.events,
        recount.differences.len()
    );
    Ok(if recount.differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
