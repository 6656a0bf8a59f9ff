//! The arithmetic of a tally: percentage, interval, display. Pure; everything that shows a number asks here.

/// 97.5 % quantile of the normal distribution, for a 95 % interval.
const Z: f64 = 1.959_964;

/// `100·ship/votes`, halves up, kept within 1..=99 unless the votes are unanimous; `None` without votes.
pub fn percent(ship: i64, skip: i64) -> Option<i64> {
    let votes = ship + skip;
    match (votes, ship, skip) {
        (0, _, _) => None,
        (_, 0, _) => Some(0),
        (_, _, 0) => Some(100),
        _ => Some(((200 * ship + votes) / (2 * votes)).clamp(1, 99)),
    }
}

/// 95 % Wilson score interval (E. B. Wilson, 1927) in percent: the lower bound rounded down, the upper up, exactly 0 or
/// 100 at a unanimous end; `None` without votes.
pub fn interval(ship: i64, skip: i64) -> Option<[i64; 2]> {
    let votes = ship + skip;
    if votes == 0 {
        return None;
    }
    let (_, low, high) = wilson(ship, votes);
    let low = if ship == 0 {
        0
    } else {
        whole((low * 100.0).floor())
    };
    let high = if skip == 0 {
        100
    } else {
        whole((high * 100.0).ceil())
    };
    Some([low.clamp(0, 100), high.clamp(0, 100)])
}

/// Shares as whole numbers: one is 2^52, so that they sort exactly and travel in a cursor.
const ONE: f64 = 4_503_599_627_370_496.0;

/// The lower bound of [`interval`] unrounded, in 2^-52; `None` without votes.
pub fn lower_bound(ship: i64, skip: i64) -> Option<i64> {
    (ship + skip > 0).then(|| whole((wilson(ship, ship + skip).1.clamp(0.0, 1.0) * ONE).round()))
}

/// `ship/votes` unrounded, in 2^-52; `None` without votes.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub fn share(ship: i64, skip: i64) -> Option<i64> {
    (ship + skip > 0).then(|| whole((ship as f64 / (ship + skip) as f64 * ONE).round()))
}

pub type Counts = (i64, i64);

/// 95 % interval of the difference of two shares of ship votes, `one − other`, by Newcombe's hybrid score (Statistics in
/// Medicine 17, 1998, method 10): the distances of each share from its own Wilson bounds, squared and added. `None` if
/// either has no votes.
pub fn difference(one: Counts, other: Counts) -> Option<[f64; 2]> {
    if one.0 + one.1 == 0 || other.0 + other.1 == 0 {
        return None;
    }
    let (p, low, high) = wilson(one.0, one.0 + one.1);
    let (q, lower, upper) = wilson(other.0, other.0 + other.1);
    Some([
        p - q - (p - low).hypot(upper - q),
        p - q + (high - p).hypot(q - lower),
    ])
}

/// The share of ship votes and the interval's bounds, in 0..=1.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn wilson(ship: i64, votes: i64) -> (f64, f64, f64) {
    let n = votes as f64;
    let p = ship as f64 / n;
    let z2 = Z * Z;
    let scale = 1.0 + z2 / n;
    let centre = (p + z2 / (2.0 * n)) / scale;
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / scale;
    (p, centre - half, centre + half)
}

#[expect(clippy::cast_possible_truncation, reason = "between 0 and 2^52")]
fn whole(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentages_to_the_letter() {
        for (ship, skip, expected) in [
            (13, 2, Some(87)),
            (3, 1, Some(75)),
            (1, 7, Some(13)),   // 12.5: halves up
            (3, 5, Some(38)),   // 37.5
            (999, 1, Some(99)), // 99.9 is never 100 while a skip stands
            (1, 999, Some(1)),
            (5, 0, Some(100)),
            (0, 5, Some(0)),
            (0, 0, None),
            (1, 1, Some(50)),
        ] {
            assert_eq!(percent(ship, skip), expected, "{ship}:{skip}");
        }
    }

    #[test]
    fn differences_of_the_literature() {
        // Newcombe 1998, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 6/7 - 2/7, 5/56 - 0/29, 0/10 - 0/20, 10/10 - 0/10.
        for ((a, m), (b, n), low, high) in [
            ((56, 70), (48, 80), 0.0524, 0.3339),
            ((9, 10), (3, 10), 0.1705, 0.8090),
            ((6, 7), (2, 7), 0.0582, 0.8062),
            ((5, 56), (0, 29), -0.0381, 0.1926),
            ((0, 10), (0, 20), -0.1611, 0.2775),
            ((10, 10), (0, 10), 0.6075, 1.0000),
        ] {
            let [lower, upper] = difference((a, m - a), (b, n - b)).expect("votes");
            assert!(
                (lower - low).abs() < 6e-5 && (upper - high).abs() < 6e-5,
                "{a}/{m} {b}/{n}: {lower} {upper}"
            );
            let [mirrored, _] = difference((b, n - b), (a, m - a)).expect("votes");
            assert!((mirrored + upper).abs() < 1e-12);
        }
        assert_eq!(difference((0, 0), (1, 1)), None);
    }

    #[test]
    fn intervals_of_the_literature() {
        // Wilson bounds computed elsewhere, to four places: 1/1 .2065-1, 3/4 .3006-.9544, 5/5 .5655-1, 8/10 .4902-.9433,
        // 15/20 .5313-.8881, 75/100 .6570-.8245, 750/1000 .7222-.7758.
        for (ship, votes, low, high) in [
            (1, 1, 20, 100),
            (3, 4, 30, 96),
            (5, 5, 56, 100),
            (8, 10, 49, 95),
            (15, 20, 53, 89),
            (75, 100, 65, 83),
            (750, 1000, 72, 78),
            (13, 15, 62, 97),
        ] {
            assert_eq!(
                interval(ship, votes - ship),
                Some([low, high]),
                "{ship}/{votes}"
            );
            assert_eq!(
                interval(votes - ship, ship),
                Some([100 - high, 100 - low]),
                "mirrored {ship}/{votes}"
            );
        }
        assert_eq!(interval(0, 0), None);
    }

    proptest! {
        #[test]
        fn percent_is_the_rounded_share(ship in 0i64..100_000, skip in 0i64..100_000) {
            prop_assume!(ship + skip > 0);
            let shown = percent(ship, skip).expect("votes");
            if ship > 0 && skip > 0 {
                prop_assert!((1..=99).contains(&shown));
                let doubled = 200 * ship - 2 * shown * (ship + skip);
                // |share − shown| ≤ 1/2, and a half goes up; the clamp may move it by less than one.
                if (2..=98).contains(&shown) {
                    prop_assert!(doubled < ship + skip && doubled >= -(ship + skip));
                }
            } else {
                prop_assert_eq!(shown, if skip == 0 { 100 } else { 0 });
            }
        }

        #[test]
        fn the_interval_holds_the_percentage_and_narrows(ship in 0i64..10_000, skip in 0i64..10_000) {
            prop_assume!(ship + skip > 0);
            let [low, high] = interval(ship, skip).expect("votes");
            let shown = percent(ship, skip).expect("votes");
            prop_assert!(0 <= low && low <= shown && shown <= high && high <= 100);
            let [low10, high10] = interval(ship * 10, skip * 10).expect("votes");
            prop_assert!(low10 >= low && high10 <= high);
        }
    }
}
