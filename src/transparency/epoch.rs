//! From the journal to lines of the log: pure. The sequencer calls [`plan`], and writes what it returns.
//!
//! An epoch has ballot lines sorted by bytes, then the lines of removals, then the sums of each tool that it named. An act of
//! moderation ends the epoch before it and is an epoch alone, so that a vote cast after it is stated after it.

use std::collections::btree_map;
use std::collections::{BTreeMap, BTreeSet};

use openssl::sha::sha256;

use super::entry::{Entry, list_text};
use super::merkle::Hash;
use super::rename_order::renames;
use crate::domain::{BallotName, Counts};
use crate::voting::journal::{BallotChange, BallotState, RemovalChange, ToolRecord};

/// What the log states of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedTool {
    pub slug: String,
    /// Ballots without exclusion.
    pub named: Counts,
    pub unnamed: Counts,
    pub held: Counts,
    pub tally: Counts,
    /// Of the tally, as it was when its journal was last read: a line need not have said so.
    pub version: i64,
}

/// A tool's name and version at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolNow {
    pub slug: String,
    pub version: i64,
}

/// Tools by their ids.
pub type LoggedTools = BTreeMap<i32, LoggedTool>;

/// What is to be appended.
#[derive(Debug, Default)]
pub struct Plan {
    pub lines: Vec<String>,
    /// Lists that the lines name, by their hashes.
    pub lists: BTreeMap<Hash, String>,
    /// Tools whose state, or known version, changed.
    pub changed: BTreeSet<i32>,
}

/// Why a journal cannot be stated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(
        "the ballots of {slug} add up to more than its tally: votes are missing from the database"
    )]
    MissingVotes { tool: i32, slug: String },
    #[error("a record names tool {0}, which there is not")]
    UnknownTool(i32),
}

/// Turns `records`, in their order, into lines; `tools` is what was stated before, and becomes what is stated then. `now`
/// has the tools as they are now.
///
/// # Errors
/// [`PlanError`]: then nothing may be written.
pub fn plan(
    records: Vec<ToolRecord>,
    tools: &mut LoggedTools,
    now: &BTreeMap<i32, ToolNow>,
) -> Result<Plan, PlanError> {
    let mut planner = Planner {
        known: tools.keys().copied().collect(),
        tools,
        plan: Plan::default(),
        open: OpenEpoch::default(),
    };
    planner.rename_all(now);
    for record in records {
        if let btree_map::Entry::Vacant(place) = planner.tools.entry(record.tool) {
            let known = now.get(&record.tool);
            let known = known.ok_or(PlanError::UnknownTool(record.tool))?;
            let tool = LoggedTool {
                slug: known.slug.clone(),
                ..LoggedTool::default()
            };
            place.insert(tool);
        }
        if record.is_act {
            planner.end_epoch()?;
            planner.open.add(record);
            planner.end_epoch()?;
        } else {
            planner.open.add(record);
        }
    }
    planner.end_epoch()?;
    Ok(planner.plan)
}

/// What came on one tool since the last epoch ended.
#[derive(Default)]
struct OpenTool {
    changes: BTreeMap<BallotName, BallotChange>,
    removals: Vec<RemovalChange>,
    held: Counts,
    tally: Counts,
    version: i64,
    /// A line names the tool, whatever its ballots did.
    is_named: bool,
}

#[derive(Default)]
struct OpenEpoch(BTreeMap<i32, OpenTool>);

impl OpenEpoch {
    fn add(&mut self, record: ToolRecord) {
        let open = self.0.entry(record.tool).or_default();
        for change in record.changes {
            open.changes
                .entry(change.ballot)
                .and_modify(|first| {
                    *first = BallotChange {
                        old: first.old,
                        is_stated: first.is_stated || change.is_stated,
                        ..change
                    };
                })
                .or_insert(change);
        }
        open.removals.extend(record.removals);
        open.held = open.held.plus(record.held);
        (open.tally, open.version) = (record.tally, record.version);
    }
}

struct Planner<'a> {
    /// Tools that the log names.
    known: BTreeSet<i32>,
    tools: &'a mut LoggedTools,
    plan: Plan,
    open: OpenEpoch,
}

/// The ballots of removals by what they do, their id, and the tool.
type RemovalLists = BTreeMap<(bool, i64, i32), BTreeMap<BallotName, BallotState>>;

impl Planner<'_> {
    fn rename_all(&mut self, now: &BTreeMap<i32, ToolNow>) {
        let stated = self
            .tools
            .iter()
            .map(|(id, tool)| (*id, tool.slug.as_str()));
        let now = now.iter().map(|(id, now)| (*id, now.slug.as_str()));
        for (id, slug) in renames(stated.collect(), &now.collect()) {
            self.rename(id, &slug);
        }
    }

    fn rename(&mut self, id: i32, new: &str) {
        let Some(tool) = self.tools.get_mut(&id) else {
            return;
        };
        let line = Entry::Rename {
            old: &tool.slug,
            new,
        };
        self.plan.lines.push(line.to_string());
        new.clone_into(&mut tool.slug);
        let open = self.open.0.entry(id).or_default();
        // The version of the rename comes with its record, maybe behind an act's.
        (open.is_named, open.tally, open.version) = (true, tool.tally, tool.version);
    }

    fn end_epoch(&mut self) -> Result<(), PlanError> {
        let epoch = std::mem::take(&mut self.open).0;
        let (mut ballots, mut sums) = (Vec::new(), BTreeMap::new());
        let mut lists = RemovalLists::new();
        for (id, open) in &epoch {
            let Some(tool) = self.tools.get_mut(id) else {
                continue;
            };
            let before = tool.clone();
            let mut is_named = open.is_named || !open.removals.is_empty();
            for change in open.changes.values() {
                is_named |= apply_change(tool, *id, change, &mut ballots, &mut lists);
            }
            for removal in &open.removals {
                apply_removal(tool, *id, removal, &mut lists);
            }
            tool.held = tool.held.plus(open.held);
            tool.tally = open.tally;
            tool.unnamed = open.tally.minus(tool.named).plus(tool.held);
            if [tool.unnamed, tool.held, tool.named]
                .iter()
                .any(|counts| counts.is_negative())
            {
                let (tool, slug) = (*id, tool.slug.clone());
                return Err(PlanError::MissingVotes { tool, slug });
            }
            if is_named || *tool != before {
                sums.insert(tool.slug.clone(), sum_lines(tool, &before, open.version));
                self.plan.changed.insert(*id);
            }
            if tool.version != open.version {
                tool.version = open.version;
                // A tool that no line names yet is not kept: a rename of it would be stated.
                if self.known.contains(id) {
                    self.plan.changed.insert(*id);
                }
            }
        }
        ballots.sort_unstable();
        self.plan.lines.append(&mut ballots);
        self.removal_lines(lists);
        self.plan.lines.extend(sums.into_values().flatten());
        Ok(())
    }

    fn removal_lines(&mut self, lists: RemovalLists) {
        // What is taken out comes first: a ballot that two acts cover is excluded throughout.
        for ((excludes, id, tool), ballots) in lists.into_iter().rev() {
            let mut counts = Counts::default();
            for state in ballots.values() {
                counts.add(state.choice, 1);
            }
            let text = list_text(ballots.into_keys());
            let list = sha256(text.as_bytes());
            let line = Entry::Removal {
                excludes,
                id,
                tool: self.tools.get(&tool).map_or("", |tool| tool.slug.as_str()),
                counts,
                list,
            };
            self.plan.lines.push(line.to_string());
            self.plan.lists.insert(list, text);
        }
    }
}

/// Applies a ballot's net change; returns whether a line states it.
fn apply_change(
    tool: &mut LoggedTool,
    id: i32,
    change: &BallotChange,
    ballots: &mut Vec<String>,
    lists: &mut RemovalLists,
) -> bool {
    let (old, new) = (change.old, change.new_state());
    tool.named = tool.named.plus(new.named()).minus(old.named());
    tool.held = tool.held.plus(new.held()).minus(old.held());
    if old.choice == change.choice && !change.is_stated && change.excluded_by.is_none() {
        return false;
    }
    let line = Entry::Ballot {
        tool: &tool.slug,
        ballot: change.ballot,
        choice: change.choice,
    };
    ballots.push(line.to_string());
    if let Some(period) = change.excluded_by {
        let state = BallotState {
            choice: change.choice,
            is_held: change.is_held,
        };
        let list = lists.entry((true, period, id)).or_default();
        list.insert(change.ballot, state);
    }
    true
}

fn apply_removal(
    tool: &mut LoggedTool,
    id: i32,
    removal: &RemovalChange,
    lists: &mut RemovalLists,
) {
    let list = lists.entry((removal.excludes, removal.id, id)).or_default();
    for (ballot, state) in &removal.ballots {
        list.insert(*ballot, *state);
    }
    for (_, state) in removal.ballots.iter().filter(|_| !removal.is_handed_over) {
        if removal.excludes {
            tool.named = tool.named.minus(state.named());
            tool.held = tool.held.minus(state.held());
        } else {
            tool.named = tool.named.plus(state.named());
            tool.held = tool.held.plus(state.held());
        }
    }
}

fn sum_lines(tool: &LoggedTool, before: &LoggedTool, version: i64) -> Vec<String> {
    let slug = tool.slug.as_str();
    let mut lines = Vec::new();
    if tool.unnamed != before.unnamed {
        let counts = tool.unnamed;
        lines.push(Entry::Unnamed { tool: slug, counts }.to_string());
    }
    if tool.held != before.held {
        let counts = tool.held;
        lines.push(Entry::Held { tool: slug, counts }.to_string());
    }
    let tally = Entry::Tally {
        tool: slug,
        counts: tool.tally,
        version,
    };
    lines.push(tally.to_string());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Choice::{self, Ship, Skip};
    use crate::transparency::entry::parse_list;
    use crate::transparency::fold::Fold;

    fn tools(version: i64) -> BTreeMap<i32, ToolNow> {
        let slug = "a".to_owned();
        BTreeMap::from([(1, ToolNow { slug, version })])
    }

    fn change(n: u8, old: Option<Choice>, choice: Option<Choice>) -> BallotChange {
        BallotChange {
            ballot: BallotName([n; 24]),
            old: BallotState {
                choice: old,
                is_held: false,
            },
            choice,
            is_held: false,
            is_stated: false,
            excluded_by: None,
        }
    }

    fn record(ship: i64, skip: i64, version: i64, changes: Vec<BallotChange>) -> ToolRecord {
        ToolRecord {
            tool: 1,
            tally: Counts { ship, skip },
            version,
            changes,
            ..ToolRecord::default()
        }
    }

    fn words(lines: &[String]) -> Vec<&str> {
        lines
            .iter()
            .filter_map(|line| line.split(' ').next())
            .collect()
    }

    #[test]
    fn an_act_is_an_epoch_of_its_own_and_the_fold_agrees() {
        let held = BallotChange {
            is_held: true,
            is_stated: true,
            ..change(3, None, Some(Skip))
        };
        let listed = |n: u8, choice| {
            let state = BallotState {
                choice: Some(choice),
                is_held: n == 3,
            };
            (BallotName([n; 24]), state)
        };
        let act = |excludes, ship, version| ToolRecord {
            is_act: true,
            removals: vec![RemovalChange {
                excludes,
                id: 7,
                is_handed_over: false,
                ballots: vec![listed(1, Ship), listed(3, Skip)],
            }],
            ..record(ship, 1, version, Vec::new())
        };
        let records = vec![
            // One unnamed skip, beside the ballots.
            record(
                2,
                1,
                4,
                vec![
                    change(1, None, Some(Ship)),
                    change(2, None, Some(Ship)),
                    held,
                ],
            ),
            act(true, 1, 5),
            record(0, 1, 6, vec![change(2, Some(Ship), None)]),
            act(false, 1, 7),
            // Came and went within the epoch.
            record(2, 1, 8, vec![change(2, None, Some(Ship))]),
            record(1, 1, 9, vec![change(2, Some(Ship), None)]),
        ];
        let mut stated = LoggedTools::new();
        let plan = plan(records, &mut stated, &tools(9)).expect("a plan");
        let expected = [
            "ballot", "ballot", "ballot", "unnamed", "held", "tally", "exclude", "held", "tally",
            "ballot", "tally", "include", "held", "tally", "tally",
        ];
        assert_eq!(
            words(&plan.lines),
            expected[..words(&plan.lines).len()],
            "{:#?}",
            plan.lines
        );
        let mut fold = Fold::default();
        for line in &plan.lines {
            let list = |hash: &Hash| parse_list(&plan.lists[hash]).expect("a list");
            assert_eq!(fold.apply(line, list), Vec::<String>::new());
        }
        assert_eq!(fold.end_of_epoch(), Vec::<String>::new());
        let (_, sums) = fold.tools().next().expect("a tool");
        assert_eq!(
            (sums.unnamed, sums.held),
            (stated[&1].unnamed, stated[&1].held)
        );
        assert_eq!(sums.unnamed, Counts { ship: 0, skip: 1 });
    }

    #[test]
    fn a_vote_cast_again_inside_a_period_is_stated_though_its_choice_is_the_same() {
        let mut stated = LoggedTools::new();
        let cast = vec![record(1, 0, 2, vec![change(1, None, Some(Ship))])];
        plan(cast, &mut stated, &tools(2)).expect("a plan");
        let excluded = BallotChange {
            excluded_by: Some(7),
            ..change(1, None, Some(Ship))
        };
        let again = vec![
            record(0, 0, 3, vec![change(1, Some(Ship), None)]),
            record(0, 0, 4, vec![excluded]),
        ];
        let plan = plan(again, &mut stated, &tools(4)).expect("a plan");
        assert_eq!(words(&plan.lines), ["ballot", "exclude", "tally"]);
    }

    #[test]
    fn votes_that_are_missing_are_no_plan() {
        let records = vec![record(0, 0, 2, vec![change(1, None, Some(Ship))])];
        let missing = plan(records, &mut LoggedTools::new(), &tools(2));
        assert_eq!(
            missing.expect_err("no plan"),
            PlanError::MissingVotes {
                tool: 1,
                slug: "a".to_owned()
            }
        );
    }

    #[test]
    fn nothing_is_stated_of_a_version_alone() {
        let mut stated = LoggedTools::new();
        plan(
            vec![record(1, 0, 2, vec![change(1, None, Some(Ship))])],
            &mut stated,
            &tools(2),
        )
        .expect("a plan");
        let again =
            plan(vec![record(1, 0, 3, Vec::new())], &mut stated, &tools(3)).expect("a plan");
        assert_eq!(again.lines, Vec::<String>::new());
    }

    #[test]
    fn a_renamed_tool_keeps_its_ballots() {
        let mut stated = LoggedTools::new();
        plan(
            vec![record(1, 0, 2, vec![change(1, None, Some(Ship))])],
            &mut stated,
            &tools(2),
        )
        .expect("a plan");
        let slug = "b".to_owned();
        let now = BTreeMap::from([(1, ToolNow { slug, version: 5 })]);
        let act = ToolRecord {
            is_act: true,
            ..record(1, 0, 4, Vec::new())
        };
        let records = vec![act, record(1, 0, 5, Vec::new())];
        let renamed = plan(records, &mut stated, &now).expect("a plan");
        // No version goes back, though an act came before the rename.
        assert_eq!(renamed.lines, ["rename a b", "tally b 1 0 2"]);
        assert_eq!((stated[&1].version, stated[&1].slug.as_str()), (5, "b"));
    }
}
