//! Notices of other instances, by Redis or by Postgres: whoever can write there can write anything.

use tallyship::tallies::stream::relay::{notice, read};

use super::text;

pub fn run(data: &[u8]) {
    for line in text(data).unwrap_or_default().split('\n') {
        if let Some(row) = read(line) {
            assert_eq!(read(&notice(&row)), Some(row), "{line}");
            assert!(row.ship >= 0 && row.skip >= 0 && row.version >= 0 && row.tool >= 0);
        }
    }
}
