//! [`PendingVote`]: a command that was handed to the writer, and the wait for its commit.
//!
//! `Votes::cast` makes one. Some hundreds wait at a time: it must hold nothing that is not needed after the commit.

use crate::infra::reply_slots::ReplyFuture;
use crate::rate_limit::rate_limiter::VotePermit;
use crate::voting::VoteError;
use crate::voting::after_commit::Answer;

/// A command on its way to disk, and no more than has to be kept meanwhile.
pub struct PendingVote<'a> {
    pub(super) permit: VotePermit<'a>,
    pub(super) sent: Result<ReplyFuture<Answer>, VoteError>,
}

impl PendingVote<'_> {
    /// Waits until it is on disk. A failure that is ours gives the quota back.
    ///
    /// # Errors
    /// Why the command was not carried out; with [`VoteError::Unavailable`] it may have been, if the commit's outcome is unknown.
    pub async fn done(self) -> Answer {
        let result = match self.sent {
            Ok(answer) => answer.await.unwrap_or(Err(VoteError::Unavailable)),
            Err(refused) => Err(refused),
        };
        if matches!(result, Err(VoteError::Unavailable | VoteError::Overloaded)) {
            self.permit.give_back();
        }
        result
    }
}
