//! The pure parts against crates that we did not write, and against tampering.

use std::convert::Infallible;

use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::HashReader;

use super::checkpoint::Checkpoint;
use super::ed25519::PrivateKey;
use super::entry::Entry;
use super::fold::Fold;
use super::merkle::{self, Frontier, Hash, Tiles, TreeReader, leaf_hash, verify_inclusion};
use super::note::{NoteSigner, VerifierKey};
use super::proof::Proof;
use crate::domain::{BallotName, Choice, Counts};

/// Leaf hashes, from which tiles are made as they are asked for.
struct Leaves(Vec<Hash>);

impl Tiles for Leaves {
    type Error = Infallible;

    fn tile(&mut self, level: u8, n: u64, width: u64) -> Result<Vec<Hash>, Infallible> {
        let span = 256usize.pow(u32::from(level));
        let start = usize::try_from(n).expect("small") * 256;
        Ok((start..start + usize::try_from(width).expect("small"))
            .map(|at| merkle::subtree_root(&self.0[at * span..(at + 1) * span]))
            .collect())
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count)
        .map(|n| leaf_hash(format!("entry {n}").as_bytes()))
        .collect()
}

/// The hashes of `tlog_tiles`, stored as it wants them.
#[derive(Default)]
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes
            .iter()
            .map(|at| self.0[usize::try_from(*at).expect("small")])
            .collect())
    }
}

fn reference(count: usize) -> Stored {
    let mut stored = Stored::default();
    for n in 0..count {
        let entry = format!("entry {n}");
        let hashes: Vec<tlog_tiles::Hash> =
            tlog_tiles::stored_hashes(n as u64, entry.as_bytes(), &stored).expect("hashes");
        stored.0.extend(hashes);
    }
    stored
}

/// Sizes around the edges of tiles, and some between.
const SIZES: [usize; 12] = [1, 2, 3, 5, 64, 255, 256, 257, 511, 700, 65_536, 66_000];

#[test]
fn roots_and_proofs_are_those_of_another_implementation() {
    let (stored, leaves) = (reference(66_000), leaves(66_000));
    for size in SIZES {
        let entries = size as u64;
        let expected = tlog_tiles::tree_hash(entries, &stored).expect("a root");
        let mut frontier = Frontier::default();
        let mut tiles = 0;
        for leaf in &leaves[..size] {
            frontier.push(*leaf, |level, n, hashes| {
                assert_eq!(
                    hashes,
                    Leaves(leaves.clone()).tile(level, n, 256).expect("a tile")
                );
                tiles += 1;
            });
        }
        assert_eq!(tiles, size / 256 + size / 65_536);
        assert_eq!(frontier.root(), expected.0, "{size}");
        let mut source = Leaves(leaves.clone());
        assert_eq!(
            Frontier::read(entries, &mut source)
                .expect("an edge")
                .root(),
            expected.0
        );
        let mut tree = TreeReader::new(entries, &mut source);
        for index in [0, entries / 3, entries / 2, entries - 1] {
            let proof = tree.inclusion(index).expect("a proof");
            let theirs = tlog_tiles::prove_record(entries, index, &stored).expect("a proof");
            assert_eq!(proof, theirs.iter().map(|hash| hash.0).collect::<Vec<_>>());
            let leaf = leaves[usize::try_from(index).expect("small")];
            assert!(verify_inclusion(leaf, index, entries, &proof, &expected.0));
            assert!(!verify_inclusion(
                leaf,
                index + 1,
                entries,
                &proof,
                &expected.0
            ));
        }
        for old in [1, entries / 2, entries.saturating_sub(1)] {
            if old == 0 || old >= entries {
                continue;
            }
            let theirs = tlog_tiles::prove_tree(entries, old, &stored).expect("a proof");
            let ours = tree.consistency(old).expect("a proof");
            assert_eq!(
                ours,
                theirs.iter().map(|hash| hash.0).collect::<Vec<_>>(),
                "{old} of {size}"
            );
            let root = tlog_tiles::tree_hash(old, &stored).expect("a root");
            assert_eq!(tree.root_at(old).expect("a root"), root.0);
        }
    }
}

fn signer() -> NoteSigner {
    let key = PrivateKey::from_seed(&[7; 32]).expect("a key");
    NoteSigner::new("example.com/log", key).expect("a signer")
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "example.com/log".to_owned(),
        size: 70_000,
        root: [9; 32],
    }
}

#[test]
fn another_implementation_verifies_our_notes_and_reads_our_checkpoints() {
    let checkpoint = checkpoint();
    let signer = signer();
    let note = signer.sign(&checkpoint.text()).expect("a note");
    let key = signer.verifier().text();
    let verifier = StandardVerifier::new(&key).expect("their reading of our key");
    let theirs = Note::from_bytes(note.as_bytes()).expect("a note");
    let (verified, _) = theirs
        .verify(&VerifierList::new(vec![Box::new(verifier)]))
        .expect("signed");
    assert_eq!(verified.len(), 1);
    let read = tlog_tiles::Checkpoint::from_bytes(theirs.text()).expect("a checkpoint");
    assert_eq!(
        (read.origin(), read.size(), read.hash().0),
        ("example.com/log", 70_000, [9; 32])
    );
    let ours = VerifierKey::parse(&key).expect("a key");
    assert_eq!(
        ours.open(&note).and_then(Checkpoint::parse),
        Some(checkpoint)
    );
}

/// A witness and its cosignature of the checkpoint above, as aics-tlog 0.2.1 makes it from the seed of eights.
const WITNESS: &str = "witness.example/w1+fea3b187+BBOY9ixtGkV8UbpqS189vS9p/KkyFiGNyJl+QWvRfZPK";
const COSIGNATURE: &str = "— witness.example/w1 /qOxhwAAAABpUkfANx9I3JsCxhrjCSkGsAAB/UZLVtxAiuAI/8fXiZrymJqDqtOLqm/0Rt8Y9sR6ZwTjterA3GTri2z+gQ9nsZwCBA==\n";

#[test]
fn a_cosignature_of_another_implementation_is_found_under_our_note() {
    let checkpoint = checkpoint();
    let (text, signer) = (checkpoint.text(), signer());
    let note = signer.sign(&text).expect("a note");
    let witness = VerifierKey::parse_witness(WITNESS).expect("a key");
    assert_eq!(witness.text(), WITNESS);
    assert_eq!(witness.find(&note), None);
    let cosigned = format!("{note}{COSIGNATURE}");
    assert_eq!(witness.find(&cosigned), Some((&*text, COSIGNATURE)));
    assert_eq!(signer.verifier().open(&cosigned), Some(&*text));
    // Neither is a key of the other kind.
    assert_eq!(VerifierKey::parse(WITNESS), None);
    assert_eq!(VerifierKey::parse_witness(&signer.verifier().text()), None);
    let mut flipped = 0;
    for bit in 0..COSIGNATURE.len() * 8 {
        let mut bytes = COSIGNATURE.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(line) = String::from_utf8(bytes) {
            assert_eq!(witness.find(&format!("{note}{line}")), None, "{line}");
            flipped += 1;
        }
    }
    assert!(flipped > 500, "{flipped}");
}

#[test]
fn a_seed_in_base64_and_pkcs8_are_the_same_key() {
    use base64::Engine;
    let seed = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    let pem = openssl::pkey::PKey::private_key_from_raw_bytes(&[7; 32], openssl::pkey::Id::ED25519)
        .and_then(|key| key.private_key_to_pem_pkcs8())
        .expect("PEM");
    let pem = String::from_utf8(pem).expect("text");
    let public = signer().verifier().text();
    for text in [seed.clone(), format!("\u{feff}{seed}\n"), pem] {
        let key = PrivateKey::parse(&text).expect("a key");
        let signer = NoteSigner::new("example.com/log", key).expect("a signer");
        assert_eq!(signer.verifier().text(), public);
    }
    for bad in ["", "AAAA", "-----BEGIN PRIVATE KEY-----"] {
        assert!(PrivateKey::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn no_flipped_bit_of_a_proof_passes() {
    let (leaves, entry) = (leaves(700), "entry 300");
    let mut source = Leaves(leaves);
    let mut tree = TreeReader::new(700, &mut source);
    let signer = signer();
    let checkpoint = Checkpoint {
        origin: "example.com/log".to_owned(),
        size: 700,
        root: tree.root_at(700).expect("a root"),
    };
    let proof = Proof {
        index: 300,
        hashes: tree.inclusion(300).expect("a proof"),
        checkpoint: signer.sign(&checkpoint.text()).expect("a note"),
    };
    let text = proof.text();
    let accepts = |text: &str, entry: &str| {
        Proof::parse(text).is_some_and(|proof| proof.verifies(signer.verifier(), entry.as_bytes()))
    };
    assert!(accepts(&text, entry));
    assert!(!accepts(&text, "entry 301"));
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(tampered) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(!accepts(&tampered, entry), "byte {at}, bit {bit}");
        }
    }
}

fn name(n: u8) -> BallotName {
    BallotName([n; 24])
}

/// Applies lines; every list holds the ballots 1 and 2.
fn differences(lines: &[String]) -> Vec<String> {
    let mut fold = Fold::default();
    let mut found = Vec::new();
    for line in lines {
        let list = |_: &Hash| vec![name(1), name(2)];
        found.extend(fold.apply(line, list));
    }
    found.extend(fold.end_of_epoch());
    found
}

fn ballot(n: u8, choice: Option<Choice>) -> String {
    Entry::Ballot {
        tool: "a",
        ballot: name(n),
        choice,
    }
    .to_string()
}

fn removal(excludes: bool, id: i64, ship: i64, skip: i64) -> String {
    let counts = Counts { ship, skip };
    Entry::Removal {
        excludes,
        id,
        tool: "a",
        counts,
        list: [0; 32],
    }
    .to_string()
}

#[test]
fn the_fold_follows_votes_removals_and_their_undoing() {
    let lines = [
        ballot(1, Some(Choice::Ship)),
        ballot(2, Some(Choice::Ship)),
        ballot(3, Some(Choice::Skip)),
        "unnamed a 4 0".to_owned(),
        "tally a 6 1 9".to_owned(),
        removal(true, 5, 2, 0),
        "tally a 4 1 10".to_owned(),
        // Cast again: no act excludes it any more.
        ballot(1, Some(Choice::Ship)),
        "held a 0 1".to_owned(),
        "tally a 5 0 11".to_owned(),
        "rename a b".to_owned(),
        "tally b 5 0 11".to_owned(),
    ];
    assert_eq!(differences(&lines), Vec::<String>::new());
    for at in [0, 3, 4, 5, 8, 9] {
        let mut fewer = lines.to_vec();
        fewer.remove(at);
        assert!(!differences(&fewer).is_empty(), "without {:?}", lines[at]);
    }
}

#[test]
fn the_fold_states_each_ballot_and_each_tally_once_an_epoch() {
    let cast = ballot(1, Some(Choice::Ship));
    let good = [cast.clone(), "tally a 1 0 2".to_owned()];
    assert_eq!(differences(&good), Vec::<String>::new());
    let wrong: [(&[&str], &str); 4] = [
        (&["tally a 1 0 3"], "no line of its epoch"),
        (&["unnamed a 1 0", "tally a 2 0 2"], "two tallies"),
        (&["held a 2 0", "unnamed a 2 0", "tally a 1 0 3"], "held"),
        (&["unnamed a 9223372036854775807 0"], "not a line"),
    ];
    for (more, expected) in wrong {
        let more = more.iter().map(|line| (*line).to_owned());
        let found = differences(&good.iter().cloned().chain(more).collect::<Vec<_>>());
        assert!(found.iter().any(|row| row.contains(expected)), "{found:?}");
    }
    let twice = [ballot(1, None), cast, "tally a 1 0 2".to_owned()];
    assert!(differences(&twice).iter().any(|row| row.contains("twice")));
}

#[test]
fn the_fold_wants_ballots_sorted_lists_true_and_each_epoch_ended() {
    let named = [ballot(1, Some(Choice::Ship)), ballot(2, Some(Choice::Ship))];
    let [first, second] = named.clone();
    let tally = |ship: i64, version: i64| format!("tally a {ship} 0 {version}");
    let wrong: [&[String]; 6] = [
        &[second.clone(), first.clone(), tally(2, 2)],
        &[first.clone(), second.clone()],
        &[
            first.clone(),
            tally(1, 2),
            removal(true, 1, 2, 0),
            tally(0, 3),
        ],
        &[
            first.clone(),
            second.clone(),
            tally(2, 2),
            removal(true, 1, 1, 1),
            tally(0, 3),
        ],
        &[
            first.clone(),
            second.clone(),
            tally(2, 2),
            removal(false, 1, 2, 0),
            tally(2, 3),
        ],
        &[
            first,
            second,
            tally(2, 3),
            ballot(3, Some(Choice::Ship)),
            tally(3, 2),
        ],
    ];
    for lines in wrong {
        assert!(!differences(lines).is_empty(), "{lines:?}");
    }
}
