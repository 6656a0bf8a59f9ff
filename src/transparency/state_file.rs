//! The state file: the last checkpoint that this server signed, kept outside the database, so that a database that was put
//! back does not make a second history.
//!
//! The worker compares and writes it under the file's lock, so that two servers with one state file write one history.

use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Read, Result, Seek};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::infra::private_files::{link_target, open_or_make};

/// How often a lock that another process has is tried, and the time between two tries.
const LOCK_TRIES: usize = 100;
const LOCK_INTERVAL: Duration = Duration::from_millis(50);

/// Where it is; without a path nothing is kept. The path may be a link, or a mount of this one file.
#[derive(Debug, Clone, Default)]
pub struct StateFile(pub Option<PathBuf>);

/// What a state file holds. After a write in place that was interrupted, that is a damaged note and a whole one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept(String);

impl Kept {
    fn of(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).into_owned())
    }

    /// An empty file remembers nothing.
    pub fn is_empty(&self) -> bool {
        self.0.chars().all(|c| c.is_whitespace() || c == '\0')
    }

    /// Everything that has the form of a signed note. Only a signature tells which of them are whole.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let lines: Vec<&str> = self.0.split_inclusive('\n').collect();
        let notes: Vec<String> = lines
            .windows(5)
            .filter(|lines| {
                matches!(lines, [_, _, _, "\n", signature]
                    if signature.starts_with('—') && signature.ends_with('\n'))
            })
            .map(<[&str]>::concat)
            .collect();
        notes.into_iter()
    }
}

impl StateFile {
    pub fn read(&self) -> Result<Kept> {
        let Some(path) = &self.0 else {
            return Ok(Kept::default());
        };
        match std::fs::read(path) {
            Ok(bytes) => Ok(Kept::of(&bytes)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(Kept::default()),
            Err(cause) => Err(cause),
        }
    }

    /// Locks the file, which is made if there is none, until the result is dropped.
    ///
    /// # Errors
    /// A file that cannot be opened or locked, or that another process keeps locked.
    pub fn lock(&self) -> Result<LockedState> {
        let Some(path) = &self.0 else {
            return Ok(LockedState(None));
        };
        let path = link_target(path);
        for _ in 0..LOCK_TRIES {
            let file = open_or_make(&path)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path)? => return Ok(LockedState(Some((path, file)))),
                // Another process has replaced it meanwhile.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_INTERVAL),
                Err(TryLockError::Error(cause)) => return Err(cause),
            }
        }
        Err(Error::other("another process keeps it locked"))
    }
}

fn is_at(file: &File, path: &Path) -> Result<bool> {
    let opened = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((opened.dev(), opened.ino()) == (there.dev(), there.ino())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}

/// The state file while nobody else writes it.
#[derive(Debug)]
pub struct LockedState(Option<(PathBuf, File)>);

impl LockedState {
    pub fn read(&mut self) -> Result<Kept> {
        let Some((_, file)) = &mut self.0 else {
            return Ok(Kept::default());
        };
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(Kept::of(&bytes))
    }

    /// Keeps `note` in the place of the one before; it is on disk when this returns.
    pub fn write(&mut self, note: &str) -> Result<()> {
        let Some((path, file)) = &mut self.0 else {
            return Ok(());
        };
        // A mount of one file cannot be replaced, nor can a file in a folder that is read-only.
        let growing = path.with_extension("new");
        if let Ok(new) = replace(path, &growing, note) {
            *file = new;
            let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
            File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
        } else {
            let _ = std::fs::remove_file(&growing);
            write_in_place(file, note)
        }
    }
}

/// Puts a new file, locked, in the place of the old one.
fn replace(path: &Path, growing: &Path, note: &str) -> Result<File> {
    let file = open_or_make(growing)?;
    file.try_lock().map_err(Error::from)?;
    file.set_len(0)?;
    file.write_all_at(note.as_bytes(), 0)?;
    file.sync_all()?;
    std::fs::rename(growing, path)?;
    Ok(file)
}

/// Writes `note` behind what is there, and then over it: at each moment one whole note is on disk.
fn write_in_place(file: &File, note: &str) -> Result<()> {
    let length = u64::try_from(note.len()).unwrap_or(u64::MAX);
    let behind = file.metadata()?.len().max(length);
    file.write_all_at(format!("\n{note}").as_bytes(), behind)?;
    file.sync_all()?;
    file.write_all_at(note.as_bytes(), 0)?;
    file.sync_all()?;
    file.set_len(length)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
            std::fs::create_dir(&path).expect("a folder");
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn note(size: u32) -> String {
        format!("a/log\n{size}\nroot{size}\n\n— a/log signature{size}\n")
    }

    fn notes(state: &StateFile) -> Vec<String> {
        state.read().expect("a file").notes().collect()
    }

    #[test]
    fn what_is_written_in_place_is_never_without_a_whole_note() {
        let folder = Folder::new();
        let path = folder.0.join("state");
        let state = StateFile(Some(path.clone()));
        for (old, new) in [(7, 12345), (12345, 8), (99, 100)] {
            std::fs::write(&path, note(old)).expect("written");
            write_in_place(&open_or_make(&path).expect("a file"), &note(new)).expect("written");
            assert_eq!(std::fs::read_to_string(&path).expect("a file"), note(new));
            // Every state in which a crash can leave it.
            let behind = format!("\n{}", note(new));
            for cut in 0..=behind.len() {
                let mut torn = note(old).into_bytes();
                torn.resize(note(old).len().max(note(new).len()), 0);
                torn.extend(&behind.as_bytes()[..cut]);
                std::fs::write(&path, torn).expect("written");
                assert!(notes(&state).contains(&note(old)), "{cut}");
            }
            let length = note(old).len().max(note(new).len());
            for cut in 0..=note(new).len() {
                let mut torn = note(old).into_bytes();
                torn.resize(length, 0);
                torn.extend(behind.as_bytes());
                torn[..cut].copy_from_slice(&note(new).as_bytes()[..cut]);
                std::fs::write(&path, torn).expect("written");
                assert!(notes(&state).contains(&note(new)), "{cut}");
            }
        }
    }

    #[test]
    fn a_link_is_followed_and_an_empty_file_remembers_nothing() {
        let folder = Folder::new();
        let (link, target) = (folder.0.join("link"), folder.0.join("target"));
        std::os::unix::fs::symlink("target", &link).expect("a link");
        let state = StateFile(Some(link.clone()));
        assert!(state.read().expect("no file").is_empty());
        let mut locked = state.lock().expect("locked");
        assert!(locked.read().expect("a file").is_empty());
        for size in [1, 2] {
            locked.write(&note(size)).expect("written");
            assert_eq!(locked.read().expect("a file"), Kept(note(size)));
        }
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&target).expect("a file"), note(2));
        // The lock is the one of the file that is there now.
        let second = open_or_make(&target).expect("a file");
        assert!(matches!(second.try_lock(), Err(TryLockError::WouldBlock)));
        drop(locked);
        second.try_lock().expect("unlocked");
    }
}
