//! Reading a request with bounds: its body (size and time), JSON with errors that name the field; its query in `query`.
//!
//! Routes and extractors call it. It knows nothing of votes; it must never wait for a body without a deadline.

mod call;
pub mod forwarding;
mod query;

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;

use crate::http::problem::{Code, Problem};
pub use call::{RawRequest, RequestParts, ResponseHeaders};
pub use query::{Parameters, Section, query, tools};

/// The largest body of a visitor's call.
pub const SMALL: usize = 64 * 1024;
/// The largest body of the site API and of catalogue files.
pub const LARGE: usize = 4 * 1024 * 1024;

const JSON: &[u8] = b"application/json";

/// A body arrives within this time, or the call ends: a client that drips bytes must not hold a connection.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// What the head says of the body. A route that needs credentials checks them after this, and before it reads the body.
///
/// # Errors
/// 413 if more than `limit` bytes are announced; 415 if they are encoded.
pub fn check_head(headers: &HeaderMap, limit: usize) -> Result<(), Problem> {
    if announced_length(headers).is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    check_encoding(headers)
}

/// A request is taken as it is, with a body or without.
///
/// # Errors
/// 415 if it says that its body is encoded.
pub fn check_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).all(is_identity) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send the body without a Content-Encoding.",
        ));
    }
    Ok(())
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit: usize) -> Problem {
    Problem::new(
        Code::TooLarge,
        format!("The body is larger than {limit} bytes."),
    )
}

/// Reads the whole body.
///
/// # Errors
/// As [`check_head`]; 413 if more than `limit` bytes arrive; 400 if the body breaks off or drips.
pub async fn body(
    headers: &HeaderMap,
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    limit: usize,
) -> Result<Bytes, Problem> {
    check_head(headers, limit)?;
    let announced = announced_length(headers);
    // The usual body came with its head, in one piece: no copy, no clock.
    let first = match soon(&mut payload).await {
        Some(Some(Ok(chunk))) if announced == Some(chunk.len() as u64) => return Ok(chunk),
        Some(None) => return Ok(Bytes::new()),
        Some(Some(chunk)) => Some(chunk),
        None => None,
    };
    let mut chunks = futures_util::stream::iter(first).chain(payload);
    let collect = async {
        let mut whole = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_broken| Problem::bad_request("The body ended early."))?;
            if whole.len() + chunk.len() > limit {
                return Err(too_large(limit));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    };
    // On the heap, since it is rare and hundreds of calls wait elsewhere, each with a future of this size.
    match Box::pin(tokio::time::timeout(BODY_DEADLINE, collect)).await {
        Ok(result) => result,
        Err(_late) => Err(Problem::bad_request("The body did not arrive in time.")),
    }
}

/// What `payload` has next, if it has that now. The framework hands a call on before it looks at the bytes behind its head,
/// looks at them, and comes back at once: so this asks twice, and only then is there anything to wait for.
async fn soon<S: Stream + Unpin>(payload: &mut S) -> Option<Option<S::Item>> {
    let mut asked = false;
    poll_fn(|context| match payload.poll_next_unpin(context) {
        Poll::Ready(next) => Poll::Ready(Some(next)),
        Poll::Pending if asked => Poll::Ready(None),
        Poll::Pending => {
            asked = true;
            Poll::Pending
        }
    })
    .await
}

/// 415 unless the content type is JSON.
///
/// # Errors
/// `unsupported-media-type`.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers
        .get(CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .filter(|kind| kind.is_ascii())
        .unwrap_or_default();
    if kind == JSON {
        return Ok(());
    }
    let essence = kind.split(|byte| *byte == b';').next().unwrap_or_default();
    if (essence.trim_ascii()).eq_ignore_ascii_case(JSON) {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "Send application/json.",
    ))
}

/// 415 where there is a body, or says it is one, that is no JSON; a call without either is fine.
///
/// # Errors
/// `unsupported-media-type`.
pub fn json_if_any(headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    if body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        return Ok(());
    }
    require_json(headers)
}

/// Reads one JSON object.
///
/// # Errors
/// 400 `bad-request` where it is no JSON; 422 `invalid`, naming the field, where it is JSON of another shape.
pub fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(body).is_err() {
        return Err(Problem::bad_request("The body is not valid UTF-8."));
    }
    let first = body
        .iter()
        .copied()
        .find(|byte| !byte.is_ascii_whitespace());
    let mut reader = serde_json::Deserializer::from_slice(body);
    if first != Some(b'{') {
        // serde would read an array into a struct, field by field.
        return Err(
            match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
                Ok(_) => Problem::invalid("The body must be a JSON object."),
                Err(cause) => Problem::bad_request(format!("The body is not valid JSON: {cause}.")),
            },
        );
    }
    // What is read at once costs less than what is watched as it is read, for the name of a field at fault.
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        // serde calls a number where a word belongs a syntax error; whether the body is JSON is asked of the body itself.
        if !cause.is_data() && serde_json::from_slice::<serde::de::IgnoredAny>(body).is_err() {
            return Problem::bad_request(format!("The body is not valid JSON: {cause}."));
        }
        let message = sentence(&cause);
        Problem::invalid(if path == "." {
            message
        } else {
            format!("{path}: {message}")
        })
    })?;
    reader
        .end()
        .map_err(|cause| Problem::bad_request(format!("The body is not valid JSON: {cause}.")))?;
    Ok(value)
}

/// serde's message without the position at its end.
fn sentence(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    text.rsplit_once(" at line ")
        .map_or(text.clone(), |(message, _)| message.to_owned())
}

/// The `{slug}` of `/v1/tools/{slug}/…`.
pub fn slug(path: &str) -> &str {
    let rest = path.strip_prefix("/v1/tools/").unwrap_or_default();
    let end = rest.bytes().position(|byte| byte == b'/');
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        choice: Choice,
    }

    fn refused(body: &str) -> (Code, String) {
        let problem = json::<Sample>(body.as_bytes()).expect_err(body);
        (problem.code, problem.detail().to_owned())
    }

    #[test]
    fn json_is_read_or_refused_by_name() {
        assert_eq!(
            json::<Sample>(b" {\"choice\":\"ship\"} ")
                .expect("reads")
                .choice,
            Choice::Ship
        );
        for bad in [
            "",
            "{",
            "{\"choice\":\"ship\"}x",
            "nul",
            "{\"choice\" \"ship\"}",
            "\u{1}",
        ] {
            assert_eq!(refused(bad).0, Code::BadRequest, "{bad}");
        }
        for (bad, name) in [
            ("{\"choice\":\"maybe\"}", "choice"),
            ("{\"choice\":1}", "choice"),
            ("{}", "choice"),
            ("{\"choice\":\"ship\",\"extra\":1}", "extra"),
            ("{\"choice\":\"ship\",\"choice\":\"skip\"}", "choice"),
            ("[\"ship\"]", "object"),
            ("\"ship\"", "object"),
        ] {
            let (code, detail) = refused(bad);
            assert_eq!(code, Code::Invalid, "{bad}");
            assert!(detail.contains(name), "{bad}: {detail}");
        }
    }
}
