//! Beginning, finding and ending a moderator's browser session.
//!
//! `auth_guard` and `sign_in` call it. It reads on a reader and writes through the one writer.

use crate::auth::sessions::{SessionId, store};
use crate::auth::staff::{Role, Staff};
use crate::domain::Timestamp;
use crate::http::problem::Problem;
use crate::infra::db::{Readers, read};
use crate::voting::writer::Votes;

/// A session's last call is written at most this often.
const SEEN_INTERVAL_SECONDS: i64 = 60;

/// Begins a session of `staff`, under an id that nobody had before; the one that the browser had ends. The audit log has `detail`.
pub async fn begin(
    votes: &Votes,
    (staff, detail): (&Staff, serde_json::Value),
    before: Option<SessionId>,
    now: Timestamp,
) -> Result<SessionId, Problem> {
    let id = SessionId::new()?;
    let hash = id.hash();
    let (staff, before) = (staff.clone(), before.map(|before| before.hash()));
    votes
        .edit(move |conn| store::begin(conn, &hash, before, (&staff, detail), now))
        .await
        .map_err(|refused| refused.problem(""))?;
    Ok(id)
}

/// Whose session this is; `None` where it has ended, or never was. A call is noted now and then.
pub async fn find(
    readers: &Readers,
    votes: &Votes,
    id: &SessionId,
    now: Timestamp,
) -> Result<Option<Staff>, Problem> {
    let hash = id.hash();
    let Some((staff, seen_at)) = read(readers, move |conn| store::live(conn, &hash, now)).await?
    else {
        return Ok(None);
    };
    if staff.role < Role::Moderator || staff.expires_at.is_some_and(|end| end <= now) {
        return Ok(None);
    }
    if seen_at.plus_seconds(SEEN_INTERVAL_SECONDS) <= now {
        // A note that is lost ends a session a minute early.
        let _ = votes.edit(move |conn| store::note(conn, &hash, now)).await;
    }
    Ok(Some(staff))
}

pub async fn end(votes: &Votes, id: &SessionId) -> Result<(), Problem> {
    let hash = id.hash();
    votes
        .edit(move |conn| store::remove(conn, &hash))
        .await
        .map_err(|refused| refused.problem(""))
}
