//! `tallyship verify`: every tally against its votes, its ledger and the rest; a row and exit code 1 for each difference.

use std::process::ExitCode;

use super::{Failure, migrated};
use crate::settings::Settings;
use crate::votes::recount::recount;

pub(super) fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let recount = recount(&mut migrated(settings)?)?;
    for row in &recount.differences {
        let show = |(ship, skip): (i64, i64)| format!("{ship} ship {skip} skip");
        let [aside, aside_found] = row.aside;
        let faults: Vec<&str> = row.faults.iter().map(|fault| fault.words()).collect();
        println!(
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
