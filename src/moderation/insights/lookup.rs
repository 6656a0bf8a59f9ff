//! Finding a voter or a network by the end of its id, which is what pages show of it. The dashboard's forms call it.

use super::store;
use crate::domain::{NetworkHash, VoterId};
use crate::http::problem::Problem;
use crate::moderation::Moderation;
use crate::moderation::selection::Id;

/// Votes that one query goes over.
const PAGE_VOTES: i64 = 50_000;
/// Fewer digits than this name too many.
pub const MIN_DIGITS: usize = 4;

impl Moderation {
    /// The voters whose ids end in these lower-case hexadecimal digits: none, one, or two of more; of `tool` only, if
    /// one is given.
    pub async fn voters_ending_in(
        &self,
        tool: Option<i32>,
        digits: &str,
    ) -> Result<Vec<VoterId>, Problem> {
        self.ending_in(tool, "voter", digits).await
    }

    /// The same of networks.
    pub async fn networks_ending_in(
        &self,
        tool: Option<i32>,
        digits: &str,
    ) -> Result<Vec<NetworkHash>, Problem> {
        self.ending_in(tool, "network", digits).await
    }

    async fn ending_in<T: Id + Send + 'static>(
        &self,
        tool: Option<i32>,
        column: &'static str,
        digits: &str,
    ) -> Result<Vec<T>, Problem> {
        let tools = match tool {
            Some(tool) => vec![tool],
            None => self.board.all().iter().map(|entry| entry.id).collect(),
        };
        let mut found: Vec<T> = Vec::new();
        for tool in tools {
            let mut after: Option<VoterId> = None;
            loop {
                let digits = digits.to_owned();
                let (ids, upto): (Vec<T>, _) = self
                    .look(move |conn| {
                        let end = crate::moderation::removals::store::page_end(
                            conn, tool, after, PAGE_VOTES,
                        )?;
                        let ids = store::ending_in(conn, (tool, after, end), column, &digits)?;
                        Ok((ids, end))
                    })
                    .await?;
                found.extend(ids);
                found.sort_unstable();
                found.dedup();
                if found.len() > 1 {
                    found.truncate(2);
                    return Ok(found);
                }
                if upto.is_none() {
                    break;
                }
                after = upto;
            }
        }
        Ok(found)
    }
}
