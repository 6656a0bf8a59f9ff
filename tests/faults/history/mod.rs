//! A history: what clients asked and were told, and whether votes that are registers, one a voter and tool, could have
//! answered so.
//!
//! `matrix` records one under faults and has it checked. It must never repair a history: an answer that nobody got stays
//! open, and only an answer that was got binds the server.
mod bad;
pub mod books;
pub mod clients;
pub mod register;

use crate::book::Choice;
use std::time::Duration;

/// What a call asked for. `Write(None)` is a withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Write(Choice),
    Read,
    /// A tally that was asked for, or that a stream brought.
    Tally,
}

/// A tally as it was shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub version: i64,
    pub counts: (i64, i64),
}

/// One call and its answer. Times run from the beginning of the history.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub voter: usize,
    pub tool: usize,
    pub instance: usize,
    pub kind: Kind,
    pub began: Duration,
    pub ended: Duration,
    /// 0 where the connection ended without an answer.
    pub status: u16,
    /// The voter's vote in the answer, where there is one.
    pub vote: Option<Choice>,
    pub tally: Option<Shown>,
}

impl Call {
    pub fn success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A write that was answered with success.
    pub fn acknowledged(&self) -> bool {
        self.success() && matches!(self.kind, Kind::Write(_))
    }
}

/// What is wrong with a history. `lost` and `false_success` stand in the matrix, the rest fails it all the same.
#[derive(Debug, Default)]
pub struct Findings {
    /// Registers whose answers were fine until the database was looked at.
    pub lost: Vec<String>,
    /// Answers that contradict each other, or came while no database could have taken the vote.
    pub false_success: Vec<String>,
    pub other: Vec<String>,
}

impl Findings {
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.lost
            .iter()
            .chain(&self.false_success)
            .chain(&self.other)
    }

    pub fn is_clean(&self) -> bool {
        self.all().next().is_none()
    }
}
