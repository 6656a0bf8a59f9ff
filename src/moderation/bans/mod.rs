//! Bans of a voter or a network, with their end. `routes` and the dashboard call it; `standing` holds voters to them.

pub mod ended;
pub mod routes;

use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::abuse::store::{self, Ban};
use crate::auth::audit::{self, AuditAction};
use crate::auth::network::daily_keys;
use crate::domain::{Actor, NetworkHash, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::infra::db::write_transaction;
use crate::moderation::Moderation;
use crate::moderation::paging::Page;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Banned {
    Voter(VoterId),
    Network(NetworkHash),
}

/// A ban as the API answers it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ban)]
pub struct BanView {
    pub id: i64,
    pub voter: Option<String>,
    pub network: Option<String>,
    pub reason: String,
    pub made_by: String,
    pub made_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Whether whoever it names is known when they come again. A network is not, where it was named by a hash of a day
    /// whose key was destroyed: name it by a newer one.
    pub holds: bool,
    /// The reset that it came with.
    pub reset: Option<i64>,
}

impl From<Ban> for BanView {
    fn from(ban: Ban) -> Self {
        Self {
            id: ban.id,
            voter: ban.voter.map(VoterId::text),
            network: ban.network.map(NetworkHash::text),
            reason: ban.reason,
            made_by: ban.made_by,
            made_at: ban.made_at,
            expires_at: ban.expires_at,
            holds: ban.voter.is_some() || ban.ban_hash.is_some(),
            reset: ban.removal,
        }
    }
}

fn not_in_force() -> Problem {
    Problem::not_found("There is no such ban in force.")
}

/// What the audit chain says of a ban that is made or lifted.
fn act(act: &'static str, ban: &Ban, reason: &str) -> AuditAction {
    let whom = json!({
        "voter": ban.voter.map(VoterId::text),
        "network": ban.network.map(NetworkHash::text),
        "expires_at": ban.expires_at,
    });
    let mut action = AuditAction {
        act,
        subject: ban.id.to_string(),
        reason: reason.to_owned(),
        ..AuditAction::default()
    };
    if act == "ban" {
        action.after = whom;
    } else {
        action.before = whom;
    }
    action
}

impl Moderation {
    /// Bans all of `whom` or nobody: here at once, on other instances within a second. A network is named by the hash that
    /// a vote bears; its own hash is copied out of that while the day's key lives.
    ///
    /// # Errors
    /// 422 for an end that is past, 503.
    pub async fn ban(
        &self,
        whom: &[Banned],
        expires_at: Option<Timestamp>,
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<BanView>, Problem> {
        if expires_at.is_some_and(|end| end <= now) {
            return Err(Problem::invalid(
                "expires_at: expected a time in the future.",
            ));
        }
        let of = |who: &Banned| Ban {
            id: 0,
            voter: match who {
                Banned::Voter(voter) => Some(*voter),
                Banned::Network(_) => None,
            },
            network: match who {
                Banned::Network(network) => Some(*network),
                Banned::Voter(_) => None,
            },
            ban_hash: None,
            reason: reason.to_owned(),
            made_by: actor.name.clone(),
            made_at: now,
            expires_at,
            removal: None,
        };
        let bans: Vec<Ban> = whom.iter().map(of).collect();
        let (actor, keys) = (actor.clone(), self.keys.clone());
        let bans = self
            .step(move |conn| {
                write_transaction(conn, |conn| {
                    let mut bans = bans;
                    store::raise_version(conn)?;
                    for ban in &mut bans {
                        // Now or never: the key of the day that made the hash will be destroyed.
                        if let Some(network) = ban.network {
                            ban.ban_hash = daily_keys::open(conn, &keys, network, now)?;
                        }
                        ban.id = store::insert(conn, ban)?;
                    }
                    for ban in &bans {
                        audit::append(conn, &actor, &act("ban", ban, &ban.reason), now)?;
                    }
                    Ok(Ok(bans))
                })
            })
            .await?;
        self.bans_changed().await;
        Ok(bans.into_iter().map(BanView::from).collect())
    }

    /// Lifts all of these bans or none.
    ///
    /// # Errors
    /// 404 if one of them is not in force, 503.
    pub async fn lift(
        &self,
        ids: &[i64],
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<BanView>, Problem> {
        let (ids, actor, reason) = (ids.to_vec(), actor.clone(), reason.to_owned());
        let bans = self
            .step(move |conn| {
                write_transaction(conn, |conn| {
                    // The version's lock orders two moderators who lift at once.
                    store::raise_version(conn)?;
                    let mut bans = Vec::new();
                    for id in &ids {
                        match store::find(conn, *id, now)? {
                            Some(ban) => bans.push(ban),
                            None => return Ok(Err(not_in_force())),
                        }
                    }
                    for ban in &bans {
                        store::lift(conn, ban.id, &actor.name, now)?;
                    }
                    for ban in &bans {
                        audit::append(conn, &actor, &act("ban.lift", ban, &reason), now)?;
                    }
                    Ok(Ok(bans))
                })
            })
            .await?;
        self.bans_changed().await;
        Ok(bans.into_iter().map(BanView::from).collect())
    }

    /// One ban in force.
    ///
    /// # Errors
    /// 404 where none such is in force, 503.
    pub async fn find_ban(&self, id: i64, now: Timestamp) -> Result<BanView, Problem> {
        let found = self.look(move |conn| store::find(conn, id, now)).await?;
        found.map(BanView::from).ok_or_else(not_in_force)
    }

    /// The bans in force, newest first.
    pub async fn bans(
        &self,
        before: i64,
        limit: i64,
        now: Timestamp,
    ) -> Result<Page<BanView>, Problem> {
        let found = self
            .look(move |conn| store::newest(conn, before, limit + 1, now))
            .await?;
        Ok(Page::cut(found, limit, |ban| ban.id.to_string()).map(BanView::from))
    }
}
