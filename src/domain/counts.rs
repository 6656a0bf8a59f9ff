//! [`Counts`]: votes by choice.

use super::Choice;

/// Votes by choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    pub ship: i64,
    pub skip: i64,
}

impl Counts {
    /// One vote.
    pub fn of(choice: Option<Choice>) -> Self {
        let mut counts = Self::default();
        counts.add(choice, 1);
        counts
    }

    pub fn add(&mut self, choice: Option<Choice>, votes: i64) {
        match choice {
            Some(Choice::Ship) => self.ship += votes,
            Some(Choice::Skip) => self.skip += votes,
            None => {}
        }
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            ship: self.ship + other.ship,
            skip: self.skip + other.skip,
        }
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            ship: self.ship - other.ship,
            skip: self.skip - other.skip,
        }
    }

    pub fn is_negative(self) -> bool {
        self.ship < 0 || self.skip < 0
    }
}
