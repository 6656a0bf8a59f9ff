//! What a command prints. Standard output is written at once and may fail; standard error is best effort (`infra::stderr`).

use std::io::{ErrorKind, Write};

use rustix::fs::{OFlags, fcntl_getfl, fstat, major, minor};

use super::Failure;

/// Writes `text` and a line feed to standard output.
///
/// # Errors
/// Exit code 1, with a line unless the reader went away.
pub(super) fn print(text: impl std::fmt::Display) -> Result<(), Failure> {
    write(format!("{text}\n").as_bytes())
}

/// Writes `bytes` to standard output.
pub(super) fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|cause| failure(&cause))
}

/// Commands whose output is what they are run for, such as a new token or a backup, ask before they begin.
///
/// # Errors
/// Exit code 1 with a line if standard output was closed from the start.
pub(super) fn refuse_closed() -> Result<(), Failure> {
    if was_closed().map_err(Failure::new)? {
        return Err(Failure::new(
            "cannot write to standard output: it is closed, or leads to /dev/null",
        ));
    }
    Ok(())
}

/// Before `main` the standard library opens `/dev/null`, for reading and writing, in the place of a closed descriptor. That
/// cannot be told from a caller who did the same, and there nobody reads either.
fn was_closed() -> rustix::io::Result<bool> {
    let out = std::io::stdout();
    let device = fstat(&out)?.st_rdev;
    let is_null = (major(device), minor(device)) == (1, 3);
    Ok(is_null && fcntl_getfl(&out)?.contains(OFlags::RDWR))
}

/// What to report if standard output cannot be written: nothing if the reader went away.
pub(super) fn failure(cause: &std::io::Error) -> Failure {
    if cause.kind() == ErrorKind::BrokenPipe {
        Failure::silent()
    } else {
        Failure::new(format!("cannot write to standard output: {cause}"))
    }
}
