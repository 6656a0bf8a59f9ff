//! Appending lines to the tree: which bundles and tiles that writes, and the checkpoint that it leads to. Pure but for reading
//! the edge of the tree.

use openssl::error::ErrorStack;

use crate::transparency::checkpoint::Checkpoint;
use crate::transparency::entry::push_entry;
use crate::transparency::epoch::Plan;
use crate::transparency::merkle::{Frontier, TILE_WIDTH, leaf_hash};
use crate::transparency::note::NoteSigner;
use crate::transparency::store::Commit;

/// The end of the log, as the next epoch begins there.
#[derive(Debug, Clone, Default)]
pub(super) struct Edge {
    pub frontier: Frontier,
    /// The last bundle, while it is not full.
    pub bundle: Vec<u8>,
}

impl Edge {
    /// Appends a plan's lines; what that writes goes into `commit`, but for its tools and journal.
    pub fn append(&mut self, plan: Plan, origin: &str, commit: &mut Commit) -> Checkpoint {
        for line in &plan.lines {
            let n = self.frontier.size() / TILE_WIDTH;
            push_entry(&mut self.bundle, line);
            self.frontier
                .push(leaf_hash(line.as_bytes()), |level, n, hashes| {
                    if level > 0 {
                        commit.tiles.insert((level, n), hashes.concat());
                    }
                });
            if self.frontier.size().is_multiple_of(TILE_WIDTH) {
                commit.bundles.insert(n, std::mem::take(&mut self.bundle));
            }
        }
        if !self.bundle.is_empty() && !plan.lines.is_empty() {
            let n = self.frontier.size() / TILE_WIDTH;
            commit.bundles.insert(n, self.bundle.clone());
        }
        for (level, n, hashes) in self.frontier.partial_tiles() {
            if level > 0 {
                commit.tiles.insert((level, n), hashes.concat());
            }
        }
        commit.lists = plan.lists;
        commit.size = self.frontier.size();
        Checkpoint {
            origin: origin.to_owned(),
            size: self.frontier.size(),
            root: self.frontier.root(),
        }
    }
}

pub(super) fn sign(signer: &NoteSigner, checkpoint: &Checkpoint) -> Result<String, ErrorStack> {
    signer.sign(&checkpoint.text())
}
