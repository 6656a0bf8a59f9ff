//! [`Puzzles`]: challenges of ALTCHA (proof of work v2, PBKDF2/SHA-256, altcha.org), made and checked by the project's crate.
//!
//! Only `challenge` calls it. A challenge is always signed, always ends, and is always bound to what it is for; nothing of a
//! solution is believed before its signature was checked. Whether a solution was used before is `spent`'s to say.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use altcha::{CreateChallengeOptions, Payload, VerifySolutionOptions, VerifySolutionResult};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::abuse::attack_level::NetworkKey;
use crate::auth::keys::ChallengeKeys;
use crate::domain::{Timestamp, VoterId};
/// A challenge ends after five minutes.
pub(super) const LASTS_SECONDS: i64 = 300;
const ALGORITHM: &str = "PBKDF2/SHA-256";
/// Rounds of one try, and the most tries that it takes (half of them on average, any number as likely as another, so that
/// nobody gains by knowing the range). `docs/abuse.md` says what that costs on both sides: making a challenge costs one try
/// here, checking a solution two HMACs.
const ROUNDS: u32 = 500;
const MOST_TRIES: u32 = 4000;
/// The member of a challenge's `data` that says what it is for.
const FOR: &str = "for";
/// A solution as we would write it has some 900 characters.
const LONGEST: usize = 4096;

/// What a challenge is for; its solution is good for nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// A vote of this voter on the tool of this name.
    Vote { voter: VoterId, slug: &'a str },
    /// A new visitor from this network.
    Mint { network: NetworkKey },
}

impl Purpose<'_> {
    /// Unlike for any two purposes: what differs in length comes last.
    fn bytes(&self, run: &[u8]) -> Vec<u8> {
        match self {
            Self::Vote { voter, slug } => {
                [run, b"v".as_slice(), &voter.0, slug.as_bytes()].concat()
            }
            Self::Mint { network } => [run, b"m".as_slice(), network].concat(),
        }
    }
}

/// Why a solution is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Unreadable,
    /// We did not sign the challenge, or not like this.
    Forged,
    Expired,
    /// For another tool, another visitor, another network, or of a server that was restarted since.
    Elsewhere,
    Unsolved,
}

/// A right solution, as `spent` knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Solved {
    /// The first half of the challenge's signature: no two challenges share it.
    pub id: [u8; 16],
    pub ends_at: Timestamp,
}

/// Why no challenge could be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmade {
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Challenge(#[from] altcha::Error),
    #[error("the challenge is not signed")]
    Unsigned,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Makes and checks challenges.
pub(super) struct Puzzles {
    keys: Vec<ChallengeKeys>,
    /// Where only this run's challenges are to be believed, a name of it; else the same for all.
    run: [u8; 16],
}

impl Puzzles {
    pub(super) fn new(keys: &[ChallengeKeys], run: [u8; 16]) -> Self {
        Self {
            keys: keys.to_vec(),
            run,
        }
    }

    /// A new challenge, as JSON.
    pub(super) fn make(
        &self,
        purpose: Purpose<'_>,
        now: Timestamp,
    ) -> Result<Box<RawValue>, Unmade> {
        let keys = self.keys.first().ok_or(Unmade::Unsigned)?;
        let bound = hex::encode(keys.bound(&purpose.bytes(&self.run)));
        let tries = getrandom::u32().map_err(Unmade::Random)? % MOST_TRIES;
        let challenge = altcha::create_challenge(CreateChallengeOptions {
            algorithm: ALGORITHM.to_owned(),
            cost: ROUNDS,
            counter: Some(tries),
            data: Some(BTreeMap::from([(FOR.to_owned(), Value::String(bound))])),
            expires_at: Some(now.plus_seconds(LASTS_SECONDS).seconds()),
            hmac_signature_secret: Some(keys.challenge.clone()),
            hmac_key_signature_secret: Some(keys.answer.clone()),
            ..CreateChallengeOptions::default()
        })?;
        // An empty key would be no error to the crate: the challenge would be anybody's.
        if challenge.signature.is_none() || challenge.parameters.key_signature.is_none() {
            return Err(Unmade::Unsigned);
        }
        Ok(serde_json::value::to_raw_value(&challenge)?)
    }

    /// Checks what came in the header `Altcha`: the base64 of `{"challenge":…,"solution":…}`.
    pub(super) fn check(
        &self,
        header: &[u8],
        purpose: Purpose<'_>,
        now: Timestamp,
    ) -> Result<Solved, Wrong> {
        let Payload {
            challenge,
            solution,
        } = read(header).ok_or(Wrong::Unreadable)?;
        let signature = challenge.signature.as_deref().ok_or(Wrong::Forged)?;
        let checked = |keys: &ChallengeKeys| {
            altcha::verify_solution(VerifySolutionOptions {
                hmac_key_signature_secret: Some(keys.answer.clone()),
                ..VerifySolutionOptions::new(&challenge, &solution, keys.challenge.clone())
            })
        };
        let mut signed = None;
        for keys in &self.keys {
            match checked(keys) {
                Ok(VerifySolutionResult { expired: true, .. }) => return Err(Wrong::Expired),
                Ok(VerifySolutionResult {
                    invalid_signature: Some(false),
                    verified,
                    ..
                }) => signed = Some((keys, verified)),
                Ok(_) | Err(_) => {}
            }
        }
        let (keys, verified) = signed.ok_or(Wrong::Forged)?;
        // From here on the parameters are what we wrote.
        let parameters = &challenge.parameters;
        let ends_at = parameters
            .expires_at
            .map(|end| Timestamp(0).plus_seconds(end))
            .filter(|end| now < *end)
            .ok_or(Wrong::Expired)?;
        let bound = hex::encode(keys.bound(&purpose.bytes(&self.run)));
        let said = parameters.data.as_ref().and_then(|data| data.get(FOR));
        if said.and_then(Value::as_str) != Some(bound.as_str()) {
            return Err(Wrong::Elsewhere);
        }
        if !verified {
            return Err(Wrong::Unsolved);
        }
        let id = id(signature).ok_or(Wrong::Forged)?;
        Ok(Solved { id, ends_at })
    }
}

fn read(header: &[u8]) -> Option<Payload> {
    if header.len() > LONGEST {
        return None;
    }
    let json = STANDARD.decode(header).ok()?;
    serde_json::from_slice(&json).ok()
}

/// The first 16 bytes of a signature in hexadecimal.
fn id(signature: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    hex::decode_to_slice(signature.get(..32)?, &mut id).ok()?;
    (signature.len() == 64).then_some(id)
}
