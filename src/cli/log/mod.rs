//! `tallyship log`: check the public log from outside, prove an entry, and begin a new log.

mod new;
mod source;
mod verify;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, console};
use crate::config::Settings;

#[derive(Subcommand)]
pub(super) enum LogCommand {
    /// Check a site's log from end to end: signatures, tiles, lists, and every tally
    Verify {
        /// The site's address; the server that runs with these settings, if it is not given
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// The verifier key; asked of the site, if it is not given
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// A checkpoint that was kept: the log must be a continuation of it
        #[arg(long, value_name = "FILE")]
        since: Option<PathBuf>,
    },
    /// Print the proof that an entry is in the log
    Prove {
        /// The number of the entry
        index: u64,
        /// The site's address; the server that runs with these settings, if it is not given
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Say which witnesses have cosigned the newest checkpoint; exit code 1 if fewer than the quorum have
    Witness {
        /// The site's address; the server that runs with these settings, if it is not given
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Begin a new log, after the one before cannot be continued; then start the servers anew
    New {
        /// Why, for the audit chain
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(super) fn run(command: LogCommand, settings: &Settings) -> Result<ExitCode, Failure> {
    match command {
        LogCommand::Verify { url, key, since } => verify::run(
            &source::address(url, settings)?,
            key.as_deref(),
            since.as_deref(),
        ),
        LogCommand::Prove { index, url } => {
            let source = source::Source::open(&source::address(url, settings)?)?;
            console::write(
                source
                    .text(&format!("/v1/log/proofs/{index}"), source::MAX_NOTE_BYTES)?
                    .as_bytes(),
            )?;
            Ok(ExitCode::SUCCESS)
        }
        LogCommand::Witness { url } => witness::run(settings, &source::address(url, settings)?),
        LogCommand::New { reason } => new::run(settings, &reason),
    }
}
