//! What a JWT says, read strictly: no name may stand twice, no claim may be of another type, nothing unknown is obeyed.
//!
//! `users` calls it, before the signature for the header and after it for the claims. Signatures are not looked at here.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use super::Rejected;
use crate::domain::Timestamp;

/// Clocks differ by no more.
const LEEWAY_SECONDS: i64 = 30;
/// The end of the year 9999: a time after that is a mistake.
const LAST_SECOND: i64 = 253_402_300_799;
/// The most of a `kid` that is looked for.
const LONGEST_KID: usize = 256;

/// A JSON object in which no name stands twice (RFC 7519, section 4).
pub(in crate::auth) struct Object(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice"));
            }
        }
        Ok(Object(fields))
    }
}

impl Object {
    pub(in crate::auth) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(in crate::auth) fn text(&self, name: &str) -> Result<&str, Rejected> {
        match self.0.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(Rejected::Bad),
        }
    }

    /// A time in whole seconds; RFC 7519 allows fractions.
    pub(in crate::auth) fn seconds(&self, name: &str) -> Result<Option<i64>, Rejected> {
        let number = match self.0.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(Rejected::Bad),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        // 1.8e109 is no second, and must not be taken for 1.
        if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Rejected::Bad);
        }
        match whole.parse() {
            Ok(seconds) if (0..=LAST_SECOND).contains(&seconds) && !whole.starts_with('-') => {
                Ok(Some(seconds))
            }
            _ => Err(Rejected::Bad),
        }
    }
}

/// The header of a token, in which nothing is called critical: that must be understood (RFC 7515, 4.1.11), and nothing is.
///
/// # Errors
/// [`Rejected::Bad`].
pub(in crate::auth) fn header(text: &str) -> Result<Object, Rejected> {
    let mut parts = text.split('.');
    let (Some(header), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Rejected::Bad);
    };
    let bytes = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_unread| Rejected::Bad)?;
    let header: Object = serde_json::from_slice(&bytes).map_err(|_unread| Rejected::Bad)?;
    if header.0.contains_key("crit") {
        return Err(Rejected::Bad);
    }
    Ok(header)
}

/// The `kid` of a token whose header is of the configured algorithm. That it names one is no reason to believe it: a key is
/// only ever used with the algorithm of the settings.
///
/// # Errors
/// [`Rejected::Bad`].
pub(super) fn kid(text: &str, algorithm: &str) -> Result<String, Rejected> {
    let header = header(text)?;
    if header.text("alg")? != algorithm {
        return Err(Rejected::Bad);
    }
    match header.text("kid")? {
        kid if kid.len() <= LONGEST_KID => Ok(kid.to_owned()),
        _ => Err(Rejected::Bad),
    }
}

/// Whom the claims name, if they are for us and of now.
///
/// # Errors
/// [`Rejected::Expired`] where nothing but its time is over, else [`Rejected::Bad`].
pub(in crate::auth) fn subject<'a>(
    claims: &'a Object,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<&'a str, Rejected> {
    let is_for_us = match claims.0.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(all)) => {
            all.iter().all(Value::is_string) && all.iter().any(|one| one == audience)
        }
        _ => false,
    };
    if claims.text("iss")? != issuer || !is_for_us {
        return Err(Rejected::Bad);
    }
    let subject = claims.text("sub")?;
    let end = claims.seconds("exp")?.ok_or(Rejected::Bad)?;
    let begin = claims.seconds("nbf")?.unwrap_or(0);
    claims.seconds("iat")?;
    let now = now.seconds();
    if begin > now + LEEWAY_SECONDS {
        return Err(Rejected::Bad);
    }
    if now >= end + LEEWAY_SECONDS {
        return Err(Rejected::Expired);
    }
    Ok(subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_800_000_000;

    fn read(json: &str) -> Result<String, Rejected> {
        let claims: Object = serde_json::from_str(json).map_err(|_unread| Rejected::Bad)?;
        subject(&claims, "us", "votes", Timestamp(NOW * 1_000_000)).map(str::to_owned)
    }

    fn with(field: &str) -> Result<String, Rejected> {
        read(&format!(r#"{{"iss":"us","aud":"votes","sub":"7"{field}}}"#))
    }

    #[test]
    fn a_token_ends_to_the_second_with_a_short_leeway() {
        let ends = |at: i64| with(&format!(",\"exp\":{at}"));
        assert_eq!(ends(NOW + 1), Ok("7".to_owned()));
        assert_eq!(ends(NOW - 29), Ok("7".to_owned()));
        assert_eq!(ends(NOW - 30), Err(Rejected::Expired));
        assert_eq!(ends(0), Err(Rejected::Expired));
        let begins = |at: i64| with(&format!(",\"exp\":{},\"nbf\":{at}", NOW + 60));
        assert_eq!(begins(NOW + 30), Ok("7".to_owned()));
        assert_eq!(begins(NOW + 31), Err(Rejected::Bad));
        assert_eq!(with(&format!(",\"exp\":{NOW}.75")), Ok("7".to_owned()));
    }

    #[test]
    fn a_time_is_a_number_and_a_name_stands_once() {
        for bad in [
            "",
            ",\"exp\":null",
            ",\"exp\":\"1900000000\"",
            ",\"exp\":-1",
            ",\"exp\":-0.5",
            ",\"exp\":1e300",
            ",\"exp\":1.9e30",
            ",\"exp\":1900000000,\"nbf\":1.8e109",
            ",\"exp\":1900000000,\"nbf\":1.8e-9",
            ",\"exp\":253402300800",
            ",\"exp\":18446744073709551615",
            ",\"exp\":[1900000000]",
            ",\"exp\":true",
            ",\"exp\":1900000000,\"exp\":1900000000",
            ",\"exp\":1900000000,\"\\u0065xp\":1",
            ",\"exp\":1900000000,\"nbf\":\"0\"",
            ",\"exp\":1900000000,\"iat\":\"0\"",
            ",\"exp\":1900000000,\"sub\":\"8\"",
            ",\"exp\":1900000000,\"x\":1,\"x\":1",
        ] {
            assert_eq!(with(bad), Err(Rejected::Bad), "{bad}");
        }
    }

    #[test]
    fn it_is_for_us_or_for_nobody() {
        let of = |fields: &str| read(&format!("{{{fields},\"exp\":1900000000}}"));
        assert!(of(r#""iss":"us","aud":["x","votes"],"sub":"7""#).is_ok());
        for bad in [
            r#""iss":"them","aud":"votes","sub":"7""#,
            r#""iss":["us"],"aud":"votes","sub":"7""#,
            r#""aud":"votes","sub":"7""#,
            r#""iss":"us","sub":"7""#,
            r#""iss":"us","aud":[],"sub":"7""#,
            r#""iss":"us","aud":["votes",7],"sub":"7""#,
            r#""iss":"us","aud":{"votes":1},"sub":"7""#,
            r#""iss":"us","aud":"vote","sub":"7""#,
            r#""iss":"us","aud":"votes","sub":"""#,
            r#""iss":"us","aud":"votes","sub":7"#,
            r#""iss":"us","aud":"votes""#,
        ] {
            assert_eq!(of(bad), Err(Rejected::Bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_more_than_refused(text in "[a-zA-Z0-9_.-]{0,120}") {
            prop_assert!(kid(&text, "EdDSA").is_err());
        }

        #[test]
        fn no_header_names_another_algorithm(alg in "[A-Za-z0-9]{0,8}", kid_text in "[a-z]{1,4}") {
            let header = URL_SAFE_NO_PAD.encode(serde_json::json!({"alg": alg, "kid": kid_text}).to_string());
            prop_assert_eq!(kid(&format!("{header}.e.s"), "ES256").is_ok(), alg == "ES256");
        }
    }
}
