//! Held votes in the database: read for moderators, and settled. Only `moderation::held` calls it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{min, sql};
use diesel::sql_types::Bool;
use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl, QueryResult, RunQueryDsl};

use super::{Resolution, ResolvedVotes};
use crate::auth::denylist;
use crate::domain::{BallotName, Choice, Counts, OriginHash, Timestamp, VoterId, VoterOrigins};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{origin_sums, votes};
use crate::tallies::{TallyRow, store as tallies};
use crate::voting::apply::{ChangeSet, Key, VoteChange};
use crate::voting::exclusions::{self, HELD, Period, REJECTED};
use crate::voting::fresh::book::OriginBook;
use crate::voting::fresh::store as origins;
use crate::voting::journal::{self, BallotState, ToolRecord};
use crate::voting::seen_changes::SeenChange;
use crate::voting::{VoteRecord, batch};

/// What the public log is told of held votes that count from now on.
#[derive(Default)]
struct ReleasedBallots {
    released: Counts,
    /// Those that an excluded period takes, by its id.
    excluded: BTreeMap<i64, Vec<(BallotName, BallotState)>>,
}

impl ReleasedBallots {
    fn release(&mut self, vote: VoteRecord, period: Option<i64>) {
        let Some(ballot) = vote.ballot else { return };
        let state = BallotState {
            choice: Some(vote.choice),
            is_held: true,
        };
        match period {
            Some(period) => {
                let ballots = self.excluded.entry(period).or_default();
                ballots.push((ballot.name, state));
            }
            None => self.released = self.released.plus(state.held()),
        }
    }

    fn record(self, row: &TallyRow) -> ToolRecord {
        let removals = self.excluded.into_iter();
        ToolRecord {
            held: Counts::default().minus(self.released),
            removals: removals
                .map(|(period, ballots)| journal::store::removal(true, period, ballots))
                .collect(),
            ..ToolRecord::act(row)
        }
    }
}

/// Which networks of released votes are trusted: new votes of theirs leave the holding rule too.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseTrust {
    pub until: Timestamp,
    /// The release named no networks, so that it speaks for the IPv6 /48 as well.
    pub is_wide: bool,
}

/// Resolves the votes of `voters` on `tool` that bear `mark`, in the caller's transaction. One that does not by now is passed
/// over: it was withdrawn, or another moderator resolved it first. What a moderator lets count leaves the holding rule. A network is
/// trusted once none of its votes is held: whoever releases a part of them says nothing of the others.
pub fn settle(
    conn: &mut DbConnection,
    (tool, mark): (i32, i64),
    voters: &[VoterId],
    verdict: Resolution,
    trust: Option<ReleaseTrust>,
    now: Timestamp,
) -> QueryResult<ResolvedVotes> {
    denylist::lock_shared(conn)?;
    let before = tallies::lock(conn, tool)?;
    let keys: BTreeSet<Key> = voters.iter().map(|voter| (tool, *voter)).collect();
    let held = batch::present(conn, &keys)?;
    let periods = exclusions::periods(conn, tool)?;
    let mut book = OriginBook::default();
    origins::read(conn, &mut book, origins::bound(held.values()))?;
    origins::read_excluded(conn, &mut book, [&before])?;
    let mut settled = ResolvedVotes {
        before,
        after: before,
        ..ResolvedVotes::default()
    };
    let mut folded = ChangeSet::default();
    let mut marked: BTreeMap<Option<i64>, Vec<VoterId>> = BTreeMap::new();
    let mut logged = ReleasedBallots::default();
    let (mut freed, mut released) = (Vec::new(), Vec::new());
    // In the order of voters, so that two runs over the same votes write the same ledger.
    for key in &keys {
        let Some(old) = held
            .get(key)
            .copied()
            .filter(|vote| vote.aside.and_then(exclusions::held_as) == Some(mark))
        else {
            continue;
        };
        if verdict == Resolution::Clear && is_hands(&book, tool, old) {
            continue;
        }
        let new = resolved(old, verdict, &periods);
        // The log has those out already that a removal has out.
        if verdict != Resolution::Reject && old.removal().is_none() {
            logged.release(old, new.aside);
        }
        book.replace(tool, key.1, Some(old), Some(new));
        released.extend(old.binding.map(|binding| binding.origins));
        freed.extend(new.binding.is_none().then_some(key.1));
        note(&mut settled, &mut folded, key.1, (old, new), now);
        marked.entry(new.aside).or_default().push(key.1);
    }
    if let Some(trust) = trust {
        trust_released(&mut book, tool, &released, trust);
    }
    set_marks(conn, tool, marked)?;
    unbind(conn, tool, &freed)?;
    if settled.after != before {
        folded.hour_changes.extend(before.hour_change(now));
        folded.tallies.push(settled.after);
        folded.ballots.records.push(logged.record(&settled.after));
        batch::write(conn, &folded, now)?;
    }
    origins::save(conn, &book)?;
    Ok(settled)
}

fn trust_released(
    book: &mut OriginBook,
    tool: i32,
    released: &[VoterOrigins],
    trust: ReleaseTrust,
) {
    for origins in released {
        let wide = origins.wide.filter(|_| trust.is_wide);
        for origin in std::iter::once(origins.network).chain(wide) {
            if !book.has_held(origin, tool) {
                book.trust(origin, tool, trust.until);
            }
        }
    }
}

/// Puts marks on votes, or takes them off.
fn set_marks(
    conn: &mut DbConnection,
    tool: i32,
    marked: BTreeMap<Option<i64>, Vec<VoterId>>,
) -> QueryResult<()> {
    for (mark, voters) in marked {
        let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
        diesel::update(
            votes::table
                .filter(votes::tool_id.eq(tool))
                .filter(votes::voter.eq_any(voters)),
        )
        .set(votes::taken_out_by.eq(mark))
        .execute(conn)?;
    }
    Ok(())
}

/// A held vote as `verdict` leaves it.
fn resolved(old: VoteRecord, verdict: Resolution, periods: &[Period]) -> VoteRecord {
    let removal = old.removal();
    // What a removal has out counts only once that is undone.
    let aside = removal.or_else(|| {
        let covering = periods.iter().find(|period| period.holds(old.cast_at));
        covering.map(|period| period.id)
    });
    match verdict {
        // What a moderator lets count is not judged again.
        Resolution::Count => VoteRecord {
            aside,
            binding: None,
            ..old
        },
        Resolution::Clear => VoteRecord { aside, ..old },
        Resolution::Reject => VoteRecord {
            aside: Some(exclusions::held_under(REJECTED, removal)),
            ..old
        },
    }
}

/// Notes a resolved vote in the sums, in its tally and in the ledger.
fn note(
    settled: &mut ResolvedVotes,
    folded: &mut ChangeSet,
    voter: VoterId,
    (old, new): (VoteRecord, VoteRecord),
    now: Timestamp,
) {
    match old.choice {
        Choice::Ship => settled.ship += 1,
        Choice::Skip => settled.skip += 1,
    }
    if !settled.after.shift(None, new.weight(), now) {
        return;
    }
    settled.aside += i64::from(new.aside.is_some());
    settled.after.revision += i64::from(new.is_excluded());
    let (tool, version) = (settled.after.tool, settled.after.version);
    folded.events.push(VoteChange {
        tool,
        version,
        voter,
        old: None,
        new: new.counted(),
    });
    // Its voter did nothing.
    folded.journal.push(SeenChange {
        tool,
        version,
        voter,
        old: Some(old.choice),
        new: Some(old.choice),
        at: now,
    });
}

/// Whether the holding rule still holds a vote. One that it knows nothing of waits for a moderator.
fn is_hands(book: &OriginBook, tool: i32, vote: VoteRecord) -> bool {
    vote.binding.is_none() || origins::bound([&vote]).any(|origin| book.is_hand(origin, tool))
}

/// Takes votes out of the holding rule, whose sums do not have them any more.
fn unbind(conn: &mut DbConnection, tool: i32, voters: &[VoterId]) -> QueryResult<()> {
    if voters.is_empty() {
        return Ok(());
    }
    let voters: Vec<&[u8]> = voters.iter().map(|voter| voter.0.as_slice()).collect();
    let of_tool = votes::table.filter(votes::tool_id.eq(tool));
    diesel::update(of_tool.filter(votes::voter.eq_any(voters)))
        .set((
            votes::origin.eq(None::<i64>),
            votes::wide_origin.eq(None::<i64>),
            votes::first_choice.eq(None::<i16>),
        ))
        .execute(conn)?;
    Ok(())
}

/// A network that has held votes on a tool.
#[derive(Debug, Clone, Copy)]
pub struct HeldOrigin {
    pub tool: i32,
    pub origin: OriginHash,
}

/// The networks of which votes are held, though the rule does not hold them any more and the oldest was cast before `quiet`. Were it the
/// newest, one of their voters could keep all others waiting by changing a held vote again and again.
pub fn cleared(conn: &mut DbConnection, quiet: Timestamp) -> QueryResult<Vec<HeldOrigin>> {
    let has_held = sql::<Bool>("now_ship + now_skip > counted_ship + counted_skip");
    let held: Vec<(i64, i32)> = origin_sums::table
        .filter(has_held)
        .select((origin_sums::origin, origin_sums::tool_id))
        .load(conn)?;
    let mut found = Vec::new();
    for (origin, tool) in held {
        let origin = OriginHash(origin);
        let mut book = OriginBook::default();
        origins::read(conn, &mut book, [origin])?;
        let tally = tallies::find(conn, tool)?;
        origins::read_excluded(conn, &mut book, &tally)?;
        if book.is_hand(origin, tool) {
            continue;
        }
        let (low, high) = exclusions::held_range(HELD);
        let held = (votes::taken_out_by.eq(HELD)).or(votes::taken_out_by.between(low, high));
        let oldest: Option<i64> = votes::table
            .filter(held)
            .filter(votes::tool_id.eq(tool))
            .filter(
                votes::origin
                    .eq(origin.0)
                    .or(votes::wide_origin.eq(origin.0)),
            )
            .select(min(votes::cast_at))
            .first(conn)?;
        if oldest.is_some_and(|oldest| oldest < quiet.0) {
            found.push(HeldOrigin { tool, origin });
        }
    }
    Ok(found)
}

/// Which held votes are meant.
pub fn mark_of(rejected: bool) -> i64 {
    if rejected { REJECTED } else { HELD }
}

/// The tools on which `voter` has a row that the ledger may know nothing of: a vote that is held, or what stays of a withdrawn one.
pub fn tools_of(conn: &mut DbConnection, voter: VoterId) -> QueryResult<Vec<i32>> {
    votes::table
        .filter(votes::voter.eq(voter.0.as_slice()))
        .filter(votes::taken_out_by.lt(0))
        .select(votes::tool_id)
        .load(conn)
}
