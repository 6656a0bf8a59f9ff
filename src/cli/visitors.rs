//! `tallyship visitors mint`: visitor tokens for tests and load, signed with the server's secret, one a line.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, audit_command, console, open_database};
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
    console::refuse_closed()?;
    let mut conn = open_database(settings)?;
    let keys = secret::load_for(&mut conn, &settings.identity, &settings.database)?;
    let minted = serde_json::json!({ "count": count });
    audit_command(
        &mut conn,
        "visitors mint",
        "visitors.mint",
        "visitors",
        minted,
    )?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let now = Timestamp::now();
    for _ in 0..count {
        writeln!(out, "{}", visitor_token::sign(&keys, new_voter(), now))
            .map_err(|cause| console::failure(&cause))?;
    }
    out.flush().map_err(|cause| console::failure(&cause))?;
    Ok(ExitCode::SUCCESS)
}
