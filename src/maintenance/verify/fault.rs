//! [`Fault`]: every kind of difference that a recount finds, each with its remedy. `docs/integrity.md` has the same table; a unit test
//! compares the two, and `tests/api/repair` provokes every kind.

use serde::Serialize;

/// What ends a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// `tallyship verify --repair --apply` does this.
    Repair(&'static str),
    /// No repair can be right; the operator does this.
    Operator(&'static str),
}

macro_rules! faults {
    ($($name:ident, $key:literal, $words:literal, $remedy:ident($does:literal);)*) => {
        /// What does not agree.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Fault {
            $(#[doc = $words] #[serde(rename = $key)] $name,)*
        }

        impl Fault {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in audit entries and documents.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)*
                }
            }

            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }

            pub fn remedy(self) -> Remedy {
                match self {
                    $(Self::$name => Remedy::$remedy($does),)*
                }
            }
        }
    };
}

faults! {
    Votes, "votes", "the votes add up to something else",
        Repair("the tally becomes the sum of its votes");
    Ledger, "ledger", "the ledger adds up to something else",
        Repair("the ledger gets one entry with what it lacks");
    Aside, "aside", "the votes set aside add up to something else",
        Repair("the counts set aside become the sum of their votes");
    Voters, "voters", "the ledger knows other voters or choices than the votes",
        Repair("the ledger gets one entry with what it lacks");
    Ahead, "ahead", "the ledger is ahead of the tally's version",
        Repair("the tally's version is raised above the ledger's");
    Order, "order", "the ledger has a version twice, or out of its order, or a torn entry",
        Repair("entries get ascending versions, and torn bytes are removed");
    Panel, "panel", "the panel is not that of the reviews",
        Repair("the panel is counted from the reviews");
    Periods, "periods", "the last period ends at another time",
        Repair("the end is that of the last period in force");
    Origins, "origins", "the sums of fresh voters by network add up to something else",
        Repair("the sums are computed from the votes");
    Missing, "missing", "there is no tally",
        Repair("the tally is created from the votes");
    Unknown, "unknown", "there is no such tool",
        Repair("votes, entries and sums of a tool that does not exist are deleted");
    Index, "index", "the ledger's index of voters is not that of its entries",
        Repair("the index is written anew from the entries");
    Ballots, "ballots", "the ballots of the votes add up to something else than in the public log",
        Repair("the log states the tool's ballots anew at its next epoch");
    Journal, "journal", "a record for the public log cannot be read",
        Operator("what it said is not known: begin a log with `tallyship log new`, which states every ballot as it stands");
    Audit, "audit", "the audit chain is broken",
        Operator("nobody can tell an altered entry from the one that was written: keep the database as evidence, compare it with a backup and with a head that was kept (`--head`)");
}

impl Fault {
    /// Whether a repair ends it.
    pub fn is_repairable(self) -> bool {
        matches!(self.remedy(), Remedy::Repair(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_documented_with_its_remedy() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/integrity.md");
        let text = std::fs::read_to_string(file).expect("docs/integrity.md");
        let rows: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        assert_eq!(rows.len(), Fault::ALL.len(), "a row for each kind");
        for (fault, row) in Fault::ALL.iter().zip(rows) {
            let (by, does) = match fault.remedy() {
                Remedy::Repair(does) => ("repair", does),
                Remedy::Operator(does) => ("operator", does),
            };
            let (key, words) = (fault.key(), fault.words());
            assert_eq!(row, format!("| `{key}` | {words} | {by} | {does} |"));
        }
    }
}
