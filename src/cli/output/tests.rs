//! Outputs in folders of their own: files, links, pipes, devices.

use std::io::Read;
use std::os::unix::fs::symlink;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tallyship-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> usize {
        std::fs::read_dir(&self.0).expect("lists").count()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open(path: &Path, force: bool) -> Result<Output, String> {
    Output::open(Some(path), Access::Private, force)
        .map_err(|failure| failure.message.unwrap_or_default())
}

fn write(path: &Path, force: bool, text: &str) -> Result<(), String> {
    let mut out = open(path, force)?;
    out.write_all(text.as_bytes()).expect("writes");
    out.finish()
        .map_err(|failure| failure.message.unwrap_or_default())
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("reads")
}

#[test]
fn a_file_is_there_whole_or_not_at_all() {
    let folder = Folder::new();
    let path = folder.path("out");
    let mut out = open(&path, false).expect("opens");
    out.write_all(b"half").expect("writes");
    assert!(!path.exists());
    drop(out);
    assert_eq!(folder.names(), 0, "nothing is left of it");
    write(&path, false, "whole").expect("writes");
    assert_eq!((folder.names(), text(&path)), (1, "whole".to_owned()));
    let mode = path.metadata().expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_is_overwritten_by_force_only() {
    let folder = Folder::new();
    let path = folder.path("out");
    std::fs::write(&path, "old").expect("a file");
    let refused = write(&path, false, "new").expect_err("exists");
    assert!(refused.contains("--force"), "{refused}");
    assert_eq!((folder.names(), text(&path)), (1, "old".to_owned()));
    write(&path, true, "new").expect("writes");
    assert_eq!((folder.names(), text(&path)), (1, "new".to_owned()));
    // A file that appears while another is written.
    let later = folder.path("later");
    let out = open(&later, false).expect("opens");
    std::fs::write(&later, "theirs").expect("a file");
    assert!(out.finish().is_err());
    assert_eq!((folder.names(), text(&later)), (2, "theirs".to_owned()));
}

#[test]
fn a_link_stays_and_its_target_is_written() {
    let folder = Folder::new();
    let (target, link) = (folder.path("target"), folder.path("link"));
    symlink("target", &link).expect("a link");
    let refused = write(&link, true, "new").expect_err("leads nowhere");
    assert!(refused.contains("link"), "{refused}");
    std::fs::write(&target, "old").expect("a file");
    write(&link, false, "new").expect_err("exists");
    write(&link, true, "new").expect("writes");
    assert!(link.is_symlink() && !target.is_symlink());
    assert_eq!((folder.names(), text(&target)), (2, "new".to_owned()));
    let second = folder.path("second");
    std::fs::hard_link(&target, &second).expect("a second name");
    write(&target, true, "newer").expect_err("has two names");
    assert_eq!((folder.names(), text(&second)), (3, "new".to_owned()));
}

#[test]
fn pipes_and_devices_are_written_in_place() {
    let folder = Folder::new();
    let pipe = folder.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut read = String::new();
            File::open(pipe)
                .and_then(|mut file| file.read_to_string(&mut read))
                .expect("reads");
            read
        }
    });
    write(&pipe, false, "through").expect("writes");
    assert_eq!(reader.join().expect("reads"), "through");
    assert!(pipe.metadata().expect("is there").file_type().is_fifo());
    let device = folder.path("null");
    symlink("/dev/null", &device).expect("a link");
    write(&device, false, "nowhere").expect("writes");
    assert!(device.is_symlink());
    let full = write(Path::new("/dev/full"), false, "x").expect_err("is full");
    assert!(full.contains("output"), "{full}");
    assert!(open(&folder.0, true).is_err(), "a folder");
    assert_eq!(folder.names(), 2);
}
