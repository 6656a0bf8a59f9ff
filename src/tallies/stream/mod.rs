//! Live tallies: who listens to which tool, and one thread that tells them.
//!
//! A stream leaves HTTP as soon as its head is sent: [`routes`] hands the bare socket to [`hub`], whose thread (`audience`)
//! writes ready-made events to all of them. So a listener costs no buffers, and telling them never holds up a vote.

pub mod broadcaster;
mod event;
mod fanout;
mod fanout_pass;
pub mod relay;
pub mod routes;
pub mod stream_limit;
mod subscriber;
