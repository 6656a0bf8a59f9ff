//! What goes out in the place of the framework's empty refusal: it looks at bytes of an answer, some of which a client chose.

use tallyship::http::connection::parse_errors::filled;

pub fn run(data: &[u8]) {
    let Some(answer) = filled(data) else {
        return;
    };
    // A head, of which the framework never writes more than one.
    if data.windows(4).position(|some| some == b"\r\n\r\n") != Some(data.len() - 4) {
        return;
    }
    // Answers to the requests before it may lie in front of the refusal; they go out as they came.
    let begin = data.windows(10).rposition(|some| some == b"HTTP/1.1 4").unwrap_or_default();
    assert_eq!(answer.get(..begin), data.get(..begin));
    let answer = answer.slice(begin..);
    let at = answer.windows(4).position(|some| some == b"\r\n\r\n");
    let (head, body) = answer.split_at(at.unwrap_or_default() + 4);
    let head = String::from_utf8_lossy(head);
    let status = [400, 408, 431].into_iter().find(|status| head.starts_with(&format!("HTTP/1.1 {status}")));
    assert!(status.is_some(), "{head}");
    let document: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    assert_eq!(document.get("status").and_then(serde_json::Value::as_u64), status, "{head}");
    assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
}
