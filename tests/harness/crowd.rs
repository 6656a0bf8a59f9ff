//! Many votes at once, written behind the server's back with their ledger: as if they had all been cast.
//!
//! Called by tests that need more votes than there is time to cast. What it leaves passes `tallyship verify`.
use super::Backend;
use super::server::Home;

/// Adds `count` votes for `slug`, all `ship`, cast at `at` (microseconds since 1970), by new voters of one network.
pub fn fill(home: &Home, slug: &str, count: usize, at: i64) {
    let tool = format!("(SELECT id FROM tools WHERE slug = '{slug}')");
    // Voters in the order of time, as visitors are.
    let votes = match home.backend() {
        Backend::Sqlite => format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) \
             SELECT {tool}, unhex(printf('%016x%016x', {at} + i, random())), 1, {at}, zeroblob(16), 5 FROM n"
        ),
        Backend::Postgres => format!(
            "INSERT INTO votes (tool_id, voter, choice, cast_at, network, token_age) \
             SELECT {tool}, decode(lpad(to_hex({at} + i), 16, '0') || substr(md5(i::text), 1, 16), 'hex'), \
             1, {at}, decode(repeat('00', 16), 'hex'), 5 FROM generate_series(1, {count}) AS n (i)"
        ),
    };
    home.execute(&votes);
    let ship = match home.backend() {
        Backend::Sqlite => "CAST(v.voter || char(1) AS BLOB)",
        Backend::Postgres => "v.voter || '\\x01'::bytea",
    };
    home.execute(&format!(
        "INSERT INTO ledger_entries (tool_id, version, at, changes) \
         SELECT v.tool_id, t.version + row_number() OVER (ORDER BY v.voter), v.cast_at, {ship} \
         FROM votes v JOIN tallies t ON t.tool_id = v.tool_id WHERE v.tool_id = {tool} AND v.cast_at = {at} \
         ORDER BY v.voter"
    ));
    home.execute(&format!(
        "UPDATE tallies SET ship = ship + {count}, version = version + {count}, updated_at = updated_at + 1 \
         WHERE tool_id = {tool}"
    ));
}
