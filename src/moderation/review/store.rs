//! Held votes as moderation reads them. An index finds them by their mark, so that the others cost nothing.

use std::collections::HashMap;

use diesel::dsl::{count_star, max, min};
use diesel::sql_types::Bool;
use diesel::{BoolExpressionMethods, ExpressionMethods, IntoSql, QueryDsl, RunQueryDsl};

use super::{Filter, HeldGroup};
use crate::domain::{Choice, NetworkHash, OriginHash, Slug, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::votes;
use crate::moderation::insights::feed::After;
use crate::moderation::removals::removal::{Criteria, ModeratedVote};
use crate::moderation::removals::store::{Found, VOTE, seen};
use crate::voting::exclusions::held_range;
use crate::voting::held::store::mark_of;

fn choices(choice: Option<Choice>) -> (i16, i16) {
    choice.map_or((1, 2), |choice| (choice.code(), choice.code()))
}

/// How many votes wait for a moderator.
pub(crate) fn count(conn: &mut DbConnection) -> Found<i64> {
    let mark = mark_of(false);
    let (low, high) = held_range(mark);
    votes::table
        .filter(
            votes::taken_out_by
                .eq(mark)
                .or(votes::taken_out_by.between(low, high)),
        )
        .count()
        .get_result(conn)
}

/// The newest that pass `filter`.
pub(super) fn newest(
    conn: &mut DbConnection,
    filter: &Filter,
    limit: i64,
) -> Found<Vec<ModeratedVote>> {
    let (any_voter, voters) = filter.voters.bytes();
    let (any_network, networks) = filter.networks.bytes();
    let (least, most) = choices(filter.choice);
    let (first_tool, last_tool) = filter.tool.map_or((0, i32::MAX), |tool| (tool, tool));
    let mark = mark_of(filter.rejected);
    let (low, high) = held_range(mark);
    let newer = filter.after.unwrap_or(After {
        cast_at: Timestamp(i64::MAX),
        tool: i32::MAX,
        voter: VoterId([0xff; 16]),
    });
    let rows = votes::table
        .filter(
            votes::taken_out_by
                .eq(mark)
                .or(votes::taken_out_by.between(low, high)),
        )
        .filter(votes::tool_id.ge(first_tool))
        .filter(votes::tool_id.le(last_tool))
        .filter(any_voter.into_sql::<Bool>().or(votes::voter.eq_any(voters)))
        .filter(
            any_network
                .into_sql::<Bool>()
                .or(votes::network.eq_any(networks)),
        )
        .filter(votes::choice.ge(least))
        .filter(votes::choice.le(most))
        .filter(votes::cast_at.ge(filter.from.map_or(i64::MIN, |from| from.0)))
        .filter(votes::cast_at.lt(filter.to.map_or(i64::MAX, |to| to.0)))
        .filter(
            votes::cast_at
                .lt(newer.cast_at.0)
                .or(votes::cast_at.eq(newer.cast_at.0).and(
                    votes::tool_id.lt(newer.tool).or(votes::tool_id
                        .eq(newer.tool)
                        .and(votes::voter.lt(newer.voter.0.to_vec()))),
                )),
        )
        .order((
            votes::cast_at.desc(),
            votes::tool_id.desc(),
            votes::voter.desc(),
        ))
        .limit(limit)
        .select(VOTE)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(seen).collect())
}

/// Those under `mark` that `criteria` mean, of the voters after `after`, in the order of voters.
pub(super) fn matching(
    conn: &mut DbConnection,
    criteria: &Criteria,
    (mark, origin): (i64, Option<OriginHash>),
    after: Option<VoterId>,
    limit: i64,
) -> Found<Vec<ModeratedVote>> {
    let after = after.map_or(vec![], |voter| voter.0.to_vec());
    let (any_voter, voters) = criteria.voters.bytes();
    let (any_network, networks) = criteria.networks.bytes();
    let (least, most) = choices(criteria.choice);
    let (low, high) = held_range(mark);
    // Without a network all tools' ids pass, with one none does.
    let any_below = if origin.is_none() { i32::MAX } else { i32::MIN };
    let origin = origin.map_or(0, |origin| origin.0);
    let from_origin = votes::origin.eq(origin).or(votes::wide_origin.eq(origin));
    let rows = votes::table
        .filter(
            votes::taken_out_by
                .eq(mark)
                .or(votes::taken_out_by.between(low, high)),
        )
        .filter(votes::tool_id.eq(criteria.tool))
        .filter(from_origin.or(votes::tool_id.le(any_below)))
        .filter(votes::voter.gt(after))
        .filter(any_voter.into_sql::<Bool>().or(votes::voter.eq_any(voters)))
        .filter(
            any_network
                .into_sql::<Bool>()
                .or(votes::network.eq_any(networks)),
        )
        .filter(votes::choice.ge(least))
        .filter(votes::choice.le(most))
        .filter(votes::cast_at.ge(criteria.from.map_or(i64::MIN, |from| from.0)))
        .filter(votes::cast_at.lt(criteria.to.0))
        .order(votes::voter)
        .limit(limit)
        .select(VOTE)
        .load(conn)?;
    Ok(rows.into_iter().filter_map(seen).collect())
}

/// A network's votes on a tool under a mark.
pub(super) struct GroupRow {
    tool: i32,
    network: NetworkHash,
    ship: i64,
    skip: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl GroupRow {
    pub(super) fn named(self, names: &HashMap<i32, Slug>) -> Option<HeldGroup> {
        Some(HeldGroup {
            tool: names.get(&self.tool)?.clone(),
            network: self.network,
            ship: self.ship,
            skip: self.skip,
            first_at: self.first_at,
            last_at: self.last_at,
        })
    }
}

/// Networks and tools with the most votes under `mark`, largest first.
pub(super) fn groups(conn: &mut DbConnection, mark: i64, limit: i64) -> Found<Vec<GroupRow>> {
    type HeldGroupRow = (i32, Vec<u8>, i16, i64, Option<i64>, Option<i64>);
    let (low, high) = held_range(mark);
    let rows: Vec<HeldGroupRow> = votes::table
        .filter(
            votes::taken_out_by
                .eq(mark)
                .or(votes::taken_out_by.between(low, high)),
        )
        .group_by((votes::tool_id, votes::network, votes::choice))
        .select((
            votes::tool_id,
            votes::network,
            votes::choice,
            count_star(),
            min(votes::cast_at),
            max(votes::cast_at),
        ))
        .order(count_star().desc())
        .limit(2 * limit)
        .load(conn)?;
    let mut groups: Vec<GroupRow> = Vec::new();
    for (tool, network, choice, count, first_at, last_at) in rows {
        let Some(network) = network.try_into().ok().map(NetworkHash) else {
            continue;
        };
        let (first_at, last_at) = (
            Timestamp(first_at.unwrap_or_default()),
            Timestamp(last_at.unwrap_or_default()),
        );
        let known = groups
            .iter()
            .position(|group| (group.tool, group.network) == (tool, network));
        let at = known.unwrap_or_else(|| {
            groups.push(GroupRow {
                tool,
                network,
                ship: 0,
                skip: 0,
                first_at,
                last_at,
            });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(at) {
            match Choice::from_code(choice) {
                Some(Choice::Ship) => group.ship += count,
                Some(Choice::Skip) => group.skip += count,
                None => {}
            }
            group.first_at = group.first_at.min(first_at);
            group.last_at = group.last_at.max(last_at);
        }
    }
    groups.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(groups)
}
