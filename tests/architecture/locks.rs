//! One order of locks: statements that lock stand only in files that say which lock they take.

use crate::sources;

/// What takes a lock that outlasts its statement, and the files that may. The order is in `src/infra/db/lock_order.rs`, and debug
/// builds hold each transaction to it.
const LOCKING: &[&str] = &[
    "FOR NO KEY UPDATE",
    "FOR UPDATE",
    "FOR SHARE",
    "FOR KEY SHARE",
    "LOCK TABLE",
    "pg_advisory_",
    "tallies::version.eq(tallies::version)",
    "site_facts::value.eq(site_facts::value)",
];
/// Those that are part of the order: each says which lock it takes.
const LOCKS_IN_ORDER: &[&str] = &[
    "auth/audit/store.rs",
    "auth/denylist.rs",
    "infra/db/versions.rs",
    "tallies/store.rs",
    "voting/postgres/mod.rs",
];
/// Those that are not: one process at a time migrates or restores, and network expiry waits for no lock.
const LOCKS_ALONE: &[&str] = &[
    "infra/db/migrate.rs",
    "maintenance/backup/load.rs",
    "maintenance/network_expiry/store.rs",
];

/// Statements that lock beyond the one lock order.
fn second_orders(file: &str, text: &str) -> Vec<String> {
    let found = LOCKING.iter().filter(|locking| text.contains(**locking));
    let says = text.contains("taking(");
    let allowed = LOCKS_ALONE.contains(&file) || (LOCKS_IN_ORDER.contains(&file) && says);
    found
        .filter(|_| !allowed)
        .map(|locking| format!("{file}: {locking} is not part of the lock order"))
        .collect()
}

#[test]
fn there_is_one_lock_order() {
    let faults: Vec<String> = sources()
        .iter()
        .flat_map(|(file, text)| second_orders(file, text))
        .collect();
    assert_eq!(faults, Vec::<String>::new());
    let second = "fn f() { sql_query(\"SELECT 1 FROM tallies ORDER BY slug FOR UPDATE\") }";
    assert_eq!(second_orders("catalog/store.rs", second).len(), 1);
    assert_eq!(
        second_orders("tallies/store.rs", second).len(),
        1,
        "it does not say which"
    );
}
