//! A disk whose power can be cut: an ext4 file system in a file, mounted where a process works, in a mount namespace that
//! goes with it.
//!
//! Called by tests of power cuts. A cut is ext4's own: its log and whatever was not flushed are dropped, and nothing can be
//! written any more (the ioctl that file system developers test journals with). What the next mount finds is what was
//! fsynced, beside what the kernel happened to have written by itself. It must never be used without that mount.
use super::process::{Scratch, program};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MIB: u64 = 512;
/// `EXT4_IOC_SHUTDOWN` with `EXT4_GOING_FLAGS_NOLOGFLUSH` (Linux, `fs/ext4/ext4.h`).
const CUT: &str = r#"my $how = pack("L", 2); open(my $root, "<", $ARGV[0]) or die "open: $!";
    ioctl($root, 0x8004587D, $how) or die "cut: $!";"#;

pub struct Disk {
    _folder: Scratch,
    image: PathBuf,
}

impl Disk {
    pub fn new() -> Disk {
        let folder = Scratch::new("disk");
        let image = folder.path().join("image");
        let file = std::fs::File::create(&image).expect("an image");
        file.set_len(MIB << 20).expect("a size");
        let mut mkfs = Command::new(program("mkfs.ext4", "e2fsprogs"));
        mkfs.args(["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"]);
        let made = mkfs.arg(&image).output().expect("mkfs.ext4");
        assert!(made.status.success(), "{}", told(&made));
        Disk {
            _folder: folder,
            image,
        }
    }

    /// What keeps this machine from having one; none where it can.
    pub fn missing() -> Option<String> {
        let disk = Disk::new();
        let place = Scratch::new("place");
        let through = disk.owned_by(None);
        let cut = Command::new(&through[0])
            .args(&through[1..])
            .args(["perl", "-e", CUT, "."])
            .current_dir(place.path())
            .output();
        match cut {
            Ok(cut) if cut.status.success() => None,
            Ok(cut) => Some(told(&cut)),
            Err(cause) => Some(cause.to_string()),
        }
    }

    /// What a program is started through to have this disk as the folder that it is started in, which belongs to `owner`.
    /// One at a time: the next waits until nothing uses the disk.
    pub fn owned_by(&self, owner: Option<(u32, u32)>) -> Vec<String> {
        let image = self.image.display();
        let owned = owner.map_or(String::new(), |(uid, gid)| {
            format!("chown {uid}:{gid} . &&")
        });
        let script = format!(
            "for i in $(seq 200); do [ -z \"$(losetup -j '{image}')\" ] && break; sleep 0.05; done; \
             mount -o loop,commit=300 '{image}' \"$PWD\" && cd \"$PWD\" && {owned} exec \"$@\""
        );
        ["unshare", "--mount", "sh", "-c", &script, "sh"]
            .map(String::from)
            .to_vec()
    }

    /// Cuts the power, for the process `pid` that has this disk as its folder `place`.
    pub fn cut(&self, pid: u32, place: &Path) {
        let done = inside(pid).args(["perl", "-e", CUT]).arg(place).output();
        let done = done.expect("nsenter");
        assert!(done.status.success(), "{}", told(&done));
    }

    /// Flushes all that was written so far.
    pub fn flush(&self, pid: u32, place: &Path) {
        let done = inside(pid).args(["sync", "-f"]).arg(place).output();
        let done = done.expect("nsenter");
        assert!(done.status.success(), "{}", told(&done));
    }
}

/// What a program is started through so that every flush that it asks for is a lie.
pub fn lying() -> Vec<String> {
    let strace = program("strace", "strace").display().to_string();
    let arguments = "-D -f --seccomp-bpf -qq -e trace=fsync,fdatasync -e inject=fsync,fdatasync:retval=0 -o /dev/null";
    let mut argv = vec![strace];
    argv.extend(arguments.split(' ').map(String::from));
    argv
}

fn inside(pid: u32) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &pid.to_string(), "--mount", "--"]);
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
