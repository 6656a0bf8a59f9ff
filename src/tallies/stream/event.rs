//! The wire form: server-sent events, framed once as HTTP/1.1 chunks and shared by everybody who gets them.
//!
//! `audience` makes them. An event's bytes are the same for every subscriber; only HTTP/1.0 leaves the frame off.

use std::sync::LazyLock;

use bytes::Bytes;

use crate::domain::Slug;
use crate::tallies::cache::{TallyCache, TallyEntry};

/// Bytes for a stream, with and without the chunk's frame around them.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    framed: Bytes,
    text: Bytes,
}

impl Frame {
    pub(super) fn new(text: &[u8]) -> Self {
        let head = format!("{:x}\r\n", text.len());
        let framed = Bytes::from([head.as_bytes(), text, b"\r\n"].concat());
        let text = framed.slice(head.len()..framed.len() - 2);
        Self { framed, text }
    }

    /// As this kind of stream sends it.
    pub(super) fn bytes(&self, chunked: bool) -> &Bytes {
        if chunked { &self.framed } else { &self.text }
    }
}

/// What is told of a tool: its tally, and whether that may be old.
#[derive(Debug)]
pub(super) struct Event {
    /// Grows with each event of the tool; two events may show one version, if only one of them is stale.
    pub edition: u64,
    version: i64,
    stale: bool,
    /// How many slugs it names the tool by.
    names: usize,
    pub piece: Frame,
}

impl Event {
    /// What the board shows now, under each slug of `asked`: a renamed tool keeps its listeners.
    pub(super) fn first(
        board: &TallyCache,
        slot: &TallyEntry,
        asked: &[Slug],
        stale: bool,
    ) -> Self {
        let tally = slot.tally();
        let version = tally.row.version;
        let mut text = Vec::new();
        // A former slug may be another tool's by now.
        let is_own = |slug: &&Slug| {
            let found = board.find(slug.as_str());
            found.is_some_and(|found| found.id == slot.id)
        };
        for slug in asked.iter().filter(is_own) {
            let head = format!("event: tally\nid: {slug}:{version}\ndata: ");
            text.extend_from_slice(head.as_bytes());
            text.extend_from_slice(&board.body_as(slug, &tally, false, stale));
            text.extend_from_slice(b"\n\n");
        }
        Self {
            edition: 1,
            version,
            stale,
            names: asked.len(),
            piece: Frame::new(&text),
        }
    }

    /// The next event, if the board shows anything new or a listener asked for another slug.
    pub(super) fn next(
        &self,
        board: &TallyCache,
        slot: &TallyEntry,
        asked: &[Slug],
        stale: bool,
    ) -> Option<Self> {
        let is_newest = self.version >= slot.tally().row.version;
        if self.stale == stale && self.names == asked.len() && is_newest {
            return None;
        }
        Some(Self {
            edition: self.edition + 1,
            ..Self::first(board, slot, asked, stale)
        })
    }
}

/// Keeps proxies from closing a quiet stream, and shows us who has gone.
pub(super) static HEARTBEAT: LazyLock<Frame> = LazyLock::new(|| Frame::new(b":\n\n"));

/// The end of a chunked stream.
pub(super) const END: &[u8] = b"0\r\n\r\n";

/// How a stream begins: when to come back after a break, and which tools are none of ours. The times differ, so that a
/// thousand listeners who lose one server do not return in one moment.
pub(super) fn greeting(number: u64, missing: &[String]) -> Frame {
    static USUAL: LazyLock<[Frame; 64]> =
        LazyLock::new(|| std::array::from_fn(|n| Frame::new(retry(n as u64).as_bytes())));
    // Neighbours in time get times far apart: the golden ratio's bits.
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 58;
    let usual = usize::try_from(mixed).ok().and_then(|n| USUAL.get(n));
    if let Some(usual) = usual.filter(|_| missing.is_empty()) {
        return usual.clone();
    }
    let names = serde_json::json!({ "missing": missing });
    let rest = format!("event: missing\ndata: {names}\n\n");
    Frame::new((retry(mixed) + &rest).as_bytes())
}

fn retry(n: u64) -> String {
    format!("retry: {}\n\n", 2_000 + n * 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_one_chunk_and_its_text_without_the_frame() {
        let piece = Frame::new(b"data: x\n\n");
        assert_eq!(piece.bytes(true).as_ref(), b"9\r\ndata: x\n\n\r\n");
        assert_eq!(piece.bytes(false).as_ref(), b"data: x\n\n");
    }

    #[test]
    fn greetings_differ_in_time_and_name_what_is_missing() {
        let text = |piece: &Frame| String::from_utf8(piece.text.to_vec()).expect("text");
        let times: std::collections::BTreeSet<String> =
            (0..1_000).map(|n| text(&greeting(n, &[]))).collect();
        assert_eq!(times.len(), 64);
        let named = text(&greeting(1, &["no\nsuch".to_owned()]));
        assert!(
            named.ends_with("event: missing\ndata: {\"missing\":[\"no\\nsuch\"]}\n\n"),
            "{named}"
        );
    }
}
