//! The rule that tells a crowd behind one address from one hand with many visitors: pure.
//!
//! [`super::HoldingPolicy`] keeps a [`Crowd`] for each network and tool, and asks [`Crowd::is_one_hand`]. Four signals are weighed,
//! each by the lower bound of a 97 % interval (Wilson 1927), so that few votes say nothing:
//! - *one-sided*, 2: at least four in five say the same; 1 from three in five; and less than that moves no percentage that
//!   anybody would pay for, so such votes are never held;
//! - *concentrated*, 2: at least three in five of what the network's fresh visitors vote goes to this one tool;
//! - *one browser*, 1: at least four in five come by the same user agent;
//! - *mechanical*, 1: they come by the clock (the gaps between them vary by less than half of their mean), or faster than
//!   five a second.
//!
//! Four of the six hold a vote. So no signal alone holds, and none that costs nothing, such as a user agent that changes
//! with each call, clears: whoever wants to be counted has to look like a crowd in two ways at once, or to balance the
//! own votes, which undoes what they came for. `tests` carries the simulation behind these numbers; it errs towards counting.

/// Seen browsers are kept for so many kinds; more than that is variety.
const KINDS: usize = 4;
/// z of 97 %: of votes that all say the same, the nineteenth tells, and twenty is the most that one hand may move.
const Z: f64 = 2.17;
const ONE_SIDED: f64 = 0.8;
const LEANING: f64 = 0.6;
const CONCENTRATED: f64 = 0.6;
const ONE_BROWSER: f64 = 0.8;
/// Votes before which their pace says nothing.
const PACE_LEAST: u32 = 12;
/// Of the gaps' mean: their standard deviation is less, where a clock sends them. Where people come and go it is the mean.
const CLOCKWORK: f64 = 0.5;
/// Mean seconds between two votes.
const HASTE: f64 = 0.2;
/// Weights of the signals; so many hold.
const HEAVY: u32 = 2;
const LIGHT: u32 = 1;
const HOLDS: u32 = 4;
/// Of fewer votes no signals come to that weight.
const FEWEST: u32 = 12;
/// Votes that must have come before those that were held may look like a crowd's.
const CLEAR_LEAST: u32 = 40;

/// What fresh visitors of one network did on one tool.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Crowd {
    pub ship: u32,
    pub skip: u32,
    pub browsers: Browsers,
    pub pace: Pace,
}

/// The commonest browsers (Misra and Gries 1982): each count is at most the true one, and at least that less a fifth of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Browsers([(u32, u32); KINDS]);

/// The gaps between votes, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pace {
    gaps: u32,
    sum: f64,
    squares: f64,
}

/// The lower end of Wilson's interval for `part` of `whole`.
fn at_least(part: u32, whole: u32) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let n = f64::from(whole);
    let share = f64::from(part) / n;
    let squared = Z * Z / n;
    let centre = share + squared / 2.0;
    let spread = (share * (1.0 - share) * squared + squared * squared / 4.0).sqrt();
    (centre - spread) / (1.0 + squared)
}

impl Browsers {
    pub fn add(&mut self, browser: u32) {
        self.add_many(browser, 1);
    }

    fn add_many(&mut self, browser: u32, count: u32) {
        if let Some((_, known)) = self
            .0
            .iter_mut()
            .find(|(kind, n)| *kind == browser && *n > 0)
        {
            *known += count;
        } else if let Some(free) = self.0.iter_mut().find(|(_, n)| *n == 0) {
            *free = (browser, count);
        } else {
            for (_, known) in &mut self.0 {
                *known = known.saturating_sub(count);
            }
        }
    }

    fn commonest(&self) -> u32 {
        self.0.iter().map(|(_, n)| *n).max().unwrap_or_default()
    }
}

impl Pace {
    /// One vote more, so many seconds after the last.
    pub fn add(&mut self, gap: f64) {
        self.gaps += 1;
        self.sum += gap;
        self.squares += gap * gap;
    }

    fn is_mechanical(&self) -> bool {
        if self.gaps < PACE_LEAST {
            return false;
        }
        let n = f64::from(self.gaps);
        let mean = self.sum / n;
        let deviation = (self.squares / n - mean * mean).max(0.0).sqrt();
        mean < HASTE || deviation < CLOCKWORK * mean
    }
}

impl Crowd {
    #[must_use]
    pub fn votes(&self) -> u32 {
        self.ship + self.skip
    }

    /// Both together.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.ship += other.ship;
        self.skip += other.skip;
        for (browser, count) in other.browsers.0 {
            if count > 0 {
                self.browsers.add_many(browser, count);
            }
        }
        self.pace.gaps += other.pace.gaps;
        self.pace.sum += other.pace.sum;
        self.pace.squares += other.pace.squares;
        self
    }

    /// How much speaks for one hand, of 6. `all` is what the network's fresh visitors voted on any tool.
    #[must_use]
    pub fn weight(&self, all: u32) -> u32 {
        let votes = self.votes();
        let most = self.ship.max(self.skip);
        // Nearly all networks end here, before anything is reckoned: what is not seen cannot be assured.
        if f64::from(most) < LEANING * f64::from(votes) {
            return 0;
        }
        let majority = at_least(most, votes);
        if majority < LEANING {
            return 0;
        }
        let signals = [
            (HEAVY, majority >= ONE_SIDED),
            (LIGHT, majority < ONE_SIDED),
            (HEAVY, at_least(votes, all.max(votes)) >= CONCENTRATED),
            (
                LIGHT,
                at_least(self.browsers.commonest(), votes) >= ONE_BROWSER,
            ),
            (LIGHT, self.pace.is_mechanical()),
        ];
        signals
            .into_iter()
            .filter_map(|(weight, speaks)| speaks.then_some(weight))
            .sum()
    }

    /// Whether these votes look as if one hand cast them. Fewer than `least` never do.
    #[must_use]
    pub fn is_one_hand(&self, all: u32, least: u32) -> bool {
        self.votes() >= least.max(FEWEST) && self.weight(all) >= HOLDS
    }

    /// Whether, seen afterwards, these are a crowd's: what was held of them may count.
    #[must_use]
    pub fn is_a_crowd(&self, all: u32) -> bool {
        self.votes() >= CLEAR_LEAST && self.weight(all) < HOLDS
    }
}
