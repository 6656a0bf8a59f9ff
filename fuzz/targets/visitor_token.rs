//! Visitor tokens: no text is believed but what was signed, and what was signed is believed with no byte changed.

use tallyship::auth::keys::Keys;
use tallyship::auth::visitor_token::{LASTS_SECONDS, Rejected, sign, verify};
use tallyship::config::Secret;
use tallyship::domain::{Timestamp, VoterId};

use super::text;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

pub fn run(data: &[u8]) {
    let secret = |letter: &str| Secret::new(letter.repeat(40));
    let keys = Keys::new(&secret("a"), Some(&secret("b")));
    if let Some(text) = text(data)
        && let Ok(token) = verify(&keys, text, NOW)
    {
        let issued = token.expires_at.plus_seconds(-LASTS_SECONDS);
        assert_eq!(sign(&keys, token.voter, issued), text, "a token that nobody signed");
    }
    let Some((voter, rest)) = data.split_first_chunk::<16>() else {
        return;
    };
    let Some((time, rest)) = rest.split_first_chunk::<8>() else {
        return;
    };
    let now = Timestamp(i64::from_le_bytes(*time) / 4);
    let token = sign(&keys, VoterId(*voter), now);
    assert_eq!(verify(&keys, &token, now).map(|token| token.voter), Ok(VoterId(*voter)));
    let stranger = Keys::new(&secret("c"), None);
    assert_eq!(verify(&stranger, &token, now), Err(Rejected::Bad));
    let mut changed = token.clone().into_bytes();
    for [place, byte] in rest.chunks_exact(2).filter_map(|two| <[u8; 2]>::try_from(two).ok()) {
        let length = changed.len();
        if let Some(there) = changed.get_mut(usize::from(place) % length) {
            *there = byte;
        }
    }
    if let Ok(changed) = String::from_utf8(changed)
        && changed != token
    {
        assert_eq!(verify(&keys, &changed, now), Err(Rejected::Bad), "{changed}");
    }
}
