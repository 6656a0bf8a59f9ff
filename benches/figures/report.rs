//! The report: lines of Markdown, printed as they come and kept for `docs/benchmarks.md`.
//!
//! Every measurement writes to it. It adds no judgement but the word whether a figure that must hold does.
use std::fmt::Write;
use std::process::Command;

pub struct Report {
    text: String,
}

/// The middle of an odd number of values, with the least and the greatest.
pub fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (
        sorted[sorted.len() / 2],
        sorted[0],
        sorted[sorted.len() - 1],
    )
}

/// The same as text: the middle (least to most).
pub fn told(values: &[f64]) -> String {
    let (middle, least, most) = spread(values);
    format!("{middle:.2} ({least:.2} to {most:.2})")
}

/// Ratios of two series, round by round.
pub fn ratios(above: &[f64], below: &[f64]) -> Vec<f64> {
    above.iter().zip(below).map(|(a, b)| a / b).collect()
}

impl Report {
    pub fn new() -> Report {
        Report {
            text: String::new(),
        }
    }

    pub fn line(&mut self, line: &str) {
        println!("{line}");
        let _ = writeln!(self.text, "{line}");
    }

    /// What was measured with.
    pub fn conditions(&mut self) {
        self.line("# Figures\n");
        self.line("Made by `benches/run`. Each figure stands beside a ceiling measured in the same run: the smallest actix-web server of the same build flags and workers that parses the same body and answers 204 (or answers the same bytes to a GET). CPU is user and system time of all processes that work for the server.\n");
        let version = |program: &str| {
            let out = Command::new(crate::harness::process::program(program, program))
                .arg("--version")
                .output();
            out.map_or_else(
                |e| e.to_string(),
                |out| {
                    String::from_utf8_lossy(&out.stdout)
                        .lines()
                        .next()
                        .unwrap_or("")
                        .trim()
                        .to_owned()
                },
            )
        };
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let date = chrono::Utc::now().format("%Y-%m-%d %H:%M UTC").to_string();
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        self.line(&format!(
            "{date}; {cores} cores, Linux {}; tallyship {}; {}; {}; {}",
            kernel.trim(),
            env!("CARGO_PKG_VERSION"),
            version("rustc"),
            version("postgres"),
            version("redis-server")
        ));
        let raised: Vec<String> = crate::subjects::RAISED
            .iter()
            .map(|(name, value)| format!("`{name}={value}`"))
            .collect();
        self.line(&format!(
            "\nConfiguration: the defaults, but for quotas raised, never off: {}. Moderation is in place where votes are measured: {} voters and {} networks are banned, and each tool has an excluded period behind it and one ahead.\n",
            raised.join(", "),
            crate::subjects::VOTERS_BANNED,
            crate::subjects::NETWORKS_BANNED
        ));
    }

    /// A row that must hold: figure, what it must be at most, and what it should be.
    pub fn ratio(&mut self, what: &str, values: &[f64], must: f64, aim: f64) {
        let middle = spread(values).0;
        let word = if middle <= aim {
            "aim reached"
        } else if middle <= must {
            "holds"
        } else {
            "**does not hold**"
        };
        self.line(&format!(
            "| {what} | {} | {must:.2} | {aim:.2} | {word} |",
            told(values)
        ));
    }

    pub fn write(&self, file: &str) {
        std::fs::write(file, &self.text).expect("the report");
        println!("written to {file}");
    }
}
