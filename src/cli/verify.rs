//! `tallyship verify`: every tally against its votes, its ledger and the rest, and the audit chain; a row and exit code 1
//! for each difference.

use std::fmt::Write;
use std::process::ExitCode;

use super::{Failure, console, open_database};
use crate::auth::audit;
use crate::config::Settings;
use crate::maintenance::verify::recount;

pub(super) fn run(settings: &Settings, head: Option<&str>) -> Result<ExitCode, Failure> {
    if head.is_some_and(|head| head.len() != 64 || !head.bytes().all(|d| d.is_ascii_hexdigit())) {
        return Err(Failure::configuration(
            "--head: expected 64 hexadecimal digits",
        ));
    }
    let mut conn = open_database(settings)?;
    let recount = recount(&mut conn)?;
    let chain = audit::check(&mut conn, head)?;
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
    Ok(if differences == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
