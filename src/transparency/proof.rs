//! Proofs that an entry is in the log, as text (c2sp.org/tlog-proof): they can be checked without the server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::Checkpoint;
use super::merkle::{Hash, leaf_hash, verify_inclusion};
use super::note::VerifierKey;
use super::tile_path::parse_decimal;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof of inclusion with the checkpoint that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub index: u64,
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

impl Proof {
    pub fn text(&self) -> String {
        let mut text = format!("{HEADER}\nindex {}\n", self.index);
        for hash in &self.hashes {
            text.push_str(&STANDARD.encode(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint);
        text
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        lines.next().filter(|line| *line == HEADER)?;
        if lines.peek()?.starts_with("extra ") {
            lines.next();
        }
        let index = parse_decimal(lines.next()?.strip_prefix("index ")?)?;
        let hashes: Option<Vec<Hash>> = lines
            .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
            .collect();
        Some(Self {
            index,
            hashes: hashes?,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Whether `entry` is in the log whose checkpoint `key` signed.
    pub fn verifies(&self, key: &VerifierKey, entry: &[u8]) -> bool {
        let Some(checkpoint) = key.open(&self.checkpoint).and_then(Checkpoint::parse) else {
            return false;
        };
        verify_inclusion(
            leaf_hash(entry),
            self.index,
            checkpoint.size,
            &self.hashes,
            &checkpoint.root,
        )
    }
}
