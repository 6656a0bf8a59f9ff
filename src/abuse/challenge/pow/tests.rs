//! Challenges that are solved, late, forged, changed, meant for something else, or no challenges at all.

use super::*;
use crate::auth::keys::Keys;
use crate::config::Secret;
use altcha::{Challenge, SolveChallengeOptions, solve_challenge};
use serde_json::json;

const VOTER: VoterId = VoterId([7; 16]);
const VOTE: Purpose<'_> = Purpose::Vote {
    voter: VOTER,
    slug: "codestral-2",
};

fn secret(text: &str) -> Secret {
    Secret::new(format!("{text}-0123456789012345678901234567890123"))
}

fn puzzles(current: &str, previous: Option<&str>) -> Puzzles {
    let previous = previous.map(secret);
    let keys = Keys::new(&secret(current), previous.as_ref());
    Puzzles::new(keys.challenges(), [0; 16])
}

fn made(puzzles: &Puzzles, purpose: Purpose<'_>, now: Timestamp) -> Challenge {
    let made = puzzles.make(purpose, now).expect("made");
    serde_json::from_str(made.get()).expect("a challenge")
}

fn solved(challenge: Challenge) -> Payload {
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge))
        .expect("solvable")
        .expect("in time");
    Payload {
        challenge,
        solution,
    }
}

fn header(payload: &impl serde::Serialize) -> String {
    STANDARD.encode(serde_json::to_vec(payload).expect("JSON"))
}

#[test]
fn a_solution_is_good_for_what_its_challenge_was_for() {
    let (puzzles, now) = (puzzles("a", None), Timestamp::now());
    let challenge = made(&puzzles, VOTE, now);
    let parameters = &challenge.parameters;
    assert_eq!((parameters.cost, parameters.key_length), (ROUNDS, 32));
    assert_eq!(parameters.key_prefix.len(), 32, "half a key to find");
    let payload = solved(challenge);
    assert!(payload.solution.counter < MOST_TRIES);
    let header = header(&payload);
    let solved = puzzles.check(header.as_bytes(), VOTE, now).expect("right");
    let end = now.plus_seconds(LASTS_SECONDS);
    assert_eq!(solved.ends_at.seconds(), end.seconds());
    for elsewhere in [
        Purpose::Vote {
            voter: VoterId([8; 16]),
            slug: "codestral-2",
        },
        Purpose::Vote {
            voter: VOTER,
            slug: "codestral-",
        },
        Purpose::Vote {
            voter: VOTER,
            slug: "",
        },
        Purpose::Mint { network: [7; 16] },
    ] {
        let refused = puzzles.check(header.as_bytes(), elsewhere, now);
        assert_eq!(refused, Err(Wrong::Elsewhere), "{elsewhere:?}");
    }
    let late = puzzles.check(header.as_bytes(), VOTE, end);
    assert_eq!(late, Err(Wrong::Expired));
    // Of another run, where only one's own are believed.
    let restarted = Puzzles {
        keys: puzzles.keys.clone(),
        run: [1; 16],
    };
    let refused = restarted.check(header.as_bytes(), VOTE, now);
    assert_eq!(refused, Err(Wrong::Elsewhere));
}

#[test]
fn the_secret_before_is_believed_and_no_other() {
    let (old, now) = (puzzles("old", None), Timestamp::now());
    let header = header(&solved(made(&old, VOTE, now)));
    let check = |puzzles: Puzzles| puzzles.check(header.as_bytes(), VOTE, now);
    assert!(check(puzzles("new", Some("old"))).is_ok());
    assert_eq!(check(puzzles("new", None)), Err(Wrong::Forged));
    assert_eq!(check(puzzles("new", Some("other"))), Err(Wrong::Forged));
}

#[test]
fn nothing_of_a_challenge_can_be_changed() {
    let (puzzles, now) = (puzzles("a", None), Timestamp::now());
    let payload = solved(made(&puzzles, VOTE, now));
    let good = serde_json::to_value(&payload).expect("JSON");
    let end = payload.challenge.parameters.expires_at.expect("an end");
    for (path, value) in [
        ("/challenge/parameters/algorithm", json!("SHA-256")),
        ("/challenge/parameters/cost", json!(1)),
        ("/challenge/parameters/expiresAt", json!(end + 1)),
        ("/challenge/parameters/expiresAt", json!(0)),
        ("/challenge/parameters/keyLength", json!(1)),
        ("/challenge/parameters/keyPrefix", json!("")),
        ("/challenge/parameters/keySignature", json!("")),
        ("/challenge/parameters/keySignature", json!(null)),
        ("/challenge/parameters/nonce", json!("00")),
        ("/challenge/parameters/salt", json!("00")),
        ("/challenge/parameters/data/for", json!("00")),
        ("/challenge/parameters/data", json!({})),
        ("/challenge/signature", json!(null)),
        ("/challenge/signature", json!("")),
        ("/challenge/signature", json!("0".repeat(64))),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(path).expect("there") = value;
        let refused = puzzles.check(header(&changed).as_bytes(), VOTE, now);
        assert_eq!(refused, Err(Wrong::Forged), "{path}");
    }
    for (path, value) in [
        ("/solution/derivedKey", json!("00".repeat(32))),
        ("/solution/derivedKey", json!("")),
        ("/solution/derivedKey", json!("no hex")),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(path).expect("there") = value;
        let refused = puzzles.check(header(&changed).as_bytes(), VOTE, now);
        assert_eq!(refused, Err(Wrong::Unsolved), "{path}");
    }
    // Signatures are of one spelling: another would be another solution to whoever remembers them.
    let mut upper = good.clone();
    let signature = upper.pointer_mut("/challenge/signature").expect("there");
    *signature = json!(signature.as_str().expect("text").to_uppercase());
    let refused = puzzles.check(header(&upper).as_bytes(), VOTE, now);
    assert_eq!(refused, Err(Wrong::Forged));
    assert!(
        puzzles.check(header(&good).as_bytes(), VOTE, now).is_ok(),
        "the twin"
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    let (puzzles, now) = (puzzles("a", None), Timestamp::now());
    let deep = STANDARD.encode("[".repeat(2000));
    let long = "A".repeat(64 * 1024);
    for bad in ["", "=", "e30=", "AAAA", "not base64", &deep, &long] {
        let refused = puzzles.check(bad.as_bytes(), VOTE, now);
        assert_eq!(refused, Err(Wrong::Unreadable), "{bad:.40}");
    }
    let refused = puzzles.check(&[0xff; 100], VOTE, now);
    assert_eq!(refused, Err(Wrong::Unreadable));
}
