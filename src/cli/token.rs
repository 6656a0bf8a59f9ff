//! `tallyship token create|list|revoke`: staff tokens. A new one is printed once, alone on standard output.

use std::fmt::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use uuid::Uuid;

use super::{Failure, console, open_database};
use crate::auth::audit::{self, AuditAction};
use crate::auth::staff::{self, Role};
use crate::config::Settings;
use crate::domain::text::TextRule;
use crate::domain::{Actor, Timestamp};
use crate::infra::db::write_transaction;

const NAME: TextRule = TextRule::line(100);

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, this once
    Create {
        /// What it may do
        #[arg(long)]
        role: Role,
        #[arg(long)]
        name: String,
        /// How long it is valid, such as 12h or 30d; for ever without
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        expires: Option<Duration>,
    },
    /// Every token with its role and last use; never the token itself
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token, by its id or name
    Revoke { token: String },
}

pub(super) fn run(command: &TokenCommand, settings: &Settings) -> Result<ExitCode, Failure> {
    match command {
        TokenCommand::Create {
            role,
            name,
            expires,
        } => create(settings, *role, name, *expires),
        TokenCommand::List { json } => list(settings, *json),
        TokenCommand::Revoke { token } => revoke(settings, token),
    }
}

/// Reads `90m`, `12h` or `30d`.
fn duration(text: &str) -> Result<Duration, String> {
    let (count, unit) = text.split_at(text.len().saturating_sub(1));
    let scale = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("expected a number and one of s, m, h, d".to_owned()),
    };
    let count: u64 = count
        .parse()
        .ok()
        .filter(|count| (1..=1_000_000_000).contains(count))
        .ok_or("expected a number and one of s, m, h, d")?;
    Ok(Duration::from_secs(count * scale))
}

fn create(
    settings: &Settings,
    role: Role,
    name: &str,
    lasts: Option<Duration>,
) -> Result<ExitCode, Failure> {
    let name = NAME.read("--name", name).map_err(Failure::configuration)?;
    let now = Timestamp::now();
    let seconds = lasts.map(|lasts| i64::try_from(lasts.as_secs()).unwrap_or(i64::MAX));
    let expires_at = seconds.map(|seconds| now.plus_seconds(seconds));
    console::refuse_closed()?;
    let mut conn = open_database(settings)?;
    let token = staff::generate().map_err(Failure::new)?;
    // Before it is valid: nobody may lose a valid token, and no lock waits for a slow reader.
    console::print(&token)?;
    let created = write_transaction(&mut conn, |conn| {
        let id = staff::create(conn, &token, role, &name, expires_at, now)?;
        let act = AuditAction {
            act: "token.create",
            subject: id.to_string(),
            after: serde_json::json!({"name": name, "role": role.as_str(), "expires_at": expires_at}),
            ..AuditAction::default()
        };
        audit::append(conn, &Actor::command("token create"), &act, now)?;
        Ok::<_, Failure>(())
    });
    created.map_err(|failure| failure.because("the token is not valid"))?;
    Ok(ExitCode::SUCCESS)
}

fn list(settings: &Settings, json: bool) -> Result<ExitCode, Failure> {
    let tokens = staff::all(&mut open_database(settings)?)?;
    if json {
        console::print(serde_json::to_string(&tokens).map_err(Failure::new)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let mut lines = String::new();
    for token in tokens {
        let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let state = match (token.revoked_at, token.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(end)) if end <= now => "expired",
            _ => "valid",
        };
        let _ = writeln!(
            lines,
            "{}  {state}  {}  made {}  expires {}  used {}  {}",
            token.id,
            token.role,
            token.created_at,
            time(token.expires_at),
            time(token.last_used_at),
            token.name
        );
    }
    console::write(lines.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Revokes the token that `which` names: by its id, or by its name where one valid token has it.
fn revoke(settings: &Settings, which: &str) -> Result<ExitCode, Failure> {
    let mut conn = open_database(settings)?;
    let tokens = staff::all(&mut conn)?;
    let by_id = Uuid::try_parse(which).ok();
    let named: Vec<_> = tokens
        .iter()
        .filter(|token| token.revoked_at.is_none())
        .filter(|token| by_id.map_or(token.name == which, |id| token.id == id))
        .collect();
    let token = match named.as_slice() {
        [token] => *token,
        [] => return Err(Failure::new(format!("no valid token is {which:?}"))),
        _ => {
            return Err(Failure::new(format!(
                "{} tokens are named {which:?}; give an id of `token list`",
                named.len()
            )));
        }
    };
    let now = Timestamp::now();
    let done = write_transaction(&mut conn, |conn| {
        if !staff::revoke(conn, token.id, now)? {
            return Ok(false);
        }
        let act = AuditAction {
            act: "token.revoke",
            subject: token.id.to_string(),
            before: serde_json::json!({"name": token.name, "role": token.role}),
            ..AuditAction::default()
        };
        audit::append(conn, &Actor::command("token revoke"), &act, now)?;
        Ok::<_, Failure>(true)
    })?;
    if !done {
        return Err(Failure::new(format!("no valid token is {which:?}")));
    }
    console::print(format_args!("{} {} is revoked", token.id, token.name))?;
    Ok(ExitCode::SUCCESS)
}
