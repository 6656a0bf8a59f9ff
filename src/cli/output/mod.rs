//! [`Output`]: where a command writes its result: standard output, a file that appears whole or not at all, or a pipe or device.
//!
//! A file grows under another name beside its target, is synced, and is then renamed. If the command fails, nothing is left.
//! A rename would replace a link, pipe or device by a file, so a link is followed and the others are written in place.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind, Stdout, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, fstat, renameat_with};

use super::{Failure, console};

const BUFFER_BYTES: usize = 256 * 1024;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Its owner alone, whatever the umask: it holds personal data.
    Private,
    /// Whom the umask allows.
    Shared,
}

enum Sink {
    Standard(BufWriter<Stdout>),
    File(BufWriter<File>),
}

/// A file that has not its name yet.
struct Unnamed {
    part: PathBuf,
    target: PathBuf,
    replaces: bool,
}

/// See the file's head.
pub(super) struct Output {
    sink: Sink,
    unnamed: Option<Unnamed>,
    /// Its reader went away.
    is_closed: bool,
}

/// What stands at a path.
enum Target {
    Nothing,
    /// The file itself, behind all links.
    Regular(PathBuf),
    Stream,
    StandardOutput,
}

impl Output {
    /// `None` or `-` is standard output.
    pub(super) fn open(path: Option<&Path>, access: Access, force: bool) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Self::standard();
        };
        let failed = |cause: std::io::Error| Failure::new(format!("{}: {cause}", path.display()));
        let (target, replaces) = match Target::at(path)? {
            Target::StandardOutput => return Self::standard(),
            Target::Stream => {
                let stream = OpenOptions::new().write(true).open(path).map_err(failed)?;
                return Ok(Self::to_file(stream, None));
            }
            Target::Nothing => (path.to_owned(), false),
            Target::Regular(_) if !force => return Err(exists(path)),
            Target::Regular(target) => (target, true),
        };
        let part = beside(&target);
        let mode = if access == Access::Private {
            0o600
        } else {
            0o666
        };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&part)
            .map_err(failed)?;
        if access == Access::Private {
            file.set_permissions(Permissions::from_mode(mode))
                .map_err(failed)?;
        }
        Ok(Self::to_file(
            file,
            Some(Unnamed {
                part,
                target,
                replaces,
            }),
        ))
    }

    fn standard() -> Result<Self, Failure> {
        console::refuse_closed()?;
        Ok(Self {
            sink: Sink::Standard(BufWriter::with_capacity(BUFFER_BYTES, std::io::stdout())),
            unnamed: None,
            is_closed: false,
        })
    }

    fn to_file(file: File, unnamed: Option<Unnamed>) -> Self {
        Self {
            sink: Sink::File(BufWriter::with_capacity(BUFFER_BYTES, file)),
            unnamed,
            is_closed: false,
        }
    }

    /// What to report if writing failed: nothing if the reader went away.
    pub(super) fn failure(&self, cause: impl std::fmt::Display) -> Failure {
        if self.is_closed {
            Failure::silent()
        } else {
            Failure::new(format!("cannot write the output: {cause}"))
        }
    }

    /// Everything is written: the file takes its name.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush().map_err(|cause| self.failure(cause))?;
        let Some(unnamed) = self.unnamed.take() else {
            return Ok(());
        };
        let named = self.name(&unnamed);
        if named.is_err() {
            let _ = std::fs::remove_file(&unnamed.part);
        }
        named
    }

    fn name(&self, unnamed: &Unnamed) -> Result<(), Failure> {
        let Unnamed {
            part,
            target,
            replaces,
        } = unnamed;
        let failed = |cause: std::io::Error| Failure::new(format!("{}: {cause}", target.display()));
        if let Sink::File(file) = &self.sink {
            file.get_ref().sync_all().map_err(failed)?;
        }
        if *replaces {
            std::fs::rename(part, target).map_err(failed)?;
        } else {
            // A file that appeared meanwhile is not replaced either.
            match renameat_with(CWD, part, CWD, target, RenameFlags::NOREPLACE) {
                Err(rustix::io::Errno::EXIST) => return Err(exists(target)),
                // Some file systems cannot tell.
                Err(rustix::io::Errno::INVAL) => std::fs::rename(part, target).map_err(failed)?,
                renamed => renamed.map_err(|cause| failed(cause.into()))?,
            }
        }
        sync_folder(target).map_err(failed)
    }
}

impl Target {
    fn at(path: &Path) -> Result<Self, Failure> {
        let refused = |cause: &str| Failure::new(format!("{}: {cause}", path.display()));
        let failed = |cause: std::io::Error| refused(&cause.to_string());
        match path.symlink_metadata() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Self::Nothing),
            found => found.map_err(failed)?,
        };
        let found = match path.metadata() {
            Err(cause) if cause.kind() == ErrorKind::NotFound => {
                return Err(refused(
                    "the link leads nowhere; remove it or make its target",
                ));
            }
            found => found.map_err(failed)?,
        };
        let is_standard = fstat(std::io::stdout())
            .is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (found.dev(), found.ino()));
        if is_standard {
            return Ok(Self::StandardOutput);
        }
        let kind = found.file_type();
        if kind.is_fifo() || kind.is_char_device() || kind.is_block_device() {
            return Ok(Self::Stream);
        }
        if !kind.is_file() {
            return Err(refused("expected a file, a pipe or a device"));
        }
        if found.nlink() > 1 {
            return Err(refused(
                "the file has other names (hard links); remove it first",
            ));
        }
        path.canonicalize().map(Self::Regular).map_err(failed)
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!("{} exists; --force overwrites it", path.display()))
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(unnamed) = &self.unnamed {
            let _ = std::fs::remove_file(&unnamed.part);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = match &mut self.sink {
            Sink::Standard(out) => out.write(bytes),
            Sink::File(out) => out.write(bytes),
        };
        self.is_closed |= is_closed(&written);
        written
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = match &mut self.sink {
            Sink::Standard(out) => out.flush(),
            Sink::File(out) => out.flush(),
        };
        self.is_closed |= is_closed(&flushed);
        flushed
    }
}

fn is_closed<T>(written: &std::io::Result<T>) -> bool {
    written
        .as_ref()
        .is_err_and(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

/// A file without a name, readable by its owner alone: it is gone with the process, however that ends.
pub(super) fn scratch() -> std::io::Result<File> {
    let path = beside(&std::env::temp_dir().join("tallyship"));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// A name beside `path` that nobody else uses.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", uuid::Uuid::now_v7().simple()));
    path.with_file_name(name)
}

/// Makes a new name in a folder last through a power cut.
pub(super) fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests;
