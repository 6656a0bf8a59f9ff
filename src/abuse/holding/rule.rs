//! The holding rule, pure: whether the fresh voters of one network on one tool are one hand, and how many of their votes that
//! keeps from counting. `voting::apply` applies it to a batch. See `docs/abuse.md`.
//!
//! Each voter is counted by the first choice on the tool, which no later act changes. So the rule bounds the net effect of a
//! network, whatever the order of its acts. It uses neither the user agent nor the pace: an attacker chooses both.

use crate::domain::Choice;

/// The most by which one hand moves a tally: |ship - skip| of its counted votes.
pub const MAX_NET: i64 = 20;
/// How many more voters may agree for each that dissents, if the tool is most of what the network votes on: 4 in 5.
const AGREEING_FOCUSED: i64 = 3;
/// The same if its voters vote on other tools too, in a small crowd, of which one dissenter more or less says little: 24 in 25.
const AGREEING_SPREAD: i64 = 24;
/// Twice the standard deviations within which agreement beyond 9 in 10 is chance. With 2 of them a crowd of 9 in 10 would wait on 2 days
/// of 100; with 2.5, on less than one of 200 (`docs/decisions/holding.md`).
const MAX_SPREAD_HALF_DEVIATIONS: i64 = 5;
/// Changes of mind are chance within this many standard deviations.
const MAX_PUSH_DEVIATIONS: i64 = 2;

/// Voters or votes by choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByChoice {
    pub ship: i64,
    pub skip: i64,
}

impl ByChoice {
    pub fn net(self) -> i64 {
        self.ship - self.skip
    }

    #[must_use]
    fn minus(self, other: Self) -> Self {
        Self {
            ship: self.ship - other.ship,
            skip: self.skip - other.skip,
        }
    }

    pub(crate) fn add(&mut self, choice: Choice, by: i64) {
        match choice {
            Choice::Ship => self.ship += by,
            Choice::Skip => self.skip += by,
        }
    }

    /// Whether they agree beyond what a crowd with dissent shows. `is_spread` is asked only if the answer depends on it.
    fn agree(self, is_spread: impl FnOnce() -> bool) -> bool {
        let (net, dissent) = (self.net().abs(), self.ship.min(self.skip));
        net > MAX_NET + AGREEING_FOCUSED * dissent
            && (net > MAX_NET + AGREEING_SPREAD * dissent
                || self.exceeds_nine_in_ten()
                || !is_spread())
    }

    /// Whether they agree by more than 9 in 10 beyond chance: of N voters N / 10 dissent then, with a standard deviation of
    /// 3 / 10 * sqrt(N).
    fn exceeds_nine_in_ten(self) -> bool {
        let voters = self.ship + self.skip;
        let missing = 2 * (voters - 10 * self.ship.min(self.skip));
        let deviation = 3 * MAX_SPREAD_HALF_DEVIATIONS;
        missing > 0 && missing * missing > deviation * deviation * voters
    }
}

/// A fresh voter's vote on a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshVote {
    /// The first choice there, for ever.
    pub first: Choice,
    /// The present choice; `None` once it is withdrawn, or rejected by a moderator.
    pub now: Option<Choice>,
    pub held: bool,
    /// Whether a reset or an excluded period keeps it from counting.
    pub excluded: bool,
}

/// The fresh voters of one network on one tool, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FreshSums {
    /// By their first choices.
    pub first: ByChoice,
    /// By their present choices, held votes included.
    pub now: ByChoice,
    /// By their present choices, without held votes.
    pub counted: ByChoice,
    /// Those among `counted` that a reset or an excluded period keeps from counting.
    pub excluded: ByChoice,
    /// Voters whose present choice is not their first.
    pub changed: i64,
}

impl FreshSums {
    /// The sums after one voter's vote was replaced.
    #[must_use]
    pub fn replaced(mut self, old: Option<FreshVote>, new: Option<FreshVote>) -> Self {
        for (vote, by) in [(old, -1), (new, 1)] {
            let Some(vote) = vote else { continue };
            self.first.add(vote.first, by);
            self.changed += by * i64::from(vote.now != Some(vote.first));
            if let Some(now) = vote.now {
                self.now.add(now, by);
                if !vote.held {
                    self.counted.add(now, by);
                }
                if vote.excluded {
                    self.excluded.add(now, by);
                }
            }
        }
        self
    }

    pub fn voters(&self) -> i64 {
        self.first.ship + self.first.skip
    }

    /// Whether they are one hand. `elsewhere` estimates how many fresh voters of the network voted on other tools.
    pub fn is_one_hand(&self, elsewhere: impl Fn() -> i64) -> bool {
        let is_spread = || 2 * elsewhere() >= self.voters();
        self.is_pushed()
            || self.first.agree(is_spread)
            || self.now.agree(is_spread)
            // Dissent that a moderator took out is none.
            || self.now.minus(self.excluded).agree(is_spread)
    }

    /// Whether changes and withdrawals pushed the leading side beyond chance. A withdrawal moves the net by 1 and a change by 2,
    /// so at random W and C of them have a standard deviation of sqrt(W + 4 * C).
    fn is_pushed(&self) -> bool {
        let net = self.now.net();
        let push = (net - self.first.net()) * net.signum();
        let withdrawn = self.voters() - self.now.ship - self.now.skip;
        let variance = withdrawn + 4 * (self.changed - withdrawn);
        let limit = MAX_PUSH_DEVIATIONS * MAX_PUSH_DEVIATIONS * variance;
        net.abs() > MAX_NET && push > MAX_NET && push * push > limit
    }

    /// By how many votes they exceed their limit, and on which side. `is_one_hand` is asked only if the answer depends on it.
    pub fn excess(&self, is_one_hand: impl FnOnce() -> bool) -> Option<(Choice, i64)> {
        let (counted, now) = (
            self.counted.minus(self.excluded),
            self.now.minus(self.excluded),
        );
        excess(counted, now, is_one_hand)
    }

    /// Whether one more vote of this choice is to be held, which is in the sums as if it counted. Excluded votes limit it too: they
    /// may be given back.
    pub fn exceeds_with(&self, choice: Choice, is_one_hand: impl Fn() -> bool) -> bool {
        let without = self.excess(&is_one_hand);
        let with = || excess(self.counted, self.now, &is_one_hand);
        let is_of =
            |excess: Option<(Choice, i64)>| excess.is_some_and(|(leading, _)| leading == choice);
        is_of(without) || is_of(with())
    }
}

/// See [`FreshSums::excess`]. One hand is limited to [`MAX_NET`]. Others are limited to what would count if none of their votes were
/// held: the dissent that makes them a crowd may be held itself, until the all-clear.
fn excess(
    counted: ByChoice,
    now: ByChoice,
    is_one_hand: impl FnOnce() -> bool,
) -> Option<(Choice, i64)> {
    let net = counted.net();
    if net.abs() <= MAX_NET {
        return None;
    }
    let leading = if net > 0 { Choice::Ship } else { Choice::Skip };
    let as_crowd = MAX_NET.max(now.net() * net.signum());
    let limit = if as_crowd > MAX_NET && is_one_hand() {
        MAX_NET
    } else {
        as_crowd
    };
    (net.abs() > limit).then_some((leading, net.abs() - limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ship: i64, skip: i64) -> FreshSums {
        let votes = ByChoice { ship, skip };
        FreshSums {
            first: votes,
            now: votes,
            counted: votes,
            ..FreshSums::default()
        }
    }

    #[test]
    fn up_to_the_limit_nobody_is_one_hand() {
        for n in 0..=MAX_NET {
            assert!(!of(n, 0).is_one_hand(|| 0) && !of(0, n).is_one_hand(|| 0));
        }
        assert!(of(21, 0).is_one_hand(|| 1_000) && of(0, 21).is_one_hand(|| 1_000));
    }

    #[test]
    fn dissent_makes_a_crowd_and_spreading_asks_for_less_of_it() {
        assert!(of(101, 20).is_one_hand(|| 0));
        assert!(!of(100, 20).is_one_hand(|| 0));
        assert!(!of(270, 30).is_one_hand(|| 150));
        assert!(of(270, 30).is_one_hand(|| 149));
        assert!(of(270, 9).is_one_hand(|| 270));
        assert!(!of(133, 7).is_one_hand(|| 140));
        // Of a thousand 92 in 100 agree by chance alone, but not 93.
        assert!(!of(923, 77).is_one_hand(|| 1_000));
        assert!(of(925, 75).is_one_hand(|| 1_000));
        // Of two hundred, ten have to dissent.
        assert!(!of(190, 10).is_one_hand(|| 1_000));
        assert!(of(191, 9).is_one_hand(|| 1_000));
    }

    #[test]
    fn changes_that_push_one_way_are_one_hands() {
        let vote = |first, now| FreshVote {
            first,
            now,
            held: false,
            excluded: false,
        };
        for now in [None, Some(Choice::Ship)] {
            let mut sums = of(60, 60);
            for _ in 0..30 {
                let first = vote(Choice::Skip, Some(Choice::Skip));
                sums = sums.replaced(Some(first), Some(vote(Choice::Skip, now)));
            }
            assert!(sums.is_one_hand(|| 1_000), "{sums:?}");
            assert_eq!(sums.first, of(60, 60).first);
        }
        // As many the other way: chance.
        let mut sums = of(100, 60);
        for (first, now) in [(Choice::Skip, Choice::Ship), (Choice::Ship, Choice::Skip)] {
            for _ in 0..30 {
                let before = vote(first, Some(first));
                sums = sums.replaced(Some(before), Some(vote(first, Some(now))));
            }
        }
        assert_eq!(sums.changed, 60);
        assert!(!sums.is_one_hand(|| 0));
    }

    #[test]
    fn the_excess_is_on_the_leading_side() {
        assert_eq!(of(20, 0).excess(|| true), None);
        assert_eq!(of(27, 3).excess(|| true), Some((Choice::Ship, 4)));
        assert_eq!(of(3, 27).excess(|| true), Some((Choice::Skip, 4)));
        assert_eq!(of(27, 3).excess(|| false), None);
    }

    #[test]
    fn dissent_that_is_held_moves_nothing() {
        let mut sums = of(60, 60);
        sums.counted.skip = 20;
        assert!(!sums.is_one_hand(|| 0));
        assert_eq!(sums.excess(|| false), Some((Choice::Ship, 20)));
        sums.now.ship = 90;
        sums.counted.ship = 90;
        assert_eq!(sums.excess(|| false), Some((Choice::Ship, 40)));
    }

    #[test]
    fn what_a_moderator_took_out_is_no_dissent_and_raises_no_limit() {
        // Skips that are excluded, and ships that count.
        let mut sums = of(60, 60);
        sums.excluded.skip = 60;
        assert!(sums.is_one_hand(|| 0));
        assert_eq!(sums.excess(|| true), Some((Choice::Ship, 40)));
        // Twenty ships were reset: as many skips count, not twenty more; and no ships, since those may come back.
        let mut sums = of(20, 21);
        sums.excluded.ship = 20;
        assert!(sums.exceeds_with(Choice::Skip, || true));
        let mut sums = of(21, 0);
        sums.excluded.ship = 20;
        assert!(sums.exceeds_with(Choice::Ship, || true));
    }
}
