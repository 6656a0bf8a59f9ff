//! [`Signals`]: which signals stop the server, and which it must survive.
//!
//! `server::run` installs them before it prints the address: who has read that may send any of them.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop the server in order.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
}

/// Keeps the server alive when its terminal goes or an operator tries a signal that other servers reload at: the default
/// of each is to kill the process.
///
/// # Errors
/// The system refuses a handler.
pub(super) fn survive_others() -> io::Result<()> {
    for kind in [
        SignalKind::hangup(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
    ] {
        // The handler stays when its listener goes.
        drop(signal(kind)?);
    }
    Ok(())
}

impl Signals {
    /// # Errors
    /// The system refuses a handler.
    pub(super) fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    /// Waits for the first of them.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }
}
