//! [`Casting`]: a wish that was handed to the writer, and the wait for its commit.
//!
//! `Votes::cast` makes one. Some hundreds wait at a time: it must hold nothing that is not needed after the commit.

use crate::callers::Seated;
use crate::limiter::permit::VotePermit;
use crate::votes::Refused;
use crate::votes::answers::Answer;

/// A wish on its way to disk, and no more than has to be kept meanwhile.
pub struct Casting<'a> {
    pub(super) permit: VotePermit<'a>,
    pub(super) sent: Result<Seated<Answer>, Refused>,
}

impl Casting<'_> {
    /// Waits until it is on disk. A failure that is ours gives the quota back.
    ///
    /// # Errors
    /// Why the wish was not carried out; with [`Refused::Unavailable`] it may have been, if the commit's outcome is unknown.
    pub async fn done(self) -> Answer {
        let result = match self.sent {
            Ok(answer) => answer.await.unwrap_or(Err(Refused::Unavailable)),
            Err(refused) => Err(refused),
        };
        if matches!(result, Err(Refused::Unavailable | Refused::Overloaded)) {
            self.permit.give_back();
        }
        result
    }
}
