//! [`Durations`]: how long the answers of one route took, as a Prometheus histogram that is counted where it happens.
//!
//! [`super::Metrics`] counts and writes them. The exporter's own histograms keep every sample, with its moment, until they are
//! read: at the rate of votes that is megabytes, and two in a hundred of what a refusal costs. It must never allocate as
//! it counts.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::SECONDS;

/// Counts by upper bound, the last without one; not added up yet.
#[derive(Default)]
pub(super) struct Durations {
    counts: [AtomicU64; SECONDS.len() + 1],
    /// Of all that was counted.
    nanos: AtomicU64,
}

impl Durations {
    pub fn count(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = SECONDS.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Writes the series of one route in the Prometheus text format, into a string, which cannot fail.
    pub fn write(&self, name: &str, route: &str, text: &mut String) {
        let mut all = 0;
        for (at, count) in self.counts.iter().enumerate() {
            all += count.load(Ordering::Relaxed);
            let _ = match SECONDS.get(at) {
                Some(bound) => writeln!(
                    text,
                    "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {all}"
                ),
                None => writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {all}"),
            };
        }
        let sum = Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64();
        let _ = writeln!(text, "{name}_sum{{route=\"{route}\"}} {sum}");
        // What the buckets came to, not a count of its own: the two must agree, whatever is counted meanwhile.
        let _ = writeln!(text, "{name}_count{{route=\"{route}\"}} {all}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_holds_what_is_as_long_as_it() {
        let durations = Durations::default();
        for micros in [0, 500, 501, 1_000, 5_000_000, 5_000_001] {
            durations.count(Duration::from_micros(micros));
        }
        let mut text = String::new();
        durations.write("seconds", "vote", &mut text);
        for line in [
            "seconds_bucket{route=\"vote\",le=\"0.0005\"} 2",
            "seconds_bucket{route=\"vote\",le=\"0.001\"} 4",
            "seconds_bucket{route=\"vote\",le=\"2.5\"} 4",
            "seconds_bucket{route=\"vote\",le=\"5\"} 5",
            "seconds_bucket{route=\"vote\",le=\"+Inf\"} 6",
            "seconds_sum{route=\"vote\"} 10.002002",
            "seconds_count{route=\"vote\"} 6",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}: {text}");
        }
    }
}
