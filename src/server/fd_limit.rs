//! Open files: every stream and every connection is one. The usual soft limit of 1024 is raised to the hard one.
//!
//! `server` calls it at the start. Votes must never lack a file because of streams.

use rustix::process::{Resource, getrlimit, setrlimit};

use super::ServeError;

/// Kept for votes, databases and everything else, at least: an eighth of all, and so many more.
const KEPT: usize = 64;

/// What a worker opens for itself, with a few callers.
const FILES_PER_WORKER: usize = 16;

/// Raises the limit as far as may be, and returns how many of `streams` fit.
///
/// # Errors
/// A limit that is too low to serve anybody.
pub(super) fn streams_within(streams: usize, workers: usize) -> Result<usize, ServeError> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = rustix::process::Rlimit {
            current: limit.maximum,
            ..limit
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    let files = limit
        .current
        .and_then(|files| usize::try_from(files).ok())
        .unwrap_or(usize::MAX);
    let needed = KEPT + FILES_PER_WORKER * workers;
    if files < needed {
        return Err(ServeError::FileLimit { files, needed });
    }
    let fit = streams.min((files - files / 8).saturating_sub(KEPT));
    if fit < streams {
        tracing::warn!(
            files,
            streams = fit,
            "open file limit allows fewer streams than live.streams"
        );
    }
    Ok(fit)
}
