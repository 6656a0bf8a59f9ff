//! `tallyship catalog import FILE`: the tools of a file, checked whole before any is written, beside a running server; `catalog export`: the file again.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Subcommand;

use super::output::{Access, Output};
use super::{Failure, console, create_database, open_database};
use crate::catalog::edit;
use crate::catalog::export::{Format, text};
use crate::catalog::{NamedTool, file, store};
use crate::config::Settings;
use crate::domain::{Actor, Timestamp, ToolState};
use crate::infra::db::LockFairness;
use crate::tallies::store as tallies;

#[derive(Subcommand)]
pub(super) enum CatalogCommand {
    /// Put the tools of a file (TOML, JSON or CSV); it is checked whole before any is written
    Import { file: PathBuf },
    /// Write the tools as a file that `catalog import` takes; archived ones are left out
    Export {
        /// Standard output where there is none, or -
        file: Option<PathBuf>,
        /// Else as the file's name ends; TOML on standard output
        #[arg(long)]
        format: Option<Format>,
        /// Overwrite an existing file
        #[arg(long)]
        force: bool,
        /// CSV for machines: do not quote what a spreadsheet takes for a formula
        #[arg(long)]
        raw: bool,
    },
}

pub(super) fn run(command: &CatalogCommand, settings: &Settings) -> Result<ExitCode, Failure> {
    match command {
        CatalogCommand::Import { file } => import(settings, file),
        CatalogCommand::Export {
            file,
            format,
            force,
            raw,
        } => export(settings, file.as_deref(), *format, *force, *raw),
    }
}

fn import(settings: &Settings, path: &Path) -> Result<ExitCode, Failure> {
    let tools = file::read(path).map_err(Failure::new)?;
    let actor = Actor::command("catalog import");
    let (mut conn, mut created) = (create_database(settings)?, 0);
    let mut fairness = LockFairness::new(&mut conn)?;
    let slugs: Vec<&str> = tools.iter().map(|named| named.slug.as_str()).collect();
    if let Some(taken) = store::refusal(&mut conn, &slugs)? {
        return Err(Failure::new(taken));
    }
    // Votes on these tools wait for one step, not for all.
    for step in tools.chunks(edit::IMPORT_STEP_TOOLS) {
        let began = Instant::now();
        let done = edit::import(&mut conn, step, &actor, Timestamp::now())?;
        let done = done.map_err(Failure::new)?;
        created += done.iter().filter(|edited| edited.created).count();
        fairness.pause(&mut conn, began.elapsed())?;
    }
    console::print(format_args!(
        "{} tools: {created} new, {} replaced",
        tools.len(),
        tools.len() - created
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn export(
    settings: &Settings,
    path: Option<&Path>,
    format: Option<Format>,
    force: bool,
    raw: bool,
) -> Result<ExitCode, Failure> {
    let format = format.unwrap_or_else(|| ending(path));
    let mut conn = open_database(settings)?;
    let archived: HashSet<_> = tallies::all(&mut conn)?
        .into_iter()
        .filter(|(_, row)| row.state == ToolState::Archived)
        .map(|(slug, _)| slug)
        .collect();
    let mut tools: Vec<NamedTool> = store::all(&mut conn)?
        .into_iter()
        .filter(|shelved| !archived.contains(&shelved.slug))
        .map(|shelved| NamedTool {
            slug: shelved.slug,
            tool: shelved.tool,
        })
        .collect();
    tools.sort_by(|a, b| a.slug.cmp(&b.slug));
    let text = text(&tools, format, raw).map_err(Failure::new)?;
    let mut out = Output::open(path, Access::Shared, force)?;
    out.write_all(text.as_bytes())
        .map_err(|cause| out.failure(cause))?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn ending(path: Option<&Path>) -> Format {
    match path
        .and_then(Path::extension)
        .and_then(|ending| ending.to_str())
    {
        Some("json") => Format::Json,
        Some("csv") => Format::Csv,
        _ => Format::Toml,
    }
}
