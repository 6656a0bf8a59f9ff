//! `tallyship export votes` and `import votes FILE`: the votes that count as a file, and votes out of one.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::output::{Access, Output, scratch};
use super::progress::Progress;
use super::{Failure, audit_command, console, create_database, open_database};
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::maintenance::export::{self, Format};
use crate::maintenance::import::{self, Bad, LineContext};

#[derive(Subcommand)]
pub(super) enum ExportCommand {
    /// Every vote that counts: tool, voter, choice, cast_at
    Votes {
        /// Standard output where there is none, or -; a file is readable by its owner alone
        file: Option<PathBuf>,
        #[arg(long, default_value = "csv")]
        format: Format,
        /// Overwrite an existing file
        #[arg(long)]
        force: bool,
    },
}

#[derive(Subcommand)]
pub(super) enum ImportCommand {
    /// Votes of a CSV or NDJSON file with tool, voter, choice, cast_at; checked whole before anything is written
    Votes {
        /// - is standard input
        file: PathBuf,
        /// Say what became of the lines as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn export(command: &ExportCommand, settings: &Settings) -> Result<ExitCode, Failure> {
    let ExportCommand::Votes {
        file,
        format,
        force,
    } = command;
    let mut conn = open_database(settings)?;
    let mut out = Output::open(file.as_deref(), Access::Private, *force)?;
    let place = file.as_deref().map_or("-".into(), Path::to_string_lossy);
    let written = serde_json::json!({ "file": place });
    audit_command(&mut conn, "export votes", "votes.export", "votes", written)?;
    export::write(&mut conn, &mut out, *format).map_err(|cause| out.failure(cause))?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Clocks of other machines may be so much ahead.
const AHEAD_SECONDS: i64 = 300;
/// So many bad lines are named.
const NAMED: usize = 10;
const BUFFER: usize = 256 * 1024;

pub(super) fn import(command: &ImportCommand, settings: &Settings) -> Result<ExitCode, Failure> {
    let ImportCommand::Votes { file: path, json } = command;
    let (mut file, name) = opened(path)?;
    let mut conn = create_database(settings)?;
    let known = LineContext {
        tools: import::tools(&mut conn)?,
        latest: Timestamp::now().plus_seconds(AHEAD_SECONDS),
    };
    let total = checked(&mut file, &known).map_err(|bad| {
        let lines: Vec<String> = bad.iter().map(|bad| format!("{name}, {bad}")).collect();
        Failure::new(format!("{}\nnothing was written", lines.join("\n")))
    })?;
    rewind(&mut file)?;
    let rows = serde_json::json!({ "file": name, "rows": total });
    audit_command(&mut conn, "import votes", "votes.import", "votes", rows)?;
    let mut progress = Progress::new("written", total);
    let lines =
        import::read(BufReader::with_capacity(BUFFER, &file), &known).map_err(Failure::new)?;
    let report = import::write(&mut conn, lines, Timestamp::now, |done| progress.at(done))
        .map_err(Failure::new)?;
    drop(progress);
    if *json {
        console::print(serde_json::to_string(&report).map_err(Failure::new)?)?;
    } else {
        console::print(format_args!(
            "{} rows: {} added, {} changed, {} as they were or newer here, {} stay taken out, {} of voters who were erased or \
             came as a user",
            report.rows, report.added, report.changed, report.kept, report.out, report.barred
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The file, to be read twice. What can be read once only is kept in a scratch file meanwhile.
fn opened(path: &Path) -> Result<(File, String), Failure> {
    let told = |cause: std::io::Error| Failure::new(format!("{}: {cause}", path.display()));
    if path.as_os_str() == "-" {
        let mut kept = scratch().map_err(told)?;
        std::io::copy(&mut std::io::stdin().lock(), &mut kept).map_err(told)?;
        rewind(&mut kept)?;
        return Ok((kept, "standard input".to_owned()));
    }
    let mut file = File::open(path).map_err(told)?;
    if !file.metadata().map_err(told)?.is_file() {
        let mut kept = scratch().map_err(told)?;
        std::io::copy(&mut file, &mut kept).map_err(told)?;
        rewind(&mut kept)?;
        file = kept;
    }
    Ok((file, path.display().to_string()))
}

fn rewind(file: &mut File) -> Result<(), Failure> {
    file.seek(SeekFrom::Start(0)).map_err(Failure::new)?;
    Ok(())
}

/// How many good lines there are; or the first bad ones.
fn checked(file: &mut File, known: &LineContext) -> Result<u64, Vec<Bad>> {
    let (mut good, mut bad) = (0, Vec::new());
    let lines =
        import::read(BufReader::with_capacity(BUFFER, file), known).map_err(|bad| vec![bad])?;
    for line in lines {
        match line {
            Ok(_) => good += 1,
            Err(cause) => bad.push(cause),
        }
        if bad.len() == NAMED {
            break;
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(bad) }
}
