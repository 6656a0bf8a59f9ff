//! The audit chain: every privileged act, by API, dashboard or command, as one entry in the act's own transaction.
//!
//! Whoever acts calls [`append`] last in its transaction. Entries are numbered without a gap and each holds the hash of the one
//! before it, so that [`check`] finds one that was edited, deleted or swapped; one that was cut off at the end is
//! missed by the head that is kept beside the chain, and by whoever keeps a head that was published. Nothing here is ever
//! changed or removed.

mod store;

use diesel::QueryResult;
use openssl::sha::Sha256;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::domain::{Actor, Timestamp};
use crate::infra::db::DbConnection;
pub use store::{after, by_id, newest};

/// What was done, to what, why, and what it changed.
#[derive(Debug, Clone, Default)]
pub struct AuditAction {
    /// Such as `reset` or `token.create`.
    pub act: &'static str,
    /// A tool's slug, a token's id, a ban's id.
    pub subject: String,
    /// As it was given; empty where none is asked for.
    pub reason: String,
    pub before: serde_json::Value,
    pub after: serde_json::Value,
}

/// SHA-256.
pub type Hash = [u8; 32];

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub at: Timestamp,
    pub actor: String,
    pub actor_id: String,
    pub role: String,
    pub act: String,
    pub subject: String,
    pub reason: String,
    /// JSON, kept as text so that its hash stays.
    pub before: String,
    pub after: String,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
}

/// An entry as `GET /v1/moderation/audit` answers it.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct EntryView<'a> {
    id: i64,
    at: Timestamp,
    actor: &'a str,
    actor_id: &'a str,
    role: &'a str,
    act: &'a str,
    subject: &'a str,
    reason: &'a str,
    #[schema(value_type = Option<serde_json::Value>)]
    before: Option<Box<RawValue>>,
    #[schema(value_type = Option<serde_json::Value>)]
    after: Option<Box<RawValue>>,
    previous: String,
    hash: String,
}

/// Which entries a list shows; all that is given must match.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Part of the name of who acted; empty for any.
    pub actor: String,
    /// Empty for any.
    pub act: String,
    /// The slugs of the tool that it was about, its former ones among them; none for any.
    pub tools: Vec<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The newest entry's number; 0 while there is none.
    pub id: i64,
    /// Its hash in lower-case hexadecimal; zeros while there is none.
    pub hash: String,
}

impl Entry {
    /// SHA-256 over every field in the order below, each behind its length in 8 bytes, big end first.
    fn computed(&self) -> Hash {
        let (id, at) = (self.id.to_be_bytes(), self.at.0.to_be_bytes());
        let texts = [
            &self.actor,
            &self.actor_id,
            &self.role,
            &self.act,
            &self.subject,
            &self.reason,
            &self.before,
            &self.after,
        ];
        let head: [&[u8]; 4] = [b"tallyship audit 1", &self.previous, &id, &at];
        let mut digest = Sha256::new();
        for field in head.into_iter().chain(texts.map(String::as_bytes)) {
            digest.update(&(field.len() as u64).to_be_bytes());
            digest.update(field);
        }
        digest.finish()
    }

    pub fn view(&self) -> EntryView<'_> {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).ok();
        EntryView {
            id: self.id,
            at: self.at,
            actor: &self.actor,
            actor_id: &self.actor_id,
            role: &self.role,
            act: &self.act,
            subject: &self.subject,
            reason: &self.reason,
            before: raw(&self.before),
            after: raw(&self.after),
            previous: hex::encode(&self.previous),
            hash: hex::encode(&self.hash),
        }
    }
}

/// Appends an entry within the caller's transaction, and returns its number. It takes the lock of the chain's end, which comes
/// after every other lock: call it last.
pub fn append(
    conn: &mut DbConnection,
    actor: &Actor,
    act: &AuditAction,
    now: Timestamp,
) -> QueryResult<i64> {
    let head = store::lock_head(conn)?;
    let mut entry = Entry {
        id: head.id + 1,
        at: now,
        actor: actor.name.clone(),
        actor_id: actor.id.clone(),
        role: actor.role.to_owned(),
        act: act.act.to_owned(),
        subject: act.subject.clone(),
        reason: act.reason.clone(),
        before: act.before.to_string(),
        after: act.after.to_string(),
        previous: hex::decode(&head.hash).unwrap_or_default(),
        hash: Vec::new(),
    };
    entry.hash = entry.computed().to_vec();
    store::insert(conn, &entry)?;
    store::set_head(conn, entry.id, &hex::encode(&entry.hash))?;
    Ok(entry.id)
}

/// The end of the chain, as it is published.
pub fn head(conn: &mut DbConnection) -> QueryResult<Head> {
    store::head(conn)
}

/// What a check of the chain found.
#[derive(Debug, Default, Serialize)]
pub struct Checked {
    pub entries: i64,
    /// One sentence for each thing that is not as it was written.
    pub faults: Vec<String>,
}

/// Goes over the whole chain. `published` is a head that somebody kept: its entry must still be there.
pub fn check(conn: &mut DbConnection, published: Option<&str>) -> QueryResult<Checked> {
    let mut checked = Checked::default();
    // Read first: entries that are appended meanwhile lie beyond it.
    let head = store::head(conn)?;
    let (mut last, mut previous) = (0, vec![0; 32]);
    let mut met = published.is_none_or(|hash| hash.bytes().all(|digit| digit == b'0'));
    loop {
        let page = store::after(conn, last)?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            if entry.id != last + 1 {
                checked
                    .faults
                    .push(format!("audit: entry {} is missing", last + 1));
            } else if entry.previous != previous {
                let fault = format!(
                    "audit: entry {} does not follow the one before it",
                    entry.id
                );
                checked.faults.push(fault);
            }
            if entry.hash != entry.computed() {
                checked.faults.push(format!(
                    "audit: entry {} is not as it was written",
                    entry.id
                ));
            }
            met |=
                published.is_some_and(|hash| hash.eq_ignore_ascii_case(&hex::encode(&entry.hash)));
            if entry.id == head.id && hex::encode(&entry.hash) != head.hash {
                let fault = format!("audit: the head is not entry {}", head.id);
                checked.faults.push(fault);
            }
            checked.entries += 1;
            last = entry.id;
            previous = entry.hash;
        }
    }
    if last < head.id {
        let fault = format!(
            "audit: the head is entry {}, the chain ends at {last}",
            head.id
        );
        checked.faults.push(fault);
    }
    if last > head.id && store::head(conn)? == head {
        let fault = format!("audit: entry {last} lies beyond the head, {}", head.id);
        checked.faults.push(fault);
    }
    if !met {
        checked
            .faults
            .push("audit: no entry has the hash that was given as head".to_owned());
    }
    Ok(checked)
}
