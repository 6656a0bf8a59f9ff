//! What HTTP's parser refuses before any handler sees it: the framework's answer is empty, so it is filled in here.
//!
//! `Connection` asks it about every write; nothing but the first bytes of an ordinary answer is looked at.

use bytes::Bytes;

use crate::http::problem::{Code, Problem};

const STATUS: &[u8] = b"HTTP/1.1 4";
const EMPTY: &str = "\r\ncontent-length: 0\r\n";

/// The whole of what is to be written, if its last answer is an empty refusal; `None` for every other write. Our own refusals
/// have a body. A refusal may lie behind the answers to requests that came before it.
pub fn filled(written: &[u8]) -> Option<Bytes> {
    // Nearly all other writes end with a body.
    let head = written.strip_suffix(b"\r\n\r\n")?;
    let begin = head
        .windows(STATUS.len())
        .rposition(|bytes| bytes == STATUS)?;
    let (before, refusal) = written.split_at_checked(begin)?;
    let problem = match refusal.get(STATUS.len()..STATUS.len() + 2)? {
        b"00" => Problem::bad_request("Malformed HTTP request."),
        b"08" => Problem::new(Code::TooSlow, "The request did not arrive in time."),
        b"31" => Problem::new(Code::HeadTooLarge, "Address and headers are too long."),
        _ => return None,
    };
    let head = std::str::from_utf8(refusal).ok()?;
    // Its head alone: a blank line would be the beginning of a body.
    if head.find("\r\n\r\n") != Some(head.len() - 4) {
        return None;
    }
    let (first, last) = head.split_once(EMPTY)?;
    let document = String::from_utf8(problem.document()).ok()?;
    let length = document.len();
    let answer = format!(
        "{first}\r\ncontent-length: {length}\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\n{last}{document}"
    );
    Some([before, answer.as_bytes()].concat().into())
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
        let good = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        let both = filled(&[good, &empty[..]].concat()).expect("filled");
        assert_eq!(both, [&good[..], answer.as_bytes()].concat());
        for other in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 5\r\n\r\na\r\n\r\n",
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
