//! The writer's thread outlives whatever is asked of it.

use std::sync::Arc;

use diesel::{RunQueryDsl, sql_query};

use super::*;
use crate::config::DatabaseUrl;

#[test]
fn an_edit_that_panics_costs_that_edit_alone() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    runtime.block_on(edit_after_a_panic());
}

async fn edit_after_a_panic() {
    let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
    let database = config::Database {
        url: DatabaseUrl::Sqlite(folder.join("votes.db")),
        ca_file: None,
    };
    let mut conn = db::create(&database, Purpose::Command).expect("a database");
    db::migrate(&mut conn).expect("migrates");
    drop(conn);
    let meters = Arc::new(Metrics::new(&[]).expect("meters"));
    let erased = Arc::new(Denylist::default());
    let started = Votes::start(database, Arc::new(|_| None), erased, meters, false, None);
    let (votes, thread) = started.expect("a thread");

    votes
        .edit(|conn| sql_query("CREATE TABLE notes (n INTEGER)").execute(conn))
        .await
        .expect("a table");
    let half_done = votes.edit(|conn| {
        db::write_transaction(conn, |conn| {
            sql_query("INSERT INTO notes VALUES (1)").execute(conn)?;
            if true {
                std::panic::panic_any("an edit of this test panics");
            }
            Ok::<_, diesel::result::Error>(())
        })
    });
    assert_eq!(half_done.await, Err(VoteError::Unavailable));
    let after = votes.edit(|conn| sql_query("DELETE FROM notes").execute(conn));
    assert_eq!(after.await, Ok(0), "the half that was done is undone");

    drop(votes);
    thread.join().expect("the thread ended well");
    std::fs::remove_dir_all(folder).expect("cleans up");
}
