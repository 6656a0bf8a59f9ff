//! Standard error that nobody has to wait for: lines go through a bounded queue to a thread of their own.
//!
//! The log and the commands write here. If the reader is gone, full or hanging, lines are lost, and nothing else. (The crate
//! tracing-appender has the same queue, but waits for a hanging reader when it ends.)

use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use super::workers;

/// Lines that wait for a slow reader.
const MAX_WAITING_LINES: usize = 8_192;
/// How long the end of the process waits for the last lines.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

enum Entry {
    Line(Vec<u8>),
    Flush(Sender<()>),
}

static QUEUE: LazyLock<SyncSender<Entry>> = LazyLock::new(|| {
    let (queue, entries) = sync_channel(MAX_WAITING_LINES);
    // Without the thread the entries' end is closed, and lines are lost.
    let _ = workers::spawn("stderr", move || write_all(&entries));
    queue
});
static LOST_LINES: AtomicU64 = AtomicU64::new(0);

fn write_all(entries: &Receiver<Entry>) {
    let mut out = std::io::stderr();
    for entry in entries {
        match entry {
            Entry::Line(line) => {
                let lost = LOST_LINES.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    let _ = writeln!(
                        out,
                        "{lost} log lines were lost: standard error was not read"
                    );
                }
                let _ = out.write_all(&line);
            }
            Entry::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

fn enqueue(line: Vec<u8>) {
    if QUEUE.try_send(Entry::Line(line)).is_err() {
        LOST_LINES.fetch_add(1, Ordering::Relaxed);
    }
}

/// Writes a line.
pub fn line(text: impl std::fmt::Display) {
    enqueue(format!("{text}\n").into_bytes());
}

/// Waits until all lines so far are written, but not for long.
pub fn flush() {
    let (done, flushed) = channel();
    if QUEUE.try_send(Entry::Flush(done)).is_ok() {
        let _ = flushed.recv_timeout(FLUSH_TIMEOUT);
    }
}

/// For the log: each write is one whole event.
#[derive(Debug, Clone, Copy)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        enqueue(bytes.to_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
