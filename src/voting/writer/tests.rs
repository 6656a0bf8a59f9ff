//! The writer's thread outlives whatever is asked of it.

use std::sync::Arc;

use diesel::{RunQueryDsl, sql_query};
use futures_util::FutureExt;

use super::*;
use crate::config::DatabaseUrl;

/// A writer on a new database.
struct Fixture {
    folder: std::path::PathBuf,
    votes: Votes,
    thread: std::thread::JoinHandle<()>,
}

impl Fixture {
    fn new() -> Self {
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
        Self {
            folder,
            votes,
            thread,
        }
    }

    async fn sql(&self, statement: &'static str) -> Result<usize, VoteError> {
        let done = self
            .votes
            .edit(move |conn| sql_query(statement).execute(conn));
        done.await
    }

    fn end(self) {
        drop(self.votes);
        self.thread.join().expect("the thread ended well");
        std::fs::remove_dir_all(self.folder).expect("cleans up");
    }
}

#[tokio::test]
async fn an_edit_that_panics_costs_that_edit_alone() {
    let writer = Fixture::new();
    writer
        .sql("CREATE TABLE notes (n INTEGER)")
        .await
        .expect("a table");
    let half_done = writer.votes.edit(|conn| {
        db::write_transaction(conn, |conn| {
            sql_query("INSERT INTO notes VALUES (1)").execute(conn)?;
            if true {
                std::panic::panic_any("an edit of this test panics");
            }
            Ok::<_, diesel::result::Error>(())
        })
    });
    assert_eq!(half_done.await, Err(VoteError::Unavailable));
    let after = writer.sql("DELETE FROM notes").await;
    assert_eq!(after, Ok(0), "the half that was done is undone");
    writer.end();
}

#[tokio::test]
async fn an_edit_that_nobody_waits_for_is_not_done() {
    let writer = Fixture::new();
    writer
        .sql("CREATE TABLE notes (n INTEGER)")
        .await
        .expect("a table");
    // The first holds the writer while the others come in.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hold = writer.votes.edit(move |_| {
        let _ = held.recv();
        Ok(())
    });
    let mut hold = Box::pin(hold);
    assert_eq!(hold.as_mut().now_or_never(), None);
    // This caller comes once and goes.
    let given_up = writer.sql("INSERT INTO notes VALUES (1)");
    assert_eq!(given_up.now_or_never(), None);
    let mut waited_for = Box::pin(writer.sql("INSERT INTO notes VALUES (2)"));
    assert_eq!(waited_for.as_mut().now_or_never(), None);
    drop(release);
    assert_eq!(hold.await, Ok(()));
    assert_eq!(waited_for.await, Ok(1));
    assert_eq!(writer.sql("DELETE FROM notes WHERE n = 1").await, Ok(0));
    writer.end();
}
