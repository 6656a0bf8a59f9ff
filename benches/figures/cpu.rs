//! CPU time from `/proc`: of a process, of a process with all of its children, of the whole machine.
//!
//! Every measurement calls it. Resolution is one clock tick (10 ms), so spans must be seconds.
use std::time::Duration;

/// Linux counts in hundredths of a second whatever the kernel's own tick (`man 5 proc`, `sysconf(_SC_CLK_TCK)`).
const TICK: Duration = Duration::from_millis(10);

fn ticks(fields: &[&str], which: &[usize]) -> u64 {
    which
        .iter()
        .map(|at| fields[*at].parse::<u64>().expect("ticks"))
        .sum()
}

/// (parent, own user + system, that of children already gone)
fn stat(pid: u32) -> Option<(u32, u64, u64)> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text[text.rfind(')')? + 1..].split_whitespace().collect();
    Some((
        fields[1].parse().ok()?,
        ticks(&fields, &[11, 12]),
        ticks(&fields, &[13, 14]),
    ))
}

/// What the process and all of its children, living and gone, have used.
pub fn of_family(pid: u32) -> Duration {
    let mut sum = stat(pid).map_or(0, |(_, own, gone)| own + gone);
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        if let Ok(other) = entry.file_name().to_string_lossy().parse::<u32>()
            && let Some((parent, own, gone)) = stat(other)
            && parent == pid
        {
            sum += own + gone;
        }
    }
    TICK * u32::try_from(sum).expect("ticks")
}

/// (busy, all) of the whole machine.
pub fn of_machine() -> (Duration, Duration) {
    let text = std::fs::read_to_string("/proc/stat").expect("/proc/stat");
    let fields: Vec<&str> = text
        .lines()
        .next()
        .expect("a line")
        .split_whitespace()
        .skip(1)
        .collect();
    let all = ticks(&fields, &[0, 1, 2, 3, 4, 5, 6, 7]);
    let idle = ticks(&fields, &[3, 4]);
    (
        TICK * u32::try_from(all - idle).expect("ticks"),
        TICK * u32::try_from(all).expect("ticks"),
    )
}

/// Resident memory in MiB.
pub fn memory(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = text
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("VmRSS");
    line.split_whitespace()
        .nth(1)
        .expect("a number")
        .parse::<f64>()
        .expect("kB")
        / 1024.0
}
