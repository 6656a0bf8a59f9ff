//! The one order in which transactions take locks. Two orders are a deadlock that waits for its day.
//!
//! [`Lock`] lists the locks in that order. Each function that takes one calls [`taking`] first; debug builds, and so every test, panic
//! if a transaction takes a lock that stands before one that it holds. `tests/architecture` knows the files that may lock.

use std::cell::Cell;

/// What a transaction locks, in the order in which it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// Who is erased: shared by whoever writes a voter's id, exclusive to an erasure.
    Erasures,
    /// Edits of the catalogue come one after the other.
    Catalog,
    /// A tool's tally, with all votes of the tool; by the tool's id.
    Tally(i32),
    /// The version of the bans.
    Bans,
    /// The head of the audit chain.
    Audit,
}

thread_local! {
    /// The last lock of this thread's transaction; the outer `None` is "no transaction".
    #[expect(
        clippy::option_option,
        reason = "no transaction, one without a lock, and one with a lock are three things"
    )]
    static HELD: Cell<Option<Option<Lock>>> = const { Cell::new(None) };
}

/// A transaction begins.
pub(super) fn begin() {
    HELD.set(Some(None));
}

pub(super) fn end() {
    HELD.set(None);
}

/// This thread's transaction is about to take `lock`.
///
/// # Panics
/// In debug builds, if it holds one that comes later in the order.
pub fn taking(lock: Lock) {
    let Some(held) = HELD.get() else {
        return;
    };
    debug_assert!(held <= Some(lock), "lock order: {lock:?} after {held:?}");
    HELD.set(Some(held.max(Some(lock))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_in_order_pass() {
        begin();
        for lock in [
            Lock::Erasures,
            Lock::Tally(1),
            Lock::Tally(1),
            Lock::Tally(7),
            Lock::Audit,
        ] {
            taking(lock);
        }
        end();
        taking(Lock::Erasures);
    }

    #[test]
    #[should_panic(expected = "lock order: Tally(3) after Some(Tally(5))")]
    fn a_second_order_is_found() {
        begin();
        taking(Lock::Tally(5));
        taking(Lock::Tally(3));
    }
}
