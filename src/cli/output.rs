//! [`Output`]: where a command writes what it was asked for: standard output, or a file that is there whole or not at all.
//!
//! The file grows under another name beside its own, is synced, and then takes its name; what stood there before stands
//! until then. Where the command fails, nothing is left.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Failure;

const BUFFER: usize = 256 * 1024;

enum To {
    Standard(BufWriter<Stdout>),
    File(BufWriter<File>),
}

/// See the file's head.
pub(super) struct Output {
    to: To,
    /// The file's name while it grows, and its own.
    names: Option<(PathBuf, PathBuf)>,
}

impl Output {
    /// `None` or `-` is standard output. A file that holds personal data gets `mode` 0600.
    pub(super) fn open(path: Option<&Path>, mode: u32) -> Result<Self, Failure> {
        let Some(path) = path.filter(|path| path.as_os_str() != "-") else {
            return Ok(Self {
                to: To::Standard(BufWriter::with_capacity(BUFFER, std::io::stdout())),
                names: None,
            });
        };
        let growing = beside(path);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&growing)
            .map_err(|cause| Failure::new(format!("{}: {cause}", growing.display())))?;
        Ok(Self {
            to: To::File(BufWriter::with_capacity(BUFFER, file)),
            names: Some((growing, path.to_owned())),
        })
    }

    /// Everything is written: the file takes its name.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.flush().map_err(Failure::new)?;
        let Some((growing, path)) = &self.names else {
            return Ok(());
        };
        let told = |cause: std::io::Error| Failure::new(format!("{}: {cause}", path.display()));
        if let To::File(file) = &self.to {
            file.get_ref().sync_all().map_err(told)?;
        }
        std::fs::rename(growing, path).map_err(told)?;
        sync_folder(path).map_err(told)?;
        self.names = None;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((growing, _)) = &self.names {
            let _ = std::fs::remove_file(growing);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.to {
            To::Standard(out) => out.write(bytes),
            To::File(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match &mut self.to {
            To::Standard(out) => out.flush(),
            To::File(out) => out.flush(),
        }
    }
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
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("out");
        let names = || std::fs::read_dir(&folder).expect("lists").count();
        let open = || Output::open(Some(&path), 0o600).unwrap_or_else(|_| panic!("opens"));
        let mut out = open();
        out.write_all(b"half").expect("writes");
        assert!(!path.exists());
        drop(out);
        assert_eq!(names(), 0, "nothing is left of it");
        let mut out = open();
        out.write_all(b"whole").expect("writes");
        assert!(out.finish().is_ok());
        assert_eq!(
            (names(), std::fs::read(&path).expect("reads")),
            (1, b"whole".to_vec())
        );
        let mode = std::fs::metadata(&path)
            .expect("is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_dir_all(folder).expect("cleans up");
    }
}
