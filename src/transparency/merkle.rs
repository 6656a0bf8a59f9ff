//! The Merkle tree of RFC 6962, in the tiles of c2sp.org/tlog-tiles: hashing, appending, roots and proofs.
//!
//! Pure: whoever has tiles, in a database or behind HTTP, reads them through [`Tiles`].

use std::collections::HashMap;

use openssl::sha::{Sha256, sha256};

/// A SHA-256 hash of a leaf or of a node.
pub type Hash = [u8; 32];

/// Hashes of one full tile.
pub const TILE_WIDTH: u64 = 256;
const TILE_HEIGHT: u32 = 8;

pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut digest = Sha256::new();
    digest.update(&[0]);
    digest.update(entry);
    digest.finish()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut digest = Sha256::new();
    digest.update(&[1]);
    digest.update(left);
    digest.update(right);
    digest.finish()
}

/// The root of the tree without entries.
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// The largest power of two below `n`; `n` is at least 2.
fn split(n: u64) -> u64 {
    1 << (u64::BITS - 1 - (n - 1).leading_zeros())
}

/// The root over consecutive hashes of one level.
pub fn subtree_root(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [one] => *one,
        many => {
            let middle = usize::try_from(split(many.len() as u64)).unwrap_or(1);
            let (left, right) = many.split_at(middle);
            node_hash(&subtree_root(left), &subtree_root(right))
        }
    }
}

/// Hashes that tile `n` of `level` has in a tree of `size` entries.
pub fn tile_width(size: u64, level: u8, n: u64) -> u64 {
    let hashes = level_width(size, level);
    hashes
        .saturating_sub(n.saturating_mul(TILE_WIDTH))
        .min(TILE_WIDTH)
}

/// Hashes that all tiles of `level` have together.
pub fn level_width(size: u64, level: u8) -> u64 {
    size.checked_shr(TILE_HEIGHT * u32::from(level))
        .unwrap_or(0)
}

/// The right edge of a tree: the partial tile of each level, which is all that appending needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// By level, each below [`TILE_WIDTH`] hashes.
    partial: Vec<Vec<Hash>>,
}

impl Frontier {
    /// Reads the edge of a tree of `size` entries from its tiles.
    ///
    /// # Errors
    /// What `tiles` returns, or a tile that is too short.
    pub fn read<T: Tiles>(size: u64, tiles: &mut T) -> Result<Self, TileError<T::Error>> {
        let mut partial = Vec::new();
        for level in 0..8 {
            let hashes = level_width(size, level);
            if hashes == 0 {
                break;
            }
            let (n, width) = (hashes / TILE_WIDTH, hashes % TILE_WIDTH);
            partial.push(if width == 0 {
                Vec::new()
            } else {
                read_tile(tiles, level, n, width)?
            });
        }
        Ok(Self { size, partial })
    }

    /// Entries in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The partial tile of each level.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (u8, u64, &[Hash])> {
        (0u8..).zip(&self.partial).filter_map(|(level, hashes)| {
            let n = level_width(self.size, level) / TILE_WIDTH;
            (!hashes.is_empty()).then_some((level, n, hashes.as_slice()))
        })
    }

    /// Appends an entry's hash; `complete` gets each tile that it fills: level, number, hashes.
    pub fn push(&mut self, leaf: Hash, mut complete: impl FnMut(u8, u64, &[Hash])) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            let at = usize::from(level);
            if self.partial.len() <= at {
                self.partial.push(Vec::new());
            }
            let Some(tile) = self.partial.get_mut(at) else {
                return;
            };
            tile.push(hash);
            if (tile.len() as u64) < TILE_WIDTH {
                return;
            }
            let full = std::mem::take(tile);
            complete(level, level_width(self.size, level) / TILE_WIDTH - 1, &full);
            hash = subtree_root(&full);
        }
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let mut peaks = Vec::new();
        for tile in self.partial.iter().rev() {
            let mut rest = tile.as_slice();
            while !rest.is_empty() {
                let peak = 1 << rest.len().ilog2();
                let (perfect, smaller) = rest.split_at(peak);
                peaks.push(subtree_root(perfect));
                rest = smaller;
            }
        }
        let mut peaks = peaks.into_iter().rev();
        let smallest = peaks.next().unwrap_or_else(empty_root);
        peaks.fold(smallest, |right, left| node_hash(&left, &right))
    }
}

/// Where tiles are read from.
pub trait Tiles {
    type Error;

    /// Tile `n` of `level`, with `width` hashes or more.
    ///
    /// # Errors
    /// If it cannot be read.
    fn tile(&mut self, level: u8, n: u64, width: u64) -> Result<Vec<Hash>, Self::Error>;
}

/// Why a tile could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TileError<E> {
    #[error(transparent)]
    Read(#[from] E),
    #[error("tile {level}/{n} has fewer than {width} hashes")]
    Short { level: u8, n: u64, width: u64 },
}

fn read_tile<T: Tiles>(
    tiles: &mut T,
    level: u8,
    n: u64,
    width: u64,
) -> Result<Vec<Hash>, TileError<T::Error>> {
    let mut hashes = tiles.tile(level, n, width)?;
    let wanted = usize::try_from(width).unwrap_or(usize::MAX);
    if hashes.len() < wanted {
        return Err(TileError::Short { level, n, width });
    }
    hashes.truncate(wanted);
    Ok(hashes)
}

/// A tree of known size, read through its tiles; each tile is read once.
pub struct TreeReader<'a, T: Tiles> {
    size: u64,
    tiles: &'a mut T,
    read: HashMap<(u8, u64), Vec<Hash>>,
}

impl<'a, T: Tiles> TreeReader<'a, T> {
    pub fn new(size: u64, tiles: &'a mut T) -> Self {
        Self {
            size,
            tiles,
            read: HashMap::new(),
        }
    }

    /// The root over the first `size` entries; `size` is at most the tree's.
    pub fn root_at(&mut self, size: u64) -> Result<Hash, TileError<T::Error>> {
        if size == 0 {
            return Ok(empty_root());
        }
        self.range(0, size)
    }

    /// The proof that entry `index` is in the tree, from the leaf's sibling up.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, TileError<T::Error>> {
        let (mut low, mut high) = (0, self.size);
        let mut path = Vec::new();
        while high - low > 1 {
            let middle = low + split(high - low);
            if index < middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
            }
        }
        path.reverse();
        Ok(path)
    }

    /// The proof that the tree of `old` entries is a prefix of this one.
    pub fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, TileError<T::Error>> {
        if old == 0 || old >= self.size {
            return Ok(Vec::new());
        }
        let (mut low, mut high) = (0, self.size);
        let mut path = Vec::new();
        let mut is_known = true;
        while old != high {
            let middle = low + split(high - low);
            if old <= middle {
                path.push(self.range(middle, high)?);
                high = middle;
            } else {
                path.push(self.range(low, middle)?);
                low = middle;
                is_known = false;
            }
        }
        if !is_known {
            path.push(self.range(low, high)?);
        }
        path.reverse();
        Ok(path)
    }

    /// The hash over the entries `low..high`, which begin where a subtree begins.
    fn range(&mut self, low: u64, high: u64) -> Result<Hash, TileError<T::Error>> {
        let entries = high - low;
        if entries.is_power_of_two() {
            return self.perfect(low, entries.ilog2());
        }
        let middle = low + split(entries);
        let left = self.range(low, middle)?;
        let right = self.range(middle, high)?;
        Ok(node_hash(&left, &right))
    }

    /// The hash of the perfect subtree of `height` that begins at entry `start`.
    fn perfect(&mut self, start: u64, height: u32) -> Result<Hash, TileError<T::Error>> {
        let level = u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX);
        let first = level_width(start, level);
        let (n, offset) = (first / TILE_WIDTH, first % TILE_WIDTH);
        let width = tile_width(self.size, level, n);
        if !self.read.contains_key(&(level, n)) {
            let tile = read_tile(self.tiles, level, n, width)?;
            self.read.insert((level, n), tile);
        }
        let end = offset + (1 << (height % TILE_HEIGHT));
        let hashes = self
            .read
            .get(&(level, n))
            .and_then(|tile| tile.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?));
        let hashes = hashes.ok_or(TileError::Short {
            level,
            n,
            width: end,
        })?;
        Ok(subtree_root(hashes))
    }
}

/// Whether `proof` shows that `leaf` is entry `index` of the tree of `size` entries under `root` (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            if node % 2 == 0 {
                while node % 2 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// A tile's bytes as hashes; `None` if they are not whole hashes.
pub fn parse_tile(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}
