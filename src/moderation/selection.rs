//! [`VoteSelection`]: which votes a moderator means, for resets and for held votes alike. Pure.

use std::sync::Arc;

use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};

/// Entries that a list may have.
pub const MAX_LIST: usize = 100;

/// An id that a selection may list.
pub trait Id: Copy + Ord {
    fn bytes(self) -> [u8; 16];
    fn from_bytes(bytes: [u8; 16]) -> Self;
    fn text(self) -> String;
}

impl Id for VoterId {
    fn bytes(self) -> [u8; 16] {
        self.0
    }

    fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn text(self) -> String {
        Self::text(self)
    }
}

impl Id for NetworkHash {
    fn bytes(self) -> [u8; 16] {
        self.0
    }

    fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    fn text(self) -> String {
        Self::text(self)
    }
}

/// A criterion over ids: none, or a list of which any entry matches. The list is sorted and has no entry twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyOf<T>(Option<Arc<[T]>>);

impl<T> Default for AnyOf<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Id> AnyOf<T> {
    pub fn of(mut ids: Vec<T>) -> Self {
        // Zeros stand for a network that was forgotten: they name nobody.
        ids.retain(|id| id.bytes() != [0; 16]);
        ids.sort_unstable();
        ids.dedup();
        Self(Some(ids.into()))
    }

    pub fn one(id: T) -> Self {
        Self::of(vec![id])
    }

    /// Both must match.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (&self.0, &other.0) {
            (_, None) => self,
            (None, _) => other,
            (Some(ids), Some(_)) => {
                Self::of(ids.iter().copied().filter(|id| other.matches(id)).collect())
            }
        }
    }

    pub fn matches(&self, id: &T) -> bool {
        self.0
            .as_ref()
            .is_none_or(|ids| ids.binary_search(id).is_ok())
    }

    /// The list; `None` if any id matches.
    pub fn ids(&self) -> Option<&[T]> {
        self.0.as_deref()
    }

    /// The only entry.
    pub fn single(&self) -> Option<T> {
        match self.ids() {
            Some([id]) => Some(*id),
            _ => None,
        }
    }

    /// The entries as staff read them.
    pub fn texts(&self) -> Option<Vec<String>> {
        Some(self.ids()?.iter().map(|id| id.text()).collect())
    }

    /// For a query: whether any id matches, and the bytes of those that do otherwise.
    pub fn bytes(&self) -> (bool, Vec<Vec<u8>>) {
        let ids = self.ids().unwrap_or_default().iter();
        (
            self.0.is_none(),
            ids.map(|id| id.bytes().to_vec()).collect(),
        )
    }

    /// As one column holds it: the ids one behind the other.
    pub fn packed(&self) -> Option<Vec<u8>> {
        Some(self.ids()?.iter().flat_map(|id| id.bytes()).collect())
    }

    /// The reverse of [`AnyOf::packed`].
    pub fn unpacked(bytes: Option<&[u8]>) -> Self {
        let (ids, _) = bytes.map_or((&[][..], &[][..]), <[u8]>::as_chunks);
        match bytes {
            Some(_) => Self::of(ids.iter().copied().map(T::from_bytes).collect()),
            None => Self::default(),
        }
    }
}

/// Which votes are meant; all that is given must match.
#[derive(Debug, Clone)]
pub struct VoteSelection {
    pub tool: Slug,
    /// Cast at or after this.
    pub from: Option<Timestamp>,
    /// Cast before this; `None`: up to now.
    pub to: Option<Timestamp>,
    pub voters: AnyOf<VoterId>,
    pub networks: AnyOf<NetworkHash>,
    pub choice: Option<Choice>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voter(n: u8) -> VoterId {
        VoterId([n; 16])
    }

    #[test]
    fn a_list_matches_any_of_its_entries_and_two_lists_what_is_in_both() {
        let any = AnyOf::<VoterId>::default();
        assert!(any.matches(&voter(1)) && any.single().is_none() && any.packed().is_none());
        let some = AnyOf::of(vec![voter(3), voter(1), voter(3)]);
        assert_eq!(some.ids(), Some(&[voter(1), voter(3)][..]));
        assert!(some.matches(&voter(3)) && !some.matches(&voter(2)));
        assert_eq!(any.and(some.clone()), some);
        assert_eq!(
            some.clone().and(AnyOf::one(voter(3))).single(),
            Some(voter(3))
        );
        let neither = some.clone().and(AnyOf::one(voter(2)));
        assert!(!neither.matches(&voter(1)) && !neither.matches(&voter(2)));
        for list in [AnyOf::default(), some, neither] {
            assert_eq!(AnyOf::unpacked(list.packed().as_deref()), list);
        }
    }
}
