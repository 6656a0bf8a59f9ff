//! `tallyship mcp`: the Model Context Protocol on standard input and output, a message a line, for an agent on this machine.
//!
//! It reads the database itself, so it works beside a running server and without one. Standard output has nothing but messages.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;

use super::{Failure, console, open_database};
use crate::catalog::cache::CatalogCache;
use crate::catalog::store as catalog;
use crate::catalog::views::PublicReads;
use crate::catalog::views::list::Lists;
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::infra::db::{DbConnection, Readers};
use crate::tallies::cache::TallyCache;
use crate::tallies::store as tallies;
use crate::web::mcp::McpServer;

pub(super) fn run(settings: &Settings) -> Result<ExitCode, Failure> {
    let mut conn = open_database(settings)?;
    let board =
        TallyCache::new(settings.tally.min_votes).showing_set_aside(settings.tally.show_set_aside);
    let server = McpServer {
        reads: PublicReads {
            shelf: Arc::new(CatalogCache::default()),
            board: Arc::new(board),
            lists: Arc::new(Lists::default()),
            readers: Readers::start(&settings.database, "reader", 1).map_err(Failure::new)?,
        },
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(Failure::new)?;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(Failure::new)?;
        if line.trim().is_empty() {
            continue;
        }
        renew(&mut conn, &server.reads)?;
        let Some(answer) = runtime.block_on(server.answer_line(&line)) else {
            continue;
        };
        let mut text = serde_json::to_vec(&answer).map_err(Failure::new)?;
        text.push(b'\n');
        console::write(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads what others wrote since the message before.
fn renew(conn: &mut DbConnection, reads: &PublicReads) -> Result<(), Failure> {
    // The catalogue first, so that no tally stands without its tool.
    for tool in catalog::all(conn)? {
        reads.shelf.put(tool);
    }
    for (slug, row) in tallies::all(conn)? {
        reads.board.admit(&slug, row);
    }
    catalog::show_redirects(conn, &reads.board)?;
    reads.board.seen(Timestamp::now());
    Ok(())
}
