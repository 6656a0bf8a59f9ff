//! What HTTP's parser refuses before any handler sees it: the framework's answer is empty, so it is filled in here.
//!
//! `Connection` asks it about every write; nothing but the first bytes of an ordinary answer is looked at.

use bytes::Bytes;

use crate::http::problem::{Code, Problem};

const EMPTY: &str = "\r\ncontent-length: 0\r\n";

/// The whole answer in the place of an empty refusal; `None` for every other write. Our own refusals have a body.
#[must_use]
pub fn filled(written: &[u8]) -> Option<Bytes> {
    let status = written.strip_prefix(b"HTTP/1.1 4")?;
    let problem = match status.get(..2)? {
        b"00" => Problem::bad_request("This is no request that can be read."),
        b"08" => Problem::new(Code::TooSlow, "The request did not arrive in time."),
        b"31" => Problem::new(Code::HeadTooLarge, "Address and headers are too long."),
        _ => return None,
    };
    let head = std::str::from_utf8(written).ok()?;
    let (before, after) = head.split_once(EMPTY)?;
    let document = String::from_utf8(problem.document()).ok()?;
    let length = document.len();
    let answer = format!(
        "{before}\r\ncontent-length: {length}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\n{after}{document}"
    );
    head.ends_with("\r\n\r\n").then(|| answer.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_refusal_is_filled_and_nothing_else() {
        let empty = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\ndate: x\r\n\r\n";
        let answer = filled(empty).expect("filled");
        let answer = std::str::from_utf8(&answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains("431") && head.contains("date: x"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
        assert!(body.contains("\"status\":431"), "{body}");
        for other in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 7\r\n\r\n{\"a\":1}",
            "HTTP/1.1 4",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: x\r\n",
            "",
        ] {
            assert_eq!(filled(other.as_bytes()), None, "{other:?}");
        }
    }
}
