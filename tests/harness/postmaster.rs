//! The processes of a Postgres: as whom they run, and which they are.
//!
//! Only `postgres` calls it. It looks at `/proc` and changes nothing.
use super::postgres::INSTALL;
use std::process::Command;

/// Postgres refuses root: as root its programs run as user `postgres`.
pub fn as_owner() -> Vec<String> {
    match owner() {
        Some(_) => [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--init-groups",
            "--pdeathsig",
            "QUIT",
            "--",
        ]
        .map(String::from)
        .to_vec(),
        None => Vec::new(),
    }
}

/// User and group of its programs, where that is not who runs the tests.
pub fn owner() -> Option<(u32, u32)> {
    let id = |args: &[&str]| -> Option<u32> {
        let out = Command::new("id").args(args).output().ok()?;
        String::from_utf8_lossy(&out.stdout).trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    match (id(&["-u", "postgres"]), id(&["-g", "postgres"])) {
        (Some(uid), Some(gid)) => Some((uid, gid)),
        _ => panic!("no user `postgres`: apt-get install {INSTALL}"),
    }
}

/// The process and its children (backends lead sessions of their own, so a process group does not reach them).
pub fn family(postmaster: u32) -> Vec<u32> {
    let mut family = vec![postmaster];
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        if let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>()
            && stat(pid).is_some_and(|(parent, _)| parent == postmaster)
        {
            family.push(pid);
        }
    }
    family
}

/// Parent and state of a process.
pub fn stat(pid: u32) -> Option<(u32, char)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text[text.rfind(')')? + 1..].split_whitespace();
    let state = fields.next()?.chars().next()?;
    Some((fields.next()?.parse().ok()?, state))
}
