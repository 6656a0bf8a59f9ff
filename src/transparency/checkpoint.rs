//! Checkpoints (c2sp.org/tlog-checkpoint): origin, size and root in three lines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::merkle::{Hash, empty_root};
use super::tile_path::parse_decimal;

/// What a log commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    /// Of a log without entries.
    pub fn empty(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            size: 0,
            root: empty_root(),
        }
    }

    /// The three lines.
    pub fn text(&self) -> String {
        let root = STANDARD.encode(self.root);
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Reads a note's text, or a whole note: three lines, then the end or the blank line before the signatures.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty())?.to_owned();
        let size = parse_decimal(lines.next()?)?;
        let root: Hash = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        lines.next().filter(|line| line.is_empty())?;
        Some(Self { origin, size, root })
    }
}
