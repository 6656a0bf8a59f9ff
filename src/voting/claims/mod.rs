//! A visitor's vote becomes the user's who brings them: `GET …/vote` claims it, `PUT` and `DELETE` claim along the way, by
//! `VoteCommand::visitor`.
//!
//! From then on the visitor is spent on that tool (`store`): a vote that was on its way would be a person's second.

pub(crate) mod store;
