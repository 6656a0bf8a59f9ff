//! `tallyship log witness`: which of the configured witnesses have cosigned the newest checkpoint of a site.

use std::fmt::Write;
use std::process::ExitCode;

use super::source::{MAX_NOTE_BYTES, Source};
use super::verify::newest_log;
use crate::cli::{Failure, console};
use crate::config::Settings;
use crate::transparency::keys;

pub(super) fn run(settings: &Settings, site: &str) -> Result<ExitCode, Failure> {
    let witnesses = keys::witnesses(settings).map_err(Failure::configuration)?;
    if witnesses.is_empty() {
        return Err(Failure::configuration(
            "setting transparency.witnesses names none",
        ));
    }
    let quorum = match settings.transparency.quorum {
        0 => witnesses.len(),
        quorum => quorum,
    };
    let source = Source::open(site)?;
    let log = newest_log(&source)?;
    let note = source.text(&format!("{log}/checkpoint"), MAX_NOTE_BYTES)?;
    let (mut rows, mut cosigned) = (String::new(), 0);
    for (_, key) in &witnesses {
        let is_cosigned = key.open(&note).is_some();
        cosigned += usize::from(is_cosigned);
        let has = if is_cosigned { "has" } else { "has not" };
        let _ = writeln!(rows, "{} {has} cosigned", key.name);
    }
    let size = note.lines().nth(1).unwrap_or_default();
    let _ = writeln!(
        rows,
        "{cosigned} of {} witnesses have cosigned the checkpoint of {size} entries; the quorum is {quorum}",
        witnesses.len()
    );
    console::write(rows.as_bytes())?;
    Ok(ExitCode::from(u8::from(cosigned < quorum)))
}
