//! Votes as the feed and the clusters read them.

use diesel::dsl::{count_star, max, min};
use diesel::sql_types::{BigInt, Binary, Bool};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, IntoSql, OptionalExtension, QueryDsl,
    QueryableByName, RunQueryDsl, sql_query,
};

use super::clusters::{Minute, OfNetwork, OneWay};
use super::feed::{After, Filter, Standing};
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::schema::{removals, tallies, votes};
use crate::infra::db::{DbConnection, Scalar};
use crate::moderation::removals::removal::ModeratedVote;
use crate::moderation::removals::store::{Found, VOTE, seen};
use crate::moderation::selection::Id;
use crate::voting::exclusions::{
    HELD, IN_FORCE, REJECTED, WITHDRAWN, WITHDRAWN_REJECTED, held_range,
};

const HIGHEST: &[u8] = &[0xff; 17];
/// Newer than any vote.
const NEWEST: After = After {
    cast_at: Timestamp(i64::MAX),
    tool: i32::MAX,
    voter: VoterId([0xff; 16]),
};

/// Every tool, and how many votes it has beside held ones.
pub(crate) fn sizes(conn: &mut DbConnection) -> Found<Vec<(i32, i64)>> {
    let rows: Vec<(i32, i64, i64, i64, i64)> = tallies::table
        .select((
            tallies::tool_id,
            tallies::ship,
            tallies::skip,
            tallies::aside_ship,
            tallies::aside_skip,
        ))
        .order(tallies::tool_id)
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(tool, a, b, c, d)| (tool, a + b + c + d))
        .collect())
}

/// The removals in force, if a filter by standing needs them.
fn in_force(conn: &mut DbConnection, standing: Option<Standing>) -> Found<Vec<i64>> {
    match standing {
        Some(Standing::Counted | Standing::SetAside) => removals::table
            .filter(removals::state.eq(IN_FORCE))
            .select(removals::id)
            .load(conn),
        _ => Ok(Vec::new()),
    }
}

/// A voter's bytes, or `other`.
fn bytes(voter: Option<VoterId>, other: &[u8]) -> Vec<u8> {
    voter.map_or_else(|| other.to_vec(), |voter| voter.0.to_vec())
}

/// The newest votes that pass `filter` among those of some voters on some tools.
pub(crate) fn newest(
    conn: &mut DbConnection,
    tools: &[i32],
    (after, upto): (Option<VoterId>, Option<VoterId>),
    filter: &Filter,
    limit: i64,
) -> Found<Vec<ModeratedVote>> {
    let (any_voter, voters) = filter.voters.bytes();
    let (any_network, networks) = filter.networks.bytes();
    let (least, most) = filter
        .choice
        .map_or((1, 2), |choice| (choice.code(), choice.code()));
    let standing = |wanted: Standing| (filter.standing == Some(wanted)).into_sql::<Bool>();
    let held = |mark| {
        let (low, high) = held_range(mark);
        (votes::taken_out_by.eq(mark)).or(votes::taken_out_by.between(low, high))
    };
    let in_force = in_force(conn, filter.standing)?;
    let newer = filter.after.unwrap_or(NEWEST);
    let stands = votes::taken_out_by
        .is_null()
        .or(votes::taken_out_by.not_between(WITHDRAWN_REJECTED, WITHDRAWN));
    let rows = votes::table
        .filter(votes::tool_id.eq_any(tools))
        .filter(stands)
        .filter(votes::voter.gt(bytes(after, &[])))
        .filter(votes::voter.le(bytes(upto, HIGHEST)))
        .filter(any_voter.into_sql::<Bool>().or(votes::voter.eq_any(voters)))
        .filter(
            any_network
                .into_sql::<Bool>()
                .or(votes::network.eq_any(networks)),
        )
        .filter(votes::choice.ge(least))
        .filter(votes::choice.le(most))
        .filter(
            filter
                .standing
                .is_none()
                .into_sql::<Bool>()
                .or(standing(Standing::Held).and(held(HELD)))
                .or(standing(Standing::Rejected).and(held(REJECTED)))
                .or(standing(Standing::SetAside).and(votes::taken_out_by.eq_any(in_force.clone())))
                .or(standing(Standing::Counted).and(
                    votes::taken_out_by.is_null().or(votes::taken_out_by
                        .gt(0)
                        .and(votes::taken_out_by.ne_all(in_force))),
                )),
        )
        .filter(votes::cast_at.ge(filter.from.map_or(i64::MIN, |from| from.0)))
        .filter(votes::cast_at.lt(filter.to.map_or(i64::MAX, |to| to.0)))
        .filter(votes::cast_at.le(newer.cast_at.0))
        .filter(
            votes::cast_at
                .lt(newer.cast_at.0)
                .or(votes::tool_id.lt(newer.tool).or(votes::tool_id
                    .eq(newer.tool)
                    .and(votes::voter.lt(newer.voter.0.to_vec())))),
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

/// Up to two different voters or networks of one page of a tool's votes whose ids end in these hexadecimal digits.
pub(super) fn ending_in<T: Id>(
    conn: &mut DbConnection,
    (tool, after, upto): (i32, Option<VoterId>, Option<VoterId>),
    column: &'static str,
    digits: &str,
) -> Found<Vec<T>> {
    let hex = match conn {
        DbConnection::Sqlite(_) => format!("lower(hex({column}))"),
        DbConnection::Postgres(_) => format!("encode({column}, 'hex')"),
    };
    let after = literal(conn, after);
    let upto = upto.map_or(String::new(), |voter| {
        format!("AND voter <= {}", literal(conn, Some(voter)))
    });
    // All of it is column names, numbers and hexadecimal digits of ours.
    let rows: Vec<Scalar<Binary, Vec<u8>>> = sql_query(format!(
        "SELECT DISTINCT {column} FROM votes \
         WHERE tool_id = {tool} AND voter > {after} {upto} AND {hex} LIKE '%{digits}' LIMIT 2"
    ))
    .load(conn)?;
    let ids = rows.into_iter().filter_map(|row| row.0.try_into().ok());
    Ok(ids.map(T::from_bytes).collect())
}

/// The voter before whom the newest `rows` voters of a tool begin; `None` where there are fewer.
pub(crate) fn newest_begin(
    conn: &mut DbConnection,
    tool: i32,
    rows: i64,
) -> Found<Option<VoterId>> {
    let first: Option<Vec<u8>> = votes::table
        .filter(votes::tool_id.eq(tool))
        .order(votes::voter.desc())
        .select(votes::voter)
        .offset(rows)
        .first(conn)
        .optional()?;
    Ok(first.and_then(|bytes| bytes.try_into().ok()).map(VoterId))
}

#[derive(QueryableByName)]
struct NetworkRow {
    #[diesel(sql_type = Binary)]
    network: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    votes: i64,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    fresh: i64,
    #[diesel(sql_type = BigInt)]
    first_at: i64,
    #[diesel(sql_type = BigInt)]
    last_at: i64,
}

/// A voter's id as SQL spells it on either database.
pub(crate) fn literal(conn: &DbConnection, voter: Option<VoterId>) -> String {
    let digits = voter.map_or(String::new(), |voter| hex::encode(voter.0));
    match conn {
        DbConnection::Sqlite(_) => format!("X'{digits}'"),
        DbConnection::Postgres(_) => format!("'\\x{digits}'::bytea"),
    }
}

/// The networks with at least `least` votes of the voters after `after`, largest first.
pub(crate) fn networks(
    conn: &mut DbConnection,
    tool: i32,
    after: Option<VoterId>,
    (least, limit, fresh): (i64, i64, i32),
) -> Found<Vec<OfNetwork>> {
    let after = literal(conn, after);
    // Votes of which the network is no longer known are not of one network.
    let none = literal(conn, Some(VoterId(NetworkHash::NONE.0)));
    // All of it is numbers and hexadecimal digits of ours.
    let rows: Vec<NetworkRow> = sql_query(format!(
        "SELECT network, COUNT(*) AS votes, SUM(CASE WHEN choice = 1 THEN 1 ELSE 0 END) AS ship, \
         SUM(CASE WHEN token_age < {fresh} THEN 1 ELSE 0 END) AS fresh, \
         MIN(cast_at) AS first_at, MAX(cast_at) AS last_at FROM votes \
         WHERE tool_id = {tool} AND voter > {after} AND network <> {none} AND COALESCE(taken_out_by, 0) NOT BETWEEN {WITHDRAWN_REJECTED} AND {WITHDRAWN} \
         GROUP BY network HAVING COUNT(*) >= {least} ORDER BY COUNT(*) DESC, network LIMIT {limit}"
    ))
    .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(OfNetwork {
                network: NetworkHash(row.network.try_into().ok()?),
                votes: row.votes,
                ship: row.ship,
                fresh: row.fresh,
                first_at: Timestamp(row.first_at),
                last_at: Timestamp(row.last_at),
            })
        })
        .collect())
}

#[derive(QueryableByName)]
struct MinuteRow {
    #[diesel(sql_type = BigInt)]
    minute: i64,
    #[diesel(sql_type = BigInt)]
    votes: i64,
    #[diesel(sql_type = BigInt)]
    ship: i64,
    #[diesel(sql_type = BigInt)]
    fresh: i64,
}

/// The newest `limit` minutes with votes of the voters after `after`, oldest first.
pub(crate) fn minutes(
    conn: &mut DbConnection,
    tool: i32,
    after: Option<VoterId>,
    (limit, fresh): (i64, i32),
) -> Found<Vec<Minute>> {
    let after = literal(conn, after);
    let mut rows: Vec<MinuteRow> = sql_query(format!(
        "SELECT cast_at / 60000000 AS minute, COUNT(*) AS votes, \
         SUM(CASE WHEN choice = 1 THEN 1 ELSE 0 END) AS ship, \
         SUM(CASE WHEN token_age < {fresh} THEN 1 ELSE 0 END) AS fresh FROM votes \
         WHERE tool_id = {tool} AND voter > {after} AND COALESCE(taken_out_by, 0) NOT BETWEEN {WITHDRAWN_REJECTED} AND {WITHDRAWN} GROUP BY cast_at / 60000000 \
         ORDER BY 1 DESC LIMIT {limit}"
    ))
    .load(conn)?;
    rows.reverse();
    Ok(rows
        .into_iter()
        .map(|row| Minute {
            start: Timestamp(row.minute * 60_000_000),
            votes: row.votes,
            ship: row.ship,
            fresh: row.fresh,
        })
        .collect())
}

/// The newest voters of a tool.
pub(crate) fn newest_voters(conn: &mut DbConnection, tool: i32, limit: i64) -> Found<Vec<Vec<u8>>> {
    votes::table
        .filter(votes::tool_id.eq(tool))
        .order(votes::voter.desc())
        .select(votes::voter)
        .limit(limit)
        .load(conn)
}

/// Those of `voters` who voted on at least `least` of `tools`, always the same way.
pub(crate) fn one_way(
    conn: &mut DbConnection,
    tools: &[i32],
    voters: &[Vec<u8>],
    least: i64,
) -> Found<Vec<OneWay>> {
    type ModeratedVoteRow = (Vec<u8>, i64, Option<i16>, Option<i16>);
    let stands = votes::taken_out_by
        .is_null()
        .or(votes::taken_out_by.not_between(WITHDRAWN_REJECTED, WITHDRAWN));
    let rows: Vec<ModeratedVoteRow> = votes::table
        .filter(votes::tool_id.eq_any(tools))
        .filter(stands)
        .filter(votes::voter.eq_any(voters))
        .group_by(votes::voter)
        .select((
            votes::voter,
            count_star(),
            min(votes::choice),
            max(votes::choice),
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(_, votes, low, high)| *votes >= least && low == high)
        .filter_map(|(voter, votes, choice, _)| {
            Some(OneWay {
                voter: VoterId(voter.try_into().ok()?),
                votes,
                choice: Choice::from_code(choice?)?,
            })
        })
        .collect())
}
