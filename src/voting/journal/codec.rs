//! A record's bytes: fixed widths, big-endian. A row is read by the version that wrote it or by a newer one, so fields are
//! only ever added under a new [`FORM`].

use super::{BallotChange, BallotState, RemovalChange, ToolRecord};
use crate::domain::{BallotName, Choice, Counts};

const FORM: u8 = 1;

/// Bits of a ballot's state.
const CHOICE: u8 = 0b11;
const HELD: u8 = 0b100;
/// Bits of a change, above the new state and the old one.
const STATED: u8 = 0b100_0000;
const EXCLUDED: u8 = 0b1000_0000;

/// The bytes of what one transaction did.
pub fn encode(records: &[ToolRecord]) -> Vec<u8> {
    let mut out = vec![FORM];
    for record in records {
        out.extend(record.tool.to_be_bytes());
        out.push(u8::from(record.is_act));
        for number in [
            record.tally.ship,
            record.tally.skip,
            record.version,
            record.held.ship,
            record.held.skip,
        ] {
            out.extend(number.to_be_bytes());
        }
        put_len(&mut out, record.changes.len());
        for change in &record.changes {
            out.extend(change.ballot.0);
            let new = BallotState {
                choice: change.choice,
                is_held: change.is_held,
            };
            let mut code = state_code(new) | state_code(change.old) << 3;
            if change.is_stated {
                code |= STATED;
            }
            if change.excluded_by.is_some() {
                code |= EXCLUDED;
            }
            out.push(code);
            out.extend(change.excluded_by.into_iter().flat_map(i64::to_be_bytes));
        }
        put_len(&mut out, record.removals.len());
        for removal in &record.removals {
            out.push(u8::from(removal.excludes) | u8::from(removal.is_handed_over) << 1);
            out.extend(removal.id.to_be_bytes());
            put_len(&mut out, removal.ballots.len());
            for (ballot, state) in &removal.ballots {
                out.extend(ballot.0);
                out.push(state_code(*state));
            }
        }
    }
    out
}

fn put_len(out: &mut Vec<u8>, length: usize) {
    out.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

fn state_code(state: BallotState) -> u8 {
    let choice = match state.choice {
        None => 0,
        Some(Choice::Ship) => 1,
        Some(Choice::Skip) => 2,
    };
    choice | if state.is_held { HELD } else { 0 }
}

fn state(code: u8) -> BallotState {
    BallotState {
        choice: Choice::from_code(i16::from(code & CHOICE)),
        is_held: code & HELD != 0,
    }
}

/// Reads what [`encode`] wrote; `None` if the bytes are cut or of another form.
pub fn decode(bytes: &[u8]) -> Option<Vec<ToolRecord>> {
    let (&form, rest) = bytes.split_first()?;
    if form != FORM {
        return None;
    }
    let mut reader = Reader(rest);
    let mut records = Vec::new();
    while !reader.0.is_empty() {
        records.push(reader.record()?);
    }
    Some(records)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }

    fn length(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn counts(&mut self) -> Option<Counts> {
        Some(Counts {
            ship: self.number()?,
            skip: self.number()?,
        })
    }

    fn record(&mut self) -> Option<ToolRecord> {
        let mut record = ToolRecord {
            tool: self.take().map(i32::from_be_bytes)?,
            is_act: self.byte()? == 1,
            tally: self.counts()?,
            version: self.number()?,
            held: self.counts()?,
            ..ToolRecord::default()
        };
        for _ in 0..self.length()? {
            let (ballot, code) = (BallotName(self.take()?), self.byte()?);
            record.changes.push(BallotChange {
                ballot,
                old: state(code >> 3),
                choice: state(code).choice,
                is_held: state(code).is_held,
                is_stated: code & STATED != 0,
                excluded_by: match code & EXCLUDED {
                    0 => None,
                    _ => Some(self.number()?),
                },
            });
        }
        for _ in 0..self.length()? {
            let flags = self.byte()?;
            let mut removal = RemovalChange {
                excludes: flags & 1 == 1,
                is_handed_over: flags & 2 == 2,
                id: self.number()?,
                ballots: Vec::new(),
            };
            for _ in 0..self.length()? {
                removal
                    .ballots
                    .push((BallotName(self.take()?), state(self.byte()?)));
            }
            record.removals.push(removal);
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn choices() -> impl Strategy<Value = Option<Choice>> {
        prop_oneof![
            Just(None),
            Just(Some(Choice::Ship)),
            Just(Some(Choice::Skip))
        ]
    }

    fn states() -> impl Strategy<Value = BallotState> {
        (choices(), any::<bool>()).prop_map(|(choice, is_held)| BallotState { choice, is_held })
    }

    fn changes() -> impl Strategy<Value = BallotChange> {
        let excluded = proptest::option::of(any::<i64>());
        (
            any::<[u8; 24]>(),
            states(),
            states(),
            any::<bool>(),
            excluded,
        )
            .prop_map(|(name, old, new, is_stated, excluded_by)| BallotChange {
                ballot: BallotName(name),
                old,
                choice: new.choice,
                is_held: new.is_held,
                is_stated,
                excluded_by,
            })
    }

    fn removals() -> impl Strategy<Value = RemovalChange> {
        let ballots = prop::collection::vec((any::<[u8; 24]>(), states()), 0..4);
        let flags = any::<(bool, bool)>();
        (flags, any::<i64>(), ballots).prop_map(|((excludes, is_handed_over), id, ballots)| {
            RemovalChange {
                excludes,
                is_handed_over,
                id,
                ballots: ballots
                    .into_iter()
                    .map(|(name, state)| (BallotName(name), state))
                    .collect(),
            }
        })
    }

    proptest! {
        #[test]
        fn records_read_as_they_were_written(
            tools in prop::collection::vec((any::<i32>(), any::<[i64; 5]>(), any::<bool>()), 0..4),
            changes in prop::collection::vec(changes(), 0..5),
            removals in prop::collection::vec(removals(), 0..3),
        ) {
            let records: Vec<ToolRecord> = tools
                .into_iter()
                .map(|(tool, [a, b, version, c, d], is_act)| ToolRecord {
                    tool,
                    is_act,
                    tally: Counts { ship: a, skip: b },
                    version,
                    held: Counts { ship: c, skip: d },
                    changes: changes.clone(),
                    removals: removals.clone(),
                })
                .collect();
            let bytes = encode(&records);
            prop_assert_eq!(decode(&bytes), Some(records.clone()));
            if !records.is_empty() {
                prop_assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
            }
        }
    }
}
