//! Checksums of fresh votes by network: linear, so that the sum over a tool's votes is that over its rows of `origin_sums` if and
//! only if those add up, but for a chance of 2^-64. A sum for each network would grow with the networks.

use crate::abuse::holding::rule::{ByChoice, FreshSums};
use crate::domain::{Choice, Timestamp};
use crate::infra::db::schema::origin_sums;
use crate::voting::{Binding, VoteRecord};

/// Origin, wide origin and first choice of a vote.
pub(super) type BindingColumns = (Option<i64>, Option<i64>, Option<i16>);

/// The columns of a row of sums.
pub(super) type SumsRow = (i64, i32, (i64, i64), (i64, i64), (i64, i64), i64);

type SumsColumns = (
    origin_sums::origin,
    origin_sums::tool_id,
    (origin_sums::first_ship, origin_sums::first_skip),
    (origin_sums::now_ship, origin_sums::now_skip),
    (origin_sums::counted_ship, origin_sums::counted_skip),
    origin_sums::changed,
);

pub(super) const SUMS: SumsColumns = (
    origin_sums::origin,
    origin_sums::tool_id,
    (origin_sums::first_ship, origin_sums::first_skip),
    (origin_sums::now_ship, origin_sums::now_skip),
    (origin_sums::counted_ship, origin_sums::counted_skip),
    origin_sums::changed,
);

fn checksum(origin: i64, sums: &FreshSums) -> i64 {
    let FreshSums {
        first,
        now,
        counted,
        changed,
        excluded: _,
    } = sums;
    let all = [
        first.ship,
        first.skip,
        now.ship,
        now.skip,
        counted.ship,
        counted.skip,
        *changed,
    ];
    let weighted = (0_u64..).zip(all).map(|(at, sum)| {
        let weight = xxhash_rust::xxh3::xxh3_64_with_seed(&origin.to_be_bytes(), at);
        weight.cast_signed().wrapping_mul(sum)
    });
    weighted.fold(0, i64::wrapping_add)
}

/// A vote with its binding; `None` if it has none.
pub(super) fn bound_vote(
    (origin, wide, first): BindingColumns,
    choice: i16,
    mark: Option<i64>,
) -> Option<(VoteRecord, Binding)> {
    let binding = Binding::of_columns(origin, wide, first)?;
    let vote = VoteRecord {
        choice: Choice::from_code(choice)?,
        cast_at: Timestamp(0),
        aside: mark,
        ballot: None,
        binding: Some(binding),
    };
    Some((vote, binding))
}

/// What a vote adds.
pub(super) fn checksum_of_vote(binding: BindingColumns, choice: i16, mark: Option<i64>) -> i64 {
    let Some((vote, binding)) = bound_vote(binding, choice, mark) else {
        return 0;
    };
    let sums = FreshSums::default().replaced(None, vote.fresh());
    let each = binding.origins.each();
    each.map(|origin| checksum(origin.0, &sums))
        .fold(0, i64::wrapping_add)
}

/// What a row of sums adds, and to which tool.
pub(super) fn checksum_of_sums(row: SumsRow) -> (i32, i64) {
    let (origin, tool, first, now, counted, changed) = row;
    let by = |(ship, skip)| ByChoice { ship, skip };
    let sums = FreshSums {
        first: by(first),
        now: by(now),
        counted: by(counted),
        changed,
        ..FreshSums::default()
    };
    (tool, checksum(origin, &sums))
}
