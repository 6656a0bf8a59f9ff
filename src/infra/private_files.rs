//! Files and folders for their owner alone, whatever the umask: databases, locks, secrets.
//!
//! What exists already keeps its mode: an operator may have opened it to a group.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Result;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Makes the folder that `file` is in, and those above it.
///
/// # Errors
/// A folder that cannot be made.
pub fn make_folder_of(file: &Path) -> Result<()> {
    let Some(folder) = file.parent() else {
        return Ok(());
    };
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    make_folder_of(folder)?;
    match DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => std::fs::set_permissions(folder, Permissions::from_mode(0o700)),
        // Another process was first.
        Err(_) if folder.is_dir() => Ok(()),
        made => made,
    }
}

/// Opens `file` for reading and writing, and makes it if there is none.
///
/// # Errors
/// A file that cannot be opened or made.
pub fn open_or_make(file: &Path) -> Result<File> {
    let is_new = !file.try_exists()?;
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(file)?;
    if is_new {
        opened.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(opened)
}

/// Links that a path may go through, as on Linux.
const LINKS_MAX: usize = 40;

/// The file that `path` leads to, there or not: one file has one lock, and is replaced itself, by whatever links it is reached.
pub fn link_target(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        let Ok(target) = std::fs::read_link(&path) else {
            break;
        };
        path = path.parent().unwrap_or(Path::new("")).join(target);
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}
