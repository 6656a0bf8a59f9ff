//! [`ToolFacts`]: what is known of tools besides the votes of the day, their histories read anew each hour only.

use std::collections::HashMap;

use crate::detection::baseline::Baseline;
use crate::detection::memory::Facts;
use crate::detection::rhythm as rhythm_of;
use crate::domain::Timestamp;
use crate::infra::db::DbConnection;
use crate::moderation::removals::store::Found;
use crate::tallies::store as tallies;

/// A tool's history is read anew after so long, and that of so many tools is kept.
const RHYTHM_SECONDS: i64 = 3_600;
const RHYTHMS: usize = 5_000;

#[derive(Debug, Default)]
pub(super) struct ToolFacts {
    rhythms: HashMap<i32, (Baseline, Timestamp)>,
}

impl ToolFacts {
    /// What is known of a tool; nothing where there is none.
    pub fn facts(
        &mut self,
        conn: &mut DbConnection,
        tool: i32,
        now: Timestamp,
    ) -> Found<Option<Facts>> {
        let Some(row) = tallies::find(conn, tool)? else {
            return Ok(None);
        };
        let known = self.rhythms.get(&tool).copied();
        let fresh = known.filter(|(_, at)| now < at.plus_seconds(RHYTHM_SECONDS));
        let rhythm = if let Some((rhythm, _)) = fresh {
            rhythm
        } else {
            let rhythm = rhythm_of(conn, tool, now)?;
            if self.rhythms.len() >= RHYTHMS {
                self.rhythms.clear();
            }
            self.rhythms.insert(tool, (rhythm, now));
            rhythm
        };
        let count = |n: i64| u32::try_from(n.max(0)).unwrap_or(u32::MAX);
        Ok(Some(Facts {
            rhythm,
            ship: count(row.ship + row.aside_ship),
            skip: count(row.skip + row.aside_skip),
        }))
    }
}
