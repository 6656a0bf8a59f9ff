//! `tallyship visitors mint`: visitor tokens for tests and load, signed with the server's secret, one a line.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, migrated};
use crate::auth::{new_voter, secret, visitor_token};
use crate::config::Settings;
use crate::domain::Timestamp;

#[derive(Subcommand)]
pub(super) enum VisitorsCommand {
    /// Print new visitor tokens, one a line
    Mint {
        #[arg(long, default_value_t = 1)]
        count: u64,
    },
}

pub(super) fn run(command: &VisitorsCommand, settings: &Settings) -> Result<ExitCode, Failure> {
    match command {
        VisitorsCommand::Mint { count } => mint(settings, *count),
    }
}

fn mint(settings: &Settings, count: u64) -> Result<ExitCode, Failure> {
    let keys = secret::load(&settings.identity, &settings.database)?;
    // Tokens that the server would not know are no use to anybody: the secret must be the database's.
    secret::check_fingerprint(&mut migrated(settings)?, &keys)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let now = Timestamp::now();
    for _ in 0..count {
        writeln!(out, "{}", visitor_token::sign(&keys, new_voter(), now)).map_err(Failure::new)?;
    }
    out.flush().map_err(Failure::new)?;
    Ok(ExitCode::SUCCESS)
}
