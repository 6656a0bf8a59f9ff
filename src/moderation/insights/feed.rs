//! The feed: current votes, newest first, by tool, network, voter and time, with what was taken out among them.
//!
//! `routes` and the dashboard call it. It goes over the votes in pages and keeps the newest of each.

use std::collections::{BTreeSet, HashMap};

use super::ModeratedVoteView;
use super::store;
use crate::domain::{Choice, NetworkHash, Slug, Timestamp, VoterId};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::moderation::paging::Page;
use crate::moderation::removals::removal::ModeratedVote;
use crate::moderation::selection::AnyOf;
use crate::voting::exclusions;

/// Votes that one query goes over.
const PAGE: i64 = 50_000;
/// Tools that one query names.
const TOOLS: usize = 500;

/// Where a page of the feed ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    pub cast_at: Timestamp,
    pub tool: i32,
    pub voter: VoterId,
}

impl After {
    pub(crate) fn of(vote: &ModeratedVote) -> Self {
        Self {
            cast_at: vote.cast_at,
            tool: vote.tool,
            voter: vote.voter,
        }
    }

    /// As a cursor.
    pub fn text(self) -> String {
        let voter = u128::from_be_bytes(self.voter.0);
        format!("{:x}-{:x}-{voter:032x}", self.cast_at.0, self.tool)
    }

    /// Reads a cursor that the feed gave.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (cast_at, tool, voter) = (parts.next()?, parts.next()?, parts.next()?);
        let after = Self {
            cast_at: Timestamp(i64::from_str_radix(cast_at, 16).ok()?),
            tool: i32::from_str_radix(tool, 16).ok()?,
            voter: VoterId(u128::from_str_radix(voter, 16).ok()?.to_be_bytes()),
        };
        parts.next().is_none().then_some(after)
    }
}

/// Whether a vote counts, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Counted,
    /// It waits for a moderator.
    Held,
    Rejected,
    /// A reset or a period in force has taken it out.
    SetAside,
}

/// Which votes the feed shows; all that is given must match.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub tool: Option<i32>,
    pub networks: AnyOf<NetworkHash>,
    pub voters: AnyOf<VoterId>,
    pub choice: Option<Choice>,
    pub standing: Option<Standing>,
    /// Cast at or after this.
    pub from: Option<Timestamp>,
    /// Cast before this.
    pub to: Option<Timestamp>,
    pub after: Option<After>,
}

/// Some voters on some tools: little enough for one query.
struct Stretch {
    tools: Vec<i32>,
    /// Of one large tool, to be gone over in several pages.
    large: bool,
}

/// Every tool with votes, small ones together.
fn stretches(sizes: Vec<(i32, i64)>) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let (mut tools, mut sum) = (Vec::new(), 0);
    for (tool, votes) in sizes {
        if votes > PAGE {
            found.push(Stretch {
                tools: vec![tool],
                large: true,
            });
            continue;
        }
        if sum + votes > PAGE || tools.len() >= TOOLS {
            found.push(Stretch {
                tools: std::mem::take(&mut tools),
                large: false,
            });
            sum = 0;
        }
        tools.push(tool);
        sum += votes;
    }
    found.push(Stretch {
        tools,
        large: false,
    });
    found
}

impl Moderation {
    /// A page of the feed.
    pub async fn feed(
        &self,
        filter: Filter,
        limit: i64,
    ) -> Result<Page<ModeratedVoteView>, Problem> {
        let mut sizes = self.look(store::sizes).await?;
        sizes.retain(|(tool, _)| filter.tool.is_none_or(|wanted| wanted == *tool));
        let mut newest: Vec<ModeratedVote> = Vec::new();
        for stretch in stretches(sizes) {
            let mut after: Option<VoterId> = None;
            loop {
                let tools = stretch.tools.clone();
                let large = stretch.large;
                let filter = filter.clone();
                let (mut page, upto) = self
                    .look(move |conn| {
                        let (after, upto) = match (span(&filter.voters), tools.as_slice()) {
                            (Some((first, last)), _) => (before(first), Some(last)),
                            (None, [tool]) if large => {
                                let end = crate::moderation::removals::store::page_end(
                                    conn, *tool, after, PAGE,
                                )?;
                                (after, end)
                            }
                            (None, _) => (None, None),
                        };
                        let page = store::newest(conn, &tools, (after, upto), &filter, limit + 1)?;
                        Ok((
                            page,
                            upto.filter(|_| large && filter.voters.ids().is_none()),
                        ))
                    })
                    .await?;
                newest.append(&mut page);
                newest.sort_by_key(|vote| std::cmp::Reverse((vote.cast_at, vote.tool, vote.voter)));
                newest.truncate(usize::try_from(limit + 1).unwrap_or_default());
                if upto.is_none() {
                    break;
                }
                after = upto;
            }
        }
        let page = Page::cut(newest, limit, |vote| After::of(vote).text());
        let marks: BTreeSet<i64> = page.items.iter().filter_map(|vote| vote.mark).collect();
        let in_force = self
            .look(move |conn| exclusions::in_force(conn, &marks))
            .await?;
        let names: HashMap<i32, Slug> = self
            .board
            .all()
            .into_iter()
            .map(|slot| (slot.id, slot.slug()))
            .collect();
        let items = page
            .items
            .iter()
            .filter_map(|vote| {
                let counted = vote.mark.is_none_or(|mark| !in_force.contains(&mark));
                Some(ModeratedVoteView::new(
                    names.get(&vote.tool)?,
                    vote,
                    counted,
                ))
            })
            .collect();
        Ok(Page {
            items,
            next: page.next,
        })
    }
}

/// From the first to the last of the voters that are named.
fn span(voters: &AnyOf<VoterId>) -> Option<(VoterId, VoterId)> {
    let ids = voters.ids()?;
    Some((*ids.first()?, *ids.last()?))
}

/// The id just below `voter`; `None` below the lowest.
fn before(voter: VoterId) -> Option<VoterId> {
    u128::from_be_bytes(voter.0)
        .checked_sub(1)
        .map(|id| VoterId(id.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tools_are_read_together_and_large_ones_alone() {
        let sizes = vec![(1, 10), (2, 60_000), (3, 49_995), (4, 1)];
        let found: Vec<(Vec<i32>, bool)> = stretches(sizes)
            .into_iter()
            .map(|stretch| (stretch.tools, stretch.large))
            .collect();
        assert_eq!(
            found,
            [(vec![2], true), (vec![1], false), (vec![3, 4], false)]
        );
    }

    #[test]
    fn a_cursor_reads_as_it_was_written() {
        let after = After {
            cast_at: Timestamp(1_795_485_600_000_000),
            tool: 7,
            voter: VoterId([9; 16]),
        };
        assert_eq!(After::parse(&after.text()), Some(after));
        for bad in ["", "1-2", "1-2-3-4", "x-y-z"] {
            assert_eq!(After::parse(bad), None, "{bad}");
        }
    }
}
