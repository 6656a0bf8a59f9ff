//! How far a long command is: a bar on a terminal, a plain line now and then elsewhere. Always on standard error.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::infra::stderr;

/// A line for each tenth.
const LINES: u64 = 10;

/// See the file's head.
pub(super) struct Progress {
    what: &'static str,
    total: u64,
    /// Tenths that were told.
    told: u64,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// `what` is being done to `total` of something.
    pub(super) fn new(what: &'static str, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(
                "{prefix:>10} {bar:32} {human_pos}/{human_len} {per_sec} {eta}",
            );
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar.set_prefix(what);
            bar
        });
        Self {
            what,
            total,
            told: 0,
            bar,
        }
    }

    /// `done` in all.
    pub(super) fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            return;
        }
        let tenths = (done * LINES).checked_div(self.total).unwrap_or(LINES);
        if tenths > self.told {
            self.told = tenths;
            stderr::line(format_args!("{}: {done} of {}", self.what, self.total));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
