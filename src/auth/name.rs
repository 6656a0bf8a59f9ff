//! A voter's name as files write it: `visitor:UUID`, `user:ISS:SUB`, or any other text.
//!
//! Imports read names, exports write them. One text is one voter, on every database and under every secret: that is what
//! makes an import idempotent, and a site that moves the same site. A named voter's id can be no visitor's.

use openssl::sha::sha256;
use uuid::Uuid;

pub use super::store::remember;
use crate::domain::VoterId;

/// Before a visitor's id.
const VISITOR: &str = "visitor:";
/// Before the issuer and subject of the site's own user.
const USER: &str = "user:";
/// The longest text, in characters; a user's is made of two that the site chose.
const LONGEST: usize = 128;
const LONGEST_USER: usize = 512;

/// The voter that `text` names.
///
/// # Errors
/// A phrase that says what was expected.
pub fn read(text: &str) -> Result<VoterId, String> {
    if let Some(id) = text.strip_prefix(VISITOR) {
        return Uuid::try_parse(id)
            .ok()
            .filter(|_| id.len() == 36)
            .map(|id| VoterId(id.into_bytes()))
            .ok_or_else(|| "expected a UUID after visitor:".to_owned());
    }
    let most = if text.starts_with(USER) {
        LONGEST_USER
    } else {
        LONGEST
    };
    let length = text.chars().count();
    if !(1..=most).contains(&length) {
        return Err(format!("expected 1 to {most} characters, found {length}"));
    }
    if text.chars().any(char::is_control) {
        return Err("control characters are not taken".to_owned());
    }
    Ok(named(text))
}

/// The voter of any text but a visitor's: 122 bits of a hash, marked as version 8 of RFC 9562, which no visitor's id bears.
pub fn named(text: &str) -> VoterId {
    let hash = sha256(&[b"tallyship/1/voter\0".as_slice(), text.as_bytes()].concat());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    VoterId(Uuid::new_v8(bytes).into_bytes())
}

/// The name of the site's own user.
pub fn user(issuer: &str, subject: &str) -> String {
    format!("{USER}{issuer}:{subject}")
}

/// The voter that staff mean: as their lists show it, or a user by name.
pub fn of_staff(text: &str) -> Option<VoterId> {
    VoterId::parse(text).or_else(|| text.starts_with(USER).then(|| read(text).ok()).flatten())
}

/// Whether `text` is a name that has to be remembered, because it cannot be read out of the id.
pub fn is_remembered(text: &str) -> bool {
    !text.starts_with(VISITOR)
}

/// The name of a voter of whom no text is remembered.
pub fn visitor(voter: VoterId) -> String {
    format!("{VISITOR}{}", Uuid::from_bytes(voter.0).hyphenated())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{made_at, new_voter};

    #[test]
    fn a_name_is_one_voter() {
        let voter = new_voter();
        assert_eq!(read(&visitor(voter)), Ok(voter));
        assert_eq!(
            read(&visitor(voter).to_uppercase().replace("VISITOR", "visitor")),
            Ok(voter)
        );
        let anna = read("anna").expect("a text");
        assert_eq!(read("anna"), Ok(anna));
        assert_ne!(read("Anna"), Ok(anna));
        assert_ne!(read("user:https://site.example:7").expect("a user"), anna);
        assert!(made_at(anna).is_none(), "no visitor's id");
        assert_eq!(
            read(&visitor(anna)),
            Ok(anna),
            "also where its text was forgotten"
        );
        // Fixed for ever: another hash would make every named voter a stranger.
        assert_eq!(
            visitor(anna),
            "visitor:0d93972a-4806-8c4b-8c77-cdd12a1d9931"
        );
        for bad in [
            "",
            "visitor:",
            "visitor:7",
            "a\nb",
            "a\0",
            &"x".repeat(129),
            &format!("user:{}", "x".repeat(508)),
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        let braced = format!("visitor:{{{}}}", &visitor(voter)[8..]);
        assert!(read(&braced).is_err(), "one spelling of an id");
        assert!(read(&"ä".repeat(128)).is_ok());
    }
}
