//! Histories written by hand: the bad ones must be found out, the odd but possible ones must not.
//!
//! They show that the checker of the fault matrix can fail, each of its parts by a history that only this part can see.
use super::books::{self, Held};
use super::register::{Verdict, check};
use super::{Call, Kind, Shown};
use crate::book::{Choice, TOOLS};
use std::time::Duration;

const SHIP: Choice = Some("ship");
const SKIP: Choice = Some("skip");

fn call(kind: Kind, began: u64, ended: u64, status: u16, vote: Option<Choice>) -> Call {
    Call {
        voter: 0,
        tool: 0,
        instance: 0,
        kind,
        began: Duration::from_millis(began),
        ended: Duration::from_millis(ended),
        status,
        vote,
        tally: None,
    }
}

fn write(value: Choice, began: u64, ended: u64, status: u16) -> Call {
    let vote = (status / 100 == 2).then_some(value);
    call(Kind::Write(value), began, ended, status, vote)
}

fn read(value: Choice, began: u64, ended: u64) -> Call {
    call(Kind::Read, began, ended, 200, Some(value))
}

fn tally(version: i64, counts: (i64, i64), began: u64, ended: u64) -> Call {
    let shown = Shown { version, counts };
    let call = call(Kind::Tally, began, ended, 200, None);
    Call {
        tally: Some(shown),
        ..call
    }
}

#[test]
fn a_lost_write() {
    let calls = [write(SHIP, 0, 1, 201), write(SKIP, 2, 3, 200)];
    assert_eq!(check(&calls, SKIP), Verdict::Fine);
    assert_eq!(check(&calls, SHIP), Verdict::Lost);
    assert_eq!(check(&calls, None), Verdict::Lost);
}

#[test]
fn a_stale_read() {
    let calls = [
        write(SHIP, 0, 1, 201),
        write(SKIP, 2, 3, 200),
        read(SHIP, 4, 5),
    ];
    assert_eq!(check(&calls, SKIP), Verdict::Contradiction);
    // Beside the write, either is right.
    let calls = [
        write(SHIP, 0, 1, 201),
        write(SKIP, 2, 6, 200),
        read(SHIP, 4, 5),
    ];
    assert_eq!(check(&calls, SKIP), Verdict::Fine);
    // Once seen, it stays seen.
    let calls = [
        write(SHIP, 0, 1, 201),
        write(SKIP, 2, 9, 200),
        read(SKIP, 3, 4),
        read(SHIP, 5, 6),
    ];
    assert_eq!(check(&calls, SKIP), Verdict::Contradiction);
}

#[test]
fn a_resurrected_vote() {
    let calls = [write(SHIP, 0, 1, 201), write(None, 2, 3, 200)];
    assert_eq!(check(&calls, None), Verdict::Fine);
    assert_eq!(check(&calls, SHIP), Verdict::Lost);
    let calls = [
        write(SHIP, 0, 1, 201),
        write(None, 2, 3, 200),
        read(SHIP, 4, 5),
    ];
    assert_eq!(check(&calls, None), Verdict::Contradiction);
}

#[test]
fn a_double_count() {
    // Two first votes with nothing in between: one of them was counted as another's.
    let calls = [write(SHIP, 0, 1, 201), write(SHIP, 2, 3, 201)];
    assert_eq!(check(&calls, SHIP), Verdict::Contradiction);
    let calls = [write(SHIP, 0, 1, 200)];
    assert_eq!(check(&calls, SHIP), Verdict::Contradiction);
    let calls = [
        write(SHIP, 0, 1, 201),
        write(None, 2, 3, 200),
        write(SHIP, 4, 5, 201),
    ];
    assert_eq!(check(&calls, SHIP), Verdict::Fine);
}

#[test]
fn an_unknown_outcome() {
    // It may have happened, at once or late, or never.
    let calls = [write(SHIP, 0, 1, 503)];
    assert_eq!(check(&calls, SHIP), Verdict::Fine);
    assert_eq!(check(&calls, None), Verdict::Fine);
    let calls = [write(SHIP, 0, 1, 0), read(None, 2, 3), read(SHIP, 4, 5)];
    assert_eq!(check(&calls, SHIP), Verdict::Fine);
    // But once only.
    let calls = [
        write(SHIP, 0, 1, 0),
        read(SHIP, 2, 3),
        write(None, 4, 5, 200),
        read(SHIP, 6, 7),
    ];
    assert_eq!(check(&calls, SHIP), Verdict::Contradiction);
    // And what nobody asked for did not happen.
    assert_eq!(check(&[write(SHIP, 0, 1, 503)], SKIP), Verdict::Lost);
}

#[test]
fn an_answer_with_another_vote() {
    let mut wrong = write(SHIP, 0, 1, 201);
    wrong.vote = Some(SKIP);
    assert_eq!(check(&[wrong], SHIP), Verdict::Contradiction);
}

/// One ship on the first tool, told by everybody.
fn held() -> Held {
    let shown = [
        Shown {
            version: 1,
            counts: (1, 0),
        },
        Shown {
            version: 0,
            counts: (0, 0),
        },
    ];
    let (at, tool) = ("2026-11-26T00:00:00Z".to_string(), TOOLS[0].to_string());
    Held {
        own: [((0, 0), (SHIP, Some(at.clone())))].into(),
        rows: vec![(tool, "visitor:a".to_string(), "ship".to_string(), at)],
        earlier: Vec::new(),
        tallies: vec![shown],
        events: vec![shown],
    }
}

/// How many wrongs are found in a held state and more calls, beside one good vote.
fn wrongs(held: &Held, more: &[Call], away: (u64, u64)) -> (usize, usize, usize) {
    let mut calls = vec![write(SHIP, 10, 20, 201)];
    calls.extend(more);
    let away = [(Duration::from_millis(away.0), Duration::from_millis(away.1))];
    let found = books::check(&calls, &away, held);
    (
        found.lost.len(),
        found.false_success.len(),
        found.other.len(),
    )
}

#[test]
fn a_good_history_is_clean() {
    assert_eq!(
        wrongs(&held(), &[tally(1, (1, 0), 30, 40)], (12, 30)),
        (0, 0, 0)
    );
}

#[test]
fn success_without_a_database() {
    assert_eq!(wrongs(&held(), &[], (5, 30)), (0, 1, 0));
}

#[test]
fn a_vote_that_is_nobodys_or_counted_twice() {
    let mut twice = held();
    twice.rows.push(twice.rows[0].clone());
    // Two votes of one voter, one of them nobody's, and two tallies that are too small now.
    assert_eq!(wrongs(&twice, &[], (0, 0)), (0, 0, 4));
    let mut gone = held();
    gone.rows.clear();
    assert_eq!(wrongs(&gone, &[], (0, 0)), (0, 0, 3));
}

#[test]
fn a_tally_or_an_event_that_is_behind() {
    let old = Shown {
        version: 0,
        counts: (0, 0),
    };
    let (mut tally, mut event) = (held(), held());
    tally.tallies[0][0] = old;
    event.events[0][0] = old;
    for behind in [tally, event] {
        assert_eq!(wrongs(&behind, &[], (0, 0)), (0, 0, 1));
    }
}

#[test]
fn versions_that_lie() {
    // One version with two tallies (told against an instance and a stream), and a version that goes back on one instance.
    assert_eq!(
        wrongs(&held(), &[tally(1, (0, 1), 30, 40)], (0, 0)),
        (0, 0, 2)
    );
    let back = [tally(1, (1, 0), 30, 40), tally(0, (0, 0), 50, 60)];
    assert_eq!(wrongs(&held(), &back, (0, 0)), (0, 0, 1));
    let beside = [tally(1, (1, 0), 30, 40), tally(0, (0, 0), 35, 60)];
    assert_eq!(wrongs(&held(), &beside, (0, 0)), (0, 0, 0));
}

#[test]
fn an_answer_of_another_kind() {
    let odd = call(Kind::Read, 30, 40, 500, None);
    assert_eq!(wrongs(&held(), &[odd], (0, 0)), (0, 0, 1));
}
