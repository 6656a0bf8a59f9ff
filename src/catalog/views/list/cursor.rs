//! [`Cursor`]: where a list of tools goes on. Pure.
//!
//! It stands in the order itself (the last tool's figure and slug), not at a number of tools: a tool that did not move is
//! met exactly once, however many votes come in between two pages. It also remembers which tools were shown, so that one
//! that fell behind meanwhile is not met twice. One that overtook the cursor meanwhile is left out: whoever wants it
//! begins anew. `list` makes and follows it; it needs no memory of the server, so every instance takes it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(super) list: u32,
    /// The last tool's figure, as the order has it.
    pub(super) figure: i64,
    /// The search key of the last tool's name, if names are sorted.
    pub(super) name: String,
    /// The last tool's slug.
    pub(super) slug: String,
    pub(super) shown: ShownTools,
}

/// The tools that were shown, by their ids: a bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShownTools(Vec<u8>);

/// Ids from here on are not remembered, to keep a cursor short enough for any proxy: 2 KiB, and 2.7 as text.
const REMEMBERED: usize = 16 * 1024;
/// The longest text that can be one of ours.
const LONGEST: usize = 8 * 1024;
const FORM: u8 = 1;

impl ShownTools {
    pub(super) fn add(&mut self, tool: i32) {
        let Some((byte, bit)) = place(tool) else {
            return;
        };
        if self.0.len() <= byte {
            self.0.resize(byte + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(byte) {
            *bits |= bit;
        }
    }

    pub(super) fn has(&self, tool: i32) -> bool {
        place(tool).is_some_and(|(byte, bit)| self.0.get(byte).is_some_and(|bits| bits & bit != 0))
    }
}

fn place(tool: i32) -> Option<(usize, u8)> {
    let tool = usize::try_from(tool)
        .ok()
        .filter(|tool| *tool < REMEMBERED)?;
    Some((tool / 8, 1 << (tool % 8)))
}

impl Cursor {
    /// As text for `next`.
    pub fn written(&self) -> String {
        let mut bytes = vec![FORM];
        bytes.extend_from_slice(&self.list.to_le_bytes());
        bytes.extend_from_slice(&self.figure.to_le_bytes());
        for text in [&self.slug, &self.name] {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&self.shown.0);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// `None` where the text is none of ours.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (form, rest) = bytes.split_first()?;
        if *form != FORM {
            return None;
        }
        let (list, rest) = rest.split_first_chunk()?;
        let (figure, rest) = rest.split_first_chunk()?;
        let (slug, rest) = counted(rest)?;
        let (name, shown) = counted(rest)?;
        (shown.len() <= REMEMBERED / 8).then(|| Self {
            list: u32::from_le_bytes(*list),
            figure: i64::from_le_bytes(*figure),
            name,
            slug,
            shown: ShownTools(shown.to_vec()),
        })
    }
}

fn counted(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some((String::from_utf8(text.to_vec()).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_reads_as_written(list: u32, figure: i64, name in ".{0,200}", slug in "[a-z-]{1,64}", tools in prop::collection::vec(0i32..20_000, 0..50)) {
            let mut shown = ShownTools::default();
            for tool in &tools {
                shown.add(*tool);
            }
            for tool in tools {
                prop_assert_eq!(shown.has(tool), tool < 16 * 1024);
            }
            prop_assert!(!shown.has(20_001) && !shown.has(-1));
            let cursor = Cursor { list, figure, name, slug, shown };
            let text = cursor.written();
            prop_assert!(text.len() < 4 * 1024);
            prop_assert_eq!(Cursor::read(&text), Some(cursor));
        }

        #[test]
        fn any_other_text_is_refused_or_read(text in "[A-Za-z0-9_-]{0,80}") {
            let _ = Cursor::read(&text);
        }
    }
}
