//! What a mark says by its number: a removal, a vote that is held, or what stays of a withdrawn one.

/// The mark of a vote that is held: kept, and in no sum, until somebody lets it count.
pub const HELD: i64 = -1;
/// The mark of a held vote that a moderator rejected. It stays so, whatever its voter does but withdraw.
pub const REJECTED: i64 = -2;

/// The mark of what stays of a withdrawn vote that the holding rule has to remember; then of a held, and of a rejected one.
pub const WITHDRAWN: i64 = -3;
pub const WITHDRAWN_HELD: i64 = -4;
pub const WITHDRAWN_REJECTED: i64 = -5;

/// Below these are the marks of held and of rejected votes that a removal has out as well, by its id.
const HELD_UNDER: i64 = -(1 << 40);
const REJECTED_UNDER: i64 = -(1 << 41);

/// The mark of a vote that is held by `held`, [`HELD`] or [`REJECTED`], and that a removal has out as well.
pub fn held_under(held: i64, removal: Option<i64>) -> i64 {
    match removal {
        Some(id) if held == REJECTED => REJECTED_UNDER - id,
        Some(id) => HELD_UNDER - id,
        None => held,
    }
}

/// [`HELD`] or [`REJECTED`], if a mark is of a vote that is held back, whether a removal has it out as well or not.
pub fn held_as(mark: i64) -> Option<i64> {
    if mark == REJECTED || mark <= REJECTED_UNDER {
        Some(REJECTED)
    } else if mark == HELD || mark <= HELD_UNDER {
        Some(HELD)
    } else {
        None
    }
}

/// The removal that has a vote with this mark out, held or not.
pub fn removal_of(mark: i64) -> Option<i64> {
    if mark <= REJECTED_UNDER {
        Some(REJECTED_UNDER - mark)
    } else if mark <= HELD_UNDER {
        Some(HELD_UNDER - mark)
    } else {
        (mark >= 0).then_some(mark)
    }
}

/// The lowest and the highest mark of votes that are held by `held` and that a removal has out as well.
pub fn held_range(held: i64) -> (i64, i64) {
    if held == REJECTED {
        (i64::MIN, REJECTED_UNDER)
    } else {
        (REJECTED_UNDER + 1, HELD_UNDER)
    }
}

/// The marks of all votes that `removal` has out: of those that counted, of held, and of rejected ones.
pub fn marks_of(removal: i64) -> [i64; 3] {
    let under = |held| held_under(held, Some(removal));
    [removal, under(HELD), under(REJECTED)]
}

/// Whether a mark is of a vote that is held back.
pub fn is_held(mark: i64) -> bool {
    held_as(mark).is_some()
}

/// Whether a mark is of what stays of a withdrawn vote.
pub fn is_withdrawn(mark: i64) -> bool {
    matches!(mark, WITHDRAWN | WITHDRAWN_HELD | WITHDRAWN_REJECTED)
}

/// Whether no sum knows the votes that bear a mark: they are held, or withdrawn.
pub fn is_in_no_sum(mark: i64) -> bool {
    mark < 0
}

/// [`HELD`] or [`REJECTED`], if a mark is of a vote that is held, or was when it was withdrawn.
pub fn lasting(mark: i64) -> Option<i64> {
    match mark {
        WITHDRAWN_HELD => Some(HELD),
        WITHDRAWN_REJECTED => Some(REJECTED),
        _ => held_as(mark),
    }
}

/// The mark of what stays of a withdrawn vote with this lasting mark.
pub fn withdrawn(lasting: Option<i64>) -> i64 {
    match lasting {
        Some(HELD) => WITHDRAWN_HELD,
        Some(_) => WITHDRAWN_REJECTED,
        None => WITHDRAWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_who_holds_a_vote_and_which_removal_has_it_out() {
        for id in [1, 2, 1_000_000_007] {
            for held in [HELD, REJECTED] {
                let mark = held_under(held, Some(id));
                let (low, high) = held_range(held);
                assert!((low..=high).contains(&mark) && is_held(mark));
                assert_eq!((held_as(mark), removal_of(mark)), (Some(held), Some(id)));
                assert_eq!(held_under(held, None), held);
            }
            assert_eq!((held_as(id), removal_of(id)), (None, Some(id)));
        }
        assert_eq!((held_as(HELD), removal_of(HELD)), (Some(HELD), None));
        for mark in [WITHDRAWN, WITHDRAWN_HELD, WITHDRAWN_REJECTED] {
            assert!(is_withdrawn(mark) && is_in_no_sum(mark) && !is_held(mark));
            assert_eq!((held_as(mark), removal_of(mark)), (None, None));
        }
        assert_eq!(lasting(WITHDRAWN_HELD), Some(HELD));
        assert_eq!(lasting(held_under(REJECTED, Some(9))), Some(REJECTED));
        assert_eq!(
            (held_as(REJECTED), removal_of(REJECTED)),
            (Some(REJECTED), None)
        );
    }
}
