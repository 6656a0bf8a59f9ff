//! `tallyship catalog import FILE`: the tools of a file, all or none, beside a running server.

use std::path::Path;
use std::process::ExitCode;

use super::{Failure, migrated};
use crate::catalog::file;
use crate::settings::Settings;
use crate::verdicts::edit;
use crate::vocabulary::{Actor, Moment};

pub(super) fn import(settings: &Settings, path: &Path) -> Result<ExitCode, Failure> {
    let tools = file::read(path).map_err(Failure::new)?;
    let created = edit::import(
        &mut migrated(settings)?,
        &tools,
        &Actor::command("catalog import"),
        Moment::now(),
    )?;
    println!(
        "{} tools: {created} new, {} replaced",
        tools.len(),
        tools.len() - created
    );
    Ok(ExitCode::SUCCESS)
}
