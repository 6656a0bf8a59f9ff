//! The state file: the last checkpoint that this server signed, kept outside the database, so that a database that was put
//! back does not make a second history.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::infra::private_files;

/// Where it is; without a path nothing is kept.
#[derive(Debug, Clone, Default)]
pub struct StateFile(pub Option<PathBuf>);

impl StateFile {
    /// The signed note that was kept last.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read(&self) -> std::io::Result<Option<String>> {
        let Some(path) = &self.0 else { return Ok(None) };
        match std::fs::read_to_string(path) {
            Ok(note) => Ok(Some(note)),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// Keeps `note` in the place of the one before; it is on disk when this returns.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, note: &str) -> std::io::Result<()> {
        let Some(path) = &self.0 else { return Ok(()) };
        let growing = path.with_extension("new");
        let mut file = private_files::open_or_make(&growing)?;
        file.set_len(0)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&growing, path)?;
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}
