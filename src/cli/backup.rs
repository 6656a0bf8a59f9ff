//! `tallyship backup FILE`: the whole database as one file, beside a running server. `restore FILE`: in its place again.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;
use std::process::ExitCode;

use super::output::{Access, Output};
use super::progress::Progress;
use super::{Failure, audit_command, console, open_database, serve};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::infra::stderr;
use crate::maintenance::backup;

const BUFFER: usize = 256 * 1024;

pub(super) fn write(settings: &Settings, path: &Path, force: bool) -> Result<ExitCode, Failure> {
    let mut conn = open_database(settings)?;
    let mut out = Output::open(Some(path), Access::Private, force)?;
    let written = serde_json::json!({ "file": path.to_string_lossy() });
    // A database that takes no writes any more is one that a backup may save.
    if let Err(failure) = audit_command(&mut conn, "backup", "backup", "database", written) {
        stderr::line(format_args!(
            "warning: the backup is not in the audit log: {}",
            failure.message.unwrap_or_default()
        ));
    }
    let rows =
        backup::write(&mut conn, &mut out, Timestamp::now()).map_err(|cause| out.failure(cause))?;
    out.finish()?;
    // Standard output may be the backup itself.
    stderr::line(format_args!(
        "{rows} rows; keep the identity secret with it, tokens are signed by that"
    ));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(
    settings: &Settings,
    path: &Path,
    keep_tokens: bool,
) -> Result<ExitCode, Failure> {
    let told = |cause: &dyn std::fmt::Display| Failure::new(format!("{}: {cause}", path.display()));
    let mut file = File::open(path).map_err(|cause| told(&cause))?;
    let rows =
        backup::check(BufReader::with_capacity(BUFFER, &file)).map_err(|cause| told(&cause))?;
    file.seek(SeekFrom::Start(0))
        .map_err(|cause| told(&cause))?;
    let _alone = serve::alone(settings)?;
    let mut progress = Progress::new("restored", rows);
    let input = BufReader::with_capacity(BUFFER, &file);
    let now = (Timestamp::now(), keep_tokens);
    let aside = backup::replace(&settings.database, input, now, |done| {
        progress.at(done);
    })
    .map_err(|cause| told(&cause))?;
    drop(progress);
    if let Some(aside) = aside {
        stderr::line(format_args!(
            "the old file could not be read; it is kept as {}",
            aside.display()
        ));
    }
    if !keep_tokens {
        stderr::line(format_args!(
            "the staff tokens of the backup are revoked; tallyship token create makes new ones"
        ));
    }
    console::print(format_args!(
        "{rows} rows are restored; tallyship verify recounts them"
    ))?;
    Ok(ExitCode::SUCCESS)
}
