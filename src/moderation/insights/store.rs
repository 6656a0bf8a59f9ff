//! Votes as the feed and the clusters read them.

use diesel::dsl::{count_star, max, min};
use diesel::sql_types::{BigInt, Binary};
use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName,
    RunQueryDsl, sql_query,
};

use super::clusters::{Minute, OfNetwork, OneWay};
use super::feed::{After, Filter};
use crate::domain::{Choice, NetworkHash, Timestamp, VoterId};
use crate::infra::db::DbConnection;
use crate::infra::db::schema::{tallies, votes};
use crate::moderation::removals::removal::ModeratedVote;
use crate::moderation::removals::store::{Found, VOTE, seen};
use crate::voting::exclusions::WITHDRAWN;

const HIGHEST: &[u8] = &[0xff; 17];

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

/// The newest votes that pass `filter` among those of some voters on some tools.
pub(crate) fn newest(
    conn: &mut DbConnection,
    tools: &[i32],
    (after, upto): (Option<VoterId>, Option<VoterId>),
    filter: &Filter,
    limit: i64,
) -> Found<Vec<ModeratedVote>> {
    let bytes = |voter: Option<VoterId>, other: &[u8]| {
        voter.map_or_else(|| other.to_vec(), |voter| voter.0.to_vec())
    };
    let (lowest, highest) = NetworkHash::span(filter.network);
    let newer = filter.after.unwrap_or(After {
        cast_at: Timestamp(i64::MAX),
        tool: i32::MAX,
        voter: VoterId([0xff; 16]),
    });
    let stands = votes::taken_out_by.is_null().or(votes::taken_out_by.gt(WITHDRAWN));
    let rows = votes::table
        .filter(votes::tool_id.eq_any(tools))
        .filter(stands)
        .filter(votes::voter.gt(bytes(after, &[])))
        .filter(votes::voter.le(bytes(upto, HIGHEST)))
        .filter(votes::network.ge(lowest))
        .filter(votes::network.le(highest))
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
    let digits = voter.map_or(String::new(), |voter| {
        format!("{:032x}", u128::from_be_bytes(voter.0))
    });
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
         WHERE tool_id = {tool} AND voter > {after} AND network <> {none} AND COALESCE(taken_out_by, 0) > {WITHDRAWN} GROUP BY network HAVING COUNT(*) >= {least} \
         ORDER BY COUNT(*) DESC, network LIMIT {limit}"
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
         WHERE tool_id = {tool} AND voter > {after} AND COALESCE(taken_out_by, 0) > {WITHDRAWN} GROUP BY cast_at / 60000000 \
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
    let stands = votes::taken_out_by.is_null().or(votes::taken_out_by.gt(WITHDRAWN));
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
