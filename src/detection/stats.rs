//! [`VoteStats`]: what is counted of some votes; and how shares of it are judged. Pure. `rule` and `memory` use it.

use crate::domain::Choice;

/// Of the normal distribution: a share lies above the lower bound in 95 of 100 cases.
const Z: f64 = 1.645;

/// What is counted of some votes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VoteStats {
    pub votes: u32,
    pub ship: u32,
    /// Of which network and token are known.
    pub known: u32,
    /// By tokens that were minutes old.
    pub fresh: u32,
}

impl VoteStats {
    pub fn add(&mut self, ship: bool, known: bool, fresh: bool) {
        self.votes += 1;
        self.ship += u32::from(ship);
        self.known += u32::from(known);
        self.fresh += u32::from(known && fresh);
    }

    /// These with others.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            votes: self.votes.saturating_add(other.votes),
            ship: self.ship.saturating_add(other.ship),
            known: self.known.saturating_add(other.known),
            fresh: self.fresh.saturating_add(other.fresh),
        }
    }

    /// The side that all of them are for.
    pub fn unanimous(self) -> Option<Choice> {
        [Choice::Ship, Choice::Skip]
            .into_iter()
            .find(|side| self.of_side(*side) == self.votes)
    }

    /// These without `some` of them.
    #[must_use]
    pub fn without(self, some: Self) -> Self {
        Self {
            votes: self.votes.saturating_sub(some.votes),
            ship: self.ship.saturating_sub(some.ship),
            known: self.known.saturating_sub(some.known),
            fresh: self.fresh.saturating_sub(some.fresh),
        }
    }

    /// Votes for one side.
    pub fn of_side(self, choice: Choice) -> u32 {
        match choice {
            Choice::Ship => self.ship,
            Choice::Skip => self.votes.saturating_sub(self.ship),
        }
    }
}

/// One-sided bounds of the Wilson score interval (E. B. Wilson, 1927) of `count` in `all`.
pub(super) fn bounds(count: u32, all: u32) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (n, k) = (f64::from(all), f64::from(count));
    let (p, z2) = (k / n, Z * Z);
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// How far a share has come from `usual` towards one: 0 to 1.
pub(super) fn beyond(share: f64, usual: f64) -> f64 {
    if usual >= 0.97 {
        return 0.0;
    }
    ((share - usual) / (1.0 - usual)).clamp(0.0, 1.0)
}

pub(super) fn part(count: u32, all: u32) -> f64 {
    f64::from(count) / f64::from(all.max(1))
}

/// A number of votes, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the bounds of u32"
)]
pub(super) fn rounded(votes: f64) -> u32 {
    votes.clamp(0.0, f64::from(u32::MAX)).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_votes_prove_little() {
        let (few, _) = bounds(5, 5);
        let (many, _) = bounds(500, 500);
        assert!(few < 0.7 && many > 0.99, "{few} {many}");
        let (low, high) = bounds(0, 0);
        assert!(low.abs() < f64::EPSILON && (high - 1.0).abs() < f64::EPSILON);
        assert!(beyond(0.9, 0.8) > 0.4 && beyond(0.7, 0.8).abs() < f64::EPSILON);
    }

    #[test]
    fn a_group_without_a_part_never_goes_below_nothing() {
        let mut group = VoteStats::default();
        group.add(true, true, true);
        group.add(false, false, true);
        assert_eq!((group.votes, group.known, group.fresh), (2, 1, 1));
        assert_eq!(
            (group.of_side(Choice::Ship), group.of_side(Choice::Skip)),
            (1, 1)
        );
        assert_eq!(VoteStats::default().without(group), VoteStats::default());
    }
}
