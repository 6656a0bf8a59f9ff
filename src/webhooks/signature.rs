//! The signature of a webhook, as the Standard Webhooks specification has it (standardwebhooks.com, version 1): whoever
//! has the key knows that a message came from here, as it was, and when. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The value of `webhook-signature`: `v1,` and HMAC-SHA256 over `ID.TIMESTAMP.BODY` in base64. `timestamp` is in seconds
/// since 1970.
pub fn signature(key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)
        .unwrap_or_else(|_unreachable| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed apart, by `printf 'alert_1.1700000000.{"a":1}' | openssl dgst -sha256 -mac HMAC -macopt key:… -binary | base64`.
    #[test]
    fn it_is_what_openssl_says() {
        let key = b"0123456789abcdef0123456789abcdef";
        let signed = signature(key, "alert_1", 1_700_000_000, br#"{"a":1}"#);
        assert_eq!(signed, "v1,/3CWCi0ZNNlbXpBBpQD11wf9l0d1+GbjXQEKPbBe3zs=");
    }

    #[test]
    fn every_part_is_signed() {
        let signed = |id, at, body: &str| signature(b"key", id, at, body.as_bytes());
        let first = signed("a", 1, "x");
        for other in [
            signed("b", 1, "x"),
            signed("a", 2, "x"),
            signed("a", 1, "y"),
        ] {
            assert_ne!(first, other);
        }
        assert_ne!(first, signature(b"other", "a", 1, b"x"));
    }
}
