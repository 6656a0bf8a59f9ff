//! Solves challenges as a client that is no browser does: with the protocol's own library.
//!
//! Called by tests of proof of work. It solves what it is given, and believes nothing else of it.
use super::client::Answer;
use altcha::{Challenge, Payload, SolveChallengeOptions, solve_challenge};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The solution of the challenge that an answer brings.
pub fn payload(answer: &Answer) -> Payload {
    let challenge: Challenge =
        serde_json::from_value(answer.json["challenge"].clone()).expect("a challenge");
    let solution = solve_challenge(SolveChallengeOptions::new(&challenge))
        .expect("it can be solved")
        .expect("in time");
    Payload {
        challenge,
        solution,
    }
}

/// As the header `Altcha` says it.
pub fn header(payload: &impl serde::Serialize) -> String {
    STANDARD.encode(serde_json::to_vec(payload).expect("JSON"))
}

/// Both.
pub fn solved(answer: &Answer) -> String {
    header(&payload(answer))
}
