//! Whether the calls on one vote can be put in an order that a register would have answered so: the search of Wing and Gong,
//! with a memory of what was tried.
//!
//! `books` asks for each voter and tool. A write whose answer nobody got may have happened at any time after its call, or
//! never. It must never take a guess: a history too long to search is a failure of the test.
use super::{Call, Kind};
use crate::book::Choice;
use std::collections::HashSet;
use std::time::Duration;

/// What one call does to the register, or says of it.
#[derive(Clone, Copy)]
enum Effect {
    /// `first`: what the answer said of whether there was a vote before.
    Write {
        value: Choice,
        first: Option<bool>,
    },
    Read(Choice),
}

struct Step {
    effect: Effect,
    began: Duration,
    /// `None` while its outcome is not known.
    ended: Option<Duration>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Fine,
    /// The answers alone are fine; what the database holds does not follow from them.
    Lost,
    /// No order of the calls gives these answers.
    Contradiction,
}

/// Judges all calls on one vote, which was not there before; `held` is what the database holds of it afterwards.
pub fn check(calls: &[Call], held: Choice) -> Verdict {
    let Some(mut steps) = calls
        .iter()
        .map(step)
        .collect::<Option<Vec<Option<Step>>>>()
    else {
        return Verdict::Contradiction;
    };
    steps.sort_by_key(|step| step.as_ref().map(|step| step.began));
    let mut steps: Vec<Step> = steps.into_iter().flatten().collect();
    assert!(
        steps.len() < 128,
        "too long to be searched: {}",
        steps.len()
    );
    if !has_order(&steps) {
        return Verdict::Contradiction;
    }
    steps.push(Step {
        effect: Effect::Read(held),
        began: Duration::MAX,
        ended: Some(Duration::MAX),
    });
    if has_order(&steps) {
        Verdict::Fine
    } else {
        Verdict::Lost
    }
}

/// Outer `None`: the answer contradicts its own call. Inner `None`: the call says nothing of the register.
fn step(call: &Call) -> Option<Option<Step>> {
    let ended = call.success().then_some(call.ended);
    let effect = match call.kind {
        Kind::Write(value) => {
            if call.success() && call.vote.is_some_and(|vote| vote != value) {
                return None;
            }
            let told = call.success() && call.vote.is_some() && value.is_some();
            let first = told.then_some(call.status == 201);
            Effect::Write { value, first }
        }
        // A read that failed says nothing.
        Kind::Read => match call.vote.filter(|_| call.success()) {
            Some(vote) => Effect::Read(vote),
            None => return Some(None),
        },
        Kind::Tally => return Some(None),
    };
    Some(Some(Step {
        effect,
        began: call.began,
        ended,
    }))
}

/// The register after the step, if it can be taken now.
fn after(state: Choice, effect: Effect) -> Option<Choice> {
    match effect {
        Effect::Write { value, first } => first
            .is_none_or(|first| first == state.is_none())
            .then_some(value),
        Effect::Read(value) => (value == state).then_some(state),
    }
}

/// Whether the steps have an order in which each that ended before another began comes before it.
fn has_order(steps: &[Step]) -> bool {
    let ended = steps.iter().enumerate().filter(|(_, s)| s.ended.is_some());
    let all = ended.fold(0_u128, |all, (n, _)| all | 1 << n);
    let mut tried: HashSet<(u128, Choice)> = HashSet::new();
    let mut open: Vec<(u128, Choice)> = vec![(0, None)];
    while let Some((done, state)) = open.pop() {
        if done & all == all {
            return true;
        }
        if !tried.insert((done, state)) {
            continue;
        }
        let left = || {
            let each = steps.iter().enumerate();
            each.filter(move |(n, _)| done & 1 << n == 0)
        };
        let next_end = left().filter_map(|(_, step)| step.ended).min();
        // Of writes with an unknown outcome and the same value, the one called first can stand for all.
        let mut unknown: Vec<Choice> = Vec::new();
        for (n, step) in left().filter(|(_, step)| Some(step.began) <= next_end) {
            if let (None, Effect::Write { value, .. }) = (step.ended, step.effect) {
                if value == state || unknown.contains(&value) {
                    continue;
                }
                unknown.push(value);
            }
            if let Some(state) = after(state, step.effect) {
                open.push((done | 1 << n, state));
            }
        }
    }
    false
}
