//! Entries of the ledger as the database holds them: a version, then the changes, 17 bytes each. What a recount reads.

use tallyship::domain::VoterId;
use tallyship::voting::ledger::{is_whole, renamed, unpacked};

pub fn run(data: &[u8]) {
    let Some((version, bytes)) = data.split_first_chunk::<4>() else {
        return;
    };
    let version = i64::from(u32::from_le_bytes(*version));
    let changes: Vec<_> = unpacked(version, bytes).collect();
    assert_eq!(changes.len(), bytes.len().div_ceil(17));
    assert_eq!(is_whole(bytes), !bytes.is_empty() && bytes.len() % 17 == 0);
    for (change, at) in changes.iter().zip(version..) {
        assert_eq!(change.version, at);
    }
    if is_whole(bytes) {
        for (change, packed) in changes.iter().zip(bytes.chunks(17)) {
            assert!(packed.starts_with(&change.voter.0));
            let code = |choice: Option<tallyship::domain::Choice>| choice.map_or(0, |choice| choice.code());
            let packed = packed.last().copied().unwrap_or_default();
            if packed / 16 < 3 && packed % 16 < 3 {
                assert_eq!(16 * code(change.old) + code(change.new), i16::from(packed));
            }
        }
    } else if let Some(torn) = changes.last() {
        assert_eq!(torn.voter, VoterId([0; 16]), "torn bytes are nobody's");
    }
    let Some(first) = changes.first().map(|change| change.voter) else {
        return;
    };
    let by = VoterId([0xee; 16]);
    let after: Vec<_> = unpacked(version, &renamed(bytes, first, by)).collect();
    assert_eq!(after.len(), changes.len());
    for (before, after) in changes.iter().zip(&after).take(bytes.len() / 17) {
        let expected = if before.voter == first { by } else { before.voter };
        assert_eq!((after.voter, after.old, after.new), (expected, before.old, before.new));
    }
}
