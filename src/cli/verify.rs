//! `tallyship verify`: every tally against its votes, its ledger and the rest, and the audit chain; a row and exit code 1
//! for each difference, and what ends it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::ExitCode;

use super::{Failure, console, open_database, serve};
use crate::auth::audit::{self, Checked};
use crate::config::Settings;
use crate::domain::{Actor, Timestamp};
use crate::maintenance::backup::other_connections;
use crate::maintenance::verify::{self, Fault, Remedy, recount};

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
    // First: a missing database is an error, and its lock would be a new file.
    let mut conn = open_database(settings)?;
    let _alone = match repair {
        Some(Repair::Apply) => serve::alone(settings)?,
        _ => None,
    };
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
    let faults = kinds(&recount, &chain);
    let differences = recount.differences.len()
        + recount.unreadable_records.len()
        + recount.wrong_segments.len()
        + chain.faults.len();
    let mut report = lines(&recount, &chain);
    let _ = writeln!(
        report,
        "{} tools, {} votes, {} ledger entries, {} audit entries: {differences} differences",
        recount.tools, recount.votes, recount.events, chain.entries
    );
    for fault in faults.iter().filter(|fault| !fault.is_repairable()) {
        let _ = writeln!(report, "{}", remedy(*fault));
    }
    if repair == Some(Repair::Show) && differences > 0 {
        report.push_str("nothing was changed; while no server runs, --repair --apply does this:\n");
        for fault in faults.iter().filter(|fault| fault.is_repairable()) {
            let _ = writeln!(report, "{}", remedy(*fault));
        }
    }
    console::write(report.as_bytes())?;
    if repair == Some(Repair::Apply) {
        let actor = Actor::command("verify --repair");
        let tools = verify::repair(&mut conn, &actor, Timestamp::now())?;
        console::print(format_args!(
            "{tools} tools were repaired; the votes stand as they were"
        ))?;
    }
    let is_open = |fault: &Fault| repair != Some(Repair::Apply) || !fault.is_repairable();
    Ok(if faults.iter().any(is_open) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The kinds of what was found, each once.
fn kinds(recount: &verify::Recount, chain: &Checked) -> BTreeSet<Fault> {
    let of_tools = recount.differences.iter().flat_map(|row| &row.faults);
    let of_log = (!recount.unreadable_records.is_empty()).then_some(Fault::Journal);
    let of_chain = (!chain.faults.is_empty()).then_some(Fault::Audit);
    let of_index = (!recount.wrong_segments.is_empty()).then_some(Fault::Index);
    let others = of_log.into_iter().chain(of_index).chain(of_chain);
    of_tools.copied().chain(others).collect()
}

/// What ends a kind of difference, as a line.
fn remedy(fault: Fault) -> String {
    match fault.remedy() {
        Remedy::Repair(does) => format!("repair of \"{}\": {does}", fault.words()),
        Remedy::Operator(does) => format!("no repair of \"{}\": {does}", fault.words()),
    }
}

/// A line for each difference.
fn lines(recount: &verify::Recount, chain: &Checked) -> String {
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
    for seq in &recount.unreadable_records {
        let _ = writeln!(report, "{}", verify::unreadable_record(*seq));
    }
    for segment in &recount.wrong_segments {
        let _ = writeln!(report, "{}", verify::wrong_segment(*segment));
    }
    for fault in &chain.faults {
        let _ = writeln!(report, "{fault}");
    }
    report
}
