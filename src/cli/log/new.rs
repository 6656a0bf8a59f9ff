//! `tallyship log new`: begins the next log. The one before stays as it is, and is never written on again.

use std::process::ExitCode;

use serde_json::json;

use crate::auth::audit::{self, AuditAction};
use crate::cli::{Failure, console, open_database};
use crate::config::Settings;
use crate::domain::{Actor, Timestamp};
use crate::infra::db::write_transaction;
use crate::transparency::checkpoint::Checkpoint;
use crate::transparency::entry::Entry;
use crate::transparency::keys::{origin_of, private_key, state_file};
use crate::transparency::note::NoteSigner;
use crate::transparency::store;

pub(super) fn run(settings: &Settings, reason: &str) -> Result<ExitCode, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::configuration("--reason: expected a text"));
    }
    let mut conn = open_database(settings)?;
    let logs = store::all(&mut conn)?;
    let (Some(first), Some(old)) = (logs.first(), logs.last()) else {
        return Err(Failure::new(
            "there is no log yet: the server begins the first",
        ));
    };
    let id = old.id + 1;
    let origin = origin_of(&first.origin, id);
    let key = private_key(&settings.transparency, &settings.database, id);
    let key = key.map_err(Failure::configuration)?.ok_or_else(|| {
        Failure::configuration("setting transparency.key = \"\": a new log needs a new key")
    })?;
    let signer = NoteSigner::new(&origin, key).map_err(Failure::new)?;
    let verifier = signer.verifier();
    if logs
        .iter()
        .any(|log| log.verifier_key.rsplit('+').next() == verifier.text().rsplit('+').next())
    {
        return Err(Failure::configuration(
            "setting transparency.key: this key has signed an earlier log; a new log needs a new key",
        ));
    }
    let last = last_checkpoint(settings, old)?;
    let follows = Entry::Follows {
        origin: &last.origin,
        size: last.size,
        root: last.root,
    }
    .to_string();
    let act = AuditAction {
        act: "log.new",
        subject: origin.clone(),
        reason: reason.to_owned(),
        before: json!({ "origin": last.origin, "size": last.size }),
        after: json!({ "origin": origin, "key": verifier.text() }),
    };
    let now = Timestamp::now();
    write_transaction(&mut conn, |conn| {
        store::forget_tools(conn)?;
        store::create(conn, id, (&origin, &verifier.text()), &follows)?;
        audit::append(conn, &Actor::command("log new"), &act, now)?;
        Ok::<_, Failure>(())
    })?;
    console::print(format_args!(
        "{origin} comes after {}: start the servers anew\n{}",
        last.origin,
        verifier.text()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The last checkpoint of the old log that is known: the state file may know a later one than a database that was put back.
fn last_checkpoint(settings: &Settings, old: &store::LogRow) -> Result<Checkpoint, Failure> {
    let kept = state_file(settings).read().map_err(Failure::new)?;
    let kept = kept.as_deref().and_then(Checkpoint::parse);
    let of_database = Checkpoint::parse(&old.checkpoint);
    let known = [kept, of_database].into_iter().flatten();
    let known = known.filter(|checkpoint| checkpoint.origin == old.origin);
    let last = known.max_by_key(|checkpoint| checkpoint.size);
    Ok(last.unwrap_or_else(|| Checkpoint::empty(&old.origin)))
}
