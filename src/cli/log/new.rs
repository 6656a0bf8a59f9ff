//! `tallyship log new`: begins the next log. The one before stays as it is, and is never written on again.

use std::process::ExitCode;

use serde_json::json;

use crate::auth::audit::{self, AuditAction};
use crate::cli::{Failure, console, open_database};
use crate::config::Settings;
use crate::domain::{Actor, Timestamp};
use crate::infra::db::write_transaction;
use crate::moderation;
use crate::transparency::checkpoint::Checkpoint;
use crate::transparency::entry::Entry;
use crate::transparency::keys::{highest_number, make_key, origin_of, state_file};
use crate::transparency::note::{NoteSigner, VerifierKey};
use crate::transparency::state_file::Kept;
use crate::transparency::store::{self, LogRow};

pub(super) fn run(settings: &Settings, reason: &str) -> Result<ExitCode, Failure> {
    let reason = moderation::reason(reason)
        .map_err(|cause| Failure::configuration(format!("--reason: {}", cause.detail())))?;
    let mut conn = open_database(settings)?;
    let logs = store::all(&mut conn)?;
    let (Some(first), Some(newest)) = (logs.first(), logs.last()) else {
        return Err(Failure::new(
            "there is no log yet: the server begins the first",
        ));
    };
    let kept = state_file(settings).read().map_err(Failure::new)?;
    let id = highest_number(&logs, settings).map_err(Failure::new)? + 1;
    let origin = origin_of(&first.origin, id);
    let key = make_key(settings, id);
    let key = key.map_err(Failure::configuration)?.ok_or_else(|| {
        Failure::configuration("setting transparency.key = \"\": a new log needs a new key")
    })?;
    let signer = NoteSigner::new(&origin, key.clone()).map_err(Failure::new)?;
    let verifier = signer.verifier();
    let public = key.public().map_err(Failure::new)?;
    let has_signed = |note: String| {
        let name = note.lines().next().unwrap_or_default();
        VerifierKey::new(name, public).open(&note).is_some()
    };
    let is_known =
        |log: &LogRow| log.verifier_key.rsplit('+').next() == verifier.text().rsplit('+').next();
    if logs.iter().any(is_known) || kept.notes().any(has_signed) {
        return Err(Failure::configuration(
            "setting transparency.key: this key has signed an earlier log; a new log needs a new key",
        ));
    }
    // A log that nobody has read a checkpoint of is replaced: what it would have followed is followed.
    let unsigned = newest.checkpoint.is_empty() && !newest.follows.is_empty();
    let follows = if unsigned {
        newest.follows.clone()
    } else {
        follows(&kept, newest)?
    };
    let act = AuditAction {
        act: "log.new",
        subject: origin.clone(),
        reason,
        before: json!({ "origin": newest.origin, "follows": follows }),
        after: json!({ "origin": origin, "key": verifier.text() }),
    };
    let now = Timestamp::now();
    write_transaction(&mut conn, |conn| {
        store::forget_tools(conn)?;
        if unsigned {
            store::delete_unsigned(conn, newest.id)?;
        }
        store::create(conn, id, (&origin, &verifier.text()), &follows)?;
        audit::append(conn, &Actor::command("log new"), &act, now)?;
        Ok::<_, Failure>(())
    })?;
    console::print(format_args!(
        "{origin} {follows}: start the servers anew\n{}",
        verifier.text()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// The first entry of the log after `old`: the last checkpoint that is known. The state file may know a later one than a
/// database that was put back.
fn follows(kept: &Kept, old: &LogRow) -> Result<String, Failure> {
    let key = VerifierKey::parse(&old.verifier_key);
    let notes = kept.notes().chain([old.checkpoint.clone()]);
    let known = notes.filter_map(|note| Checkpoint::parse(key.as_ref()?.open(&note)?));
    let last = known
        .filter(|checkpoint| checkpoint.origin == old.origin)
        .max_by_key(|checkpoint| checkpoint.size)
        .ok_or_else(|| {
            Failure::new(format!(
                "the log {} has no checkpoint yet: start the server, which signs its first",
                old.origin
            ))
        })?;
    let follows = Entry::Follows {
        origin: &last.origin,
        size: last.size,
        root: last.root,
    };
    Ok(follows.to_string())
}
