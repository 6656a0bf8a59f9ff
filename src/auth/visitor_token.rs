//! Visitor tokens: who an anonymous voter is, signed, so that nothing need be stored of them.
//!
//! `caller` checks them on each call, `POST /v1/visitors` and `visitors mint` sign them. No byte of a token that was
//! not signed by one of the two live keys may ever be believed.
//!
//! 45 bytes, base64url: version (1) · key id (4) · voter (16) · issued at, seconds since 1970 (8) · BLAKE3 with a key, cut to 16
//! bytes, over all before it. In version 1 that was HMAC-SHA256; such a token renews to one of version 2.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::keys::Keys;
use crate::domain::{Timestamp, VoterId};

const DAY: i64 = 24 * 3600;
/// A token lasts 400 days, the longest that browsers keep a cookie (RFC 6265bis).
pub const LASTS_SECONDS: i64 = 400 * DAY;
/// For a year after that it still renews to the same voter.
const RENEWS_SECONDS: i64 = 365 * DAY;
/// No token issued until now can be believed or renewed after so long, nor by a clock that is a month behind.
pub const BELIEVED_SECONDS: i64 = LASTS_SECONDS + RENEWS_SECONDS + 30 * DAY;

const VERSION: u8 = 2;
const FIRST_VERSION: u8 = 1;
const SIGNED: usize = 29;
const LENGTH: usize = SIGNED + 16;
/// 45 bytes are 60 characters exactly, so no two texts decode to one token.
const TEXT_LENGTH: usize = 60;

/// A token that was signed by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    pub voter: VoterId,
    pub expires_at: Timestamp,
    pub standing: TokenStatus,
}

/// How a token's age is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenStatus {
    /// In the first half of its life, signed by the newest key, and of the newest version.
    Fresh,
    /// Valid; any use gives a new one.
    Renew,
    /// Ended within a year: no longer valid, but it renews.
    Lapsed,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    Bad,
    Expired,
}

/// Signs a token for `voter`, issued `now`.
pub fn sign(keys: &Keys, voter: VoterId, now: Timestamp) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.push(VERSION);
    bytes.extend_from_slice(&keys.current.id);
    bytes.extend_from_slice(&voter.0);
    bytes.extend_from_slice(&now.seconds().to_be_bytes());
    let tag = keys.current.tag(&bytes);
    bytes.extend_from_slice(&tag);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// When a token issued `now` ends.
pub fn expiry(now: Timestamp) -> Timestamp {
    Timestamp(now.seconds() * 1_000_000).plus_seconds(LASTS_SECONDS)
}

/// Checks a token.
///
/// # Errors
/// [`Rejected::Bad`] where neither live key signed it; [`Rejected::Expired`] where it ended more than a year ago.
pub fn verify(keys: &Keys, text: &str, now: Timestamp) -> Result<Verified, Rejected> {
    let mut bytes = [0; LENGTH];
    if text.len() != TEXT_LENGTH || URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) != Ok(LENGTH) {
        return Err(Rejected::Bad);
    }
    let (signed, tag) = bytes.split_at(SIGNED);
    let (head, rest) = signed.split_at(5);
    let (voter, issued) = rest.split_at(16);
    let [version, key_id @ ..] = head else {
        return Err(Rejected::Bad);
    };
    let newest = key_id == keys.current.id;
    let key = match &keys.previous {
        _ if newest => &keys.current,
        Some(previous) if key_id == previous.id => previous,
        _ => return Err(Rejected::Bad),
    };
    let made = match *version {
        VERSION => key.tag(signed),
        FIRST_VERSION => key.first_tag(signed),
        _ => return Err(Rejected::Bad),
    };
    if !bool::from(made.as_slice().ct_eq(tag)) {
        return Err(Rejected::Bad);
    }
    let voter = VoterId(voter.try_into().map_err(|_wrong_length| Rejected::Bad)?);
    let issued = i64::from_be_bytes(issued.try_into().map_err(|_wrong_length| Rejected::Bad)?);
    let age = now.seconds().saturating_sub(issued);
    let standing = if age >= LASTS_SECONDS + RENEWS_SECONDS {
        return Err(Rejected::Expired);
    } else if age >= LASTS_SECONDS {
        TokenStatus::Lapsed
    } else if age >= LASTS_SECONDS / 2 || !newest || *version != VERSION {
        TokenStatus::Renew
    } else {
        TokenStatus::Fresh
    };
    Ok(Verified {
        voter,
        expires_at: Timestamp(issued.saturating_mul(1_000_000)).plus_seconds(LASTS_SECONDS),
        standing,
    })
}

#[cfg(test)]
mod tests {
    use super::super::keys::KeySet;
    use super::super::new_voter;
    use super::*;
    use crate::config::Secret;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

    fn keys(secret: &str, previous: Option<&str>) -> Keys {
        let secret_of =
            |text: &str| Secret::new(format!("{text}-0123456789012345678901234567890123"));
        Keys::new(&secret_of(secret), previous.map(secret_of).as_ref())
    }

    #[test]
    fn a_token_lives_400_days_renews_for_a_year_and_then_ends() {
        let keys = keys("a", None);
        let voter = new_voter();
        let token = sign(&keys, voter, NOW);
        let at = |days: i64| {
            verify(&keys, &token, NOW.plus_seconds(days * DAY)).map(|token| token.standing)
        };
        assert_eq!(at(0), Ok(TokenStatus::Fresh));
        assert_eq!(at(199), Ok(TokenStatus::Fresh));
        assert_eq!(at(200), Ok(TokenStatus::Renew));
        assert_eq!(at(399), Ok(TokenStatus::Renew));
        assert_eq!(at(400), Ok(TokenStatus::Lapsed));
        assert_eq!(at(764), Ok(TokenStatus::Lapsed));
        assert_eq!(at(765), Err(Rejected::Expired));
        assert_eq!(verify(&keys, &token, NOW).expect("valid").voter, voter);
        assert_eq!(
            verify(&keys, &token, NOW).expect("valid").expires_at,
            expiry(NOW)
        );
    }

    #[test]
    fn two_keys_live_and_a_third_does_not() {
        let token = sign(&keys("old", None), new_voter(), NOW);
        let rotated = keys("new", Some("old"));
        assert_eq!(
            verify(&rotated, &token, NOW).map(|t| t.standing),
            Ok(TokenStatus::Renew)
        );
        assert_eq!(
            verify(&keys("newer", Some("new")), &token, NOW),
            Err(Rejected::Bad)
        );
    }

    #[test]
    fn a_token_of_version_1_renews_and_neither_version_passes_for_the_other() {
        let keys = keys("a", None);
        let voter = new_voter();
        let of = |version: u8, tag: fn(&KeySet, &[u8]) -> [u8; 16]| {
            let mut bytes = URL_SAFE_NO_PAD
                .decode(sign(&keys, voter, NOW))
                .expect("base64");
            bytes.truncate(SIGNED);
            bytes[0] = version;
            let tag = tag(&keys.current, &bytes);
            bytes.extend_from_slice(&tag);
            verify(&keys, &URL_SAFE_NO_PAD.encode(bytes), NOW).map(|t| (t.voter, t.standing))
        };
        assert_eq!(of(2, KeySet::tag), Ok((voter, TokenStatus::Fresh)));
        assert_eq!(of(1, KeySet::first_tag), Ok((voter, TokenStatus::Renew)));
        for crossed in [
            of(1, KeySet::tag),
            of(2, KeySet::first_tag),
            of(3, KeySet::tag),
        ] {
            assert_eq!(crossed, Err(Rejected::Bad));
        }
    }

    #[test]
    fn no_mutated_token_is_accepted() {
        // 100,000 tokens, each wrong in one to three bytes, or cut, or lengthened, or of another alphabet.
        let keys = keys("a", Some("b"));
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).expect("small")
        };
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ";
        let mut tried = 0;
        while tried < 100_000 {
            let good = sign(&keys, new_voter(), NOW);
            for _ in 0..100 {
                let mut bytes = good.clone().into_bytes();
                match random(10) {
                    0 => bytes.truncate(random(TEXT_LENGTH)),
                    1 => bytes.push(alphabet[random(alphabet.len())]),
                    _ => {
                        for _ in 0..=random(3) {
                            let place = random(bytes.len());
                            bytes[place] = alphabet[random(alphabet.len())];
                        }
                    }
                }
                let text = String::from_utf8(bytes).expect("ascii");
                if text != good {
                    tried += 1;
                    assert_eq!(verify(&keys, &text, NOW), Err(Rejected::Bad), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused(text in ".{0,80}") {
            prop_assert_eq!(verify(&keys("a", None), &text, NOW), Err(Rejected::Bad));
        }

        #[test]
        fn every_signed_token_verifies(voter in any::<[u8; 16]>(), seconds in 0i64..4_000_000_000) {
            let keys = keys("a", None);
            let now = Timestamp(seconds * 1_000_000);
            let token = sign(&keys, VoterId(voter), now);
            prop_assert_eq!(verify(&keys, &token, now).map(|t| t.voter), Ok(VoterId(voter)));
        }
    }
}
