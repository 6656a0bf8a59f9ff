//! The least that an answer after fsync can be on this machine: the ceiling with a thread that writes whatever waits to a
//! file, one fdatasync for all of it, and answers then. No votes, no rules, no database.
//!
//! `openloop` measures it beside us at the same rate: what it takes is not ours. A process of its own, like the ceiling.
use crate::ceiling::{Cast, run};
use actix_web::{HttpResponse, web};
use std::io::{Seek, SeekFrom, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// The log, written once before, so that a sync has no size to write.
const LOG_BYTES: usize = 16 << 20;
/// What is kept of a call.
const RECORD: [u8; 64] = [7; 64];

type Waiting = oneshot::Sender<()>;

fn write(file: &str, calls: &Receiver<Waiting>) {
    let mut log = std::fs::File::create(file).expect("the log");
    log.write_all(&vec![0; LOG_BYTES]).expect("preallocated");
    log.sync_all().expect("syncs");
    let (mut at, mut batch) = (0, Vec::new());
    while let Ok(first) = calls.recv() {
        let waiting: Vec<Waiting> = [first].into_iter().chain(calls.try_iter()).collect();
        batch.clear();
        for _ in &waiting {
            batch.extend(RECORD);
        }
        if at + batch.len() > LOG_BYTES {
            at = 0;
        }
        log.seek(SeekFrom::Start(at as u64)).expect("seeks");
        log.write_all(&batch).expect("writes");
        log.sync_data().expect("syncs");
        at += batch.len();
        for call in waiting {
            let _ = call.send(());
        }
    }
}

/// A PUT is parsed, and answered 204 once the thread has its record on disk.
pub fn serve(file: &str) {
    let (calls, taken): (Sender<Waiting>, _) = channel();
    let file = format!("{file}.log");
    std::thread::spawn(move || write(&file, &taken));
    run(move |config| {
        let calls = calls.clone();
        config.service(web::resource("/{path:.*}").route(web::put().to(
            move |cast: web::Json<Cast>| {
                std::hint::black_box(cast.choice);
                let (call, answered) = oneshot::channel();
                calls.send(call).expect("a writer");
                async move {
                    answered.await.expect("an answer");
                    HttpResponse::NoContent().finish()
                }
            },
        )));
    });
}
