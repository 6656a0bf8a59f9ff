//! Pictures for link previews: the tally of a tool, or of two, as a PNG of 1200 × 630 pixels.
//!
//! `server` routes to it, and the pages name the pictures in `og:image`. `picture` says what is drawn, `canvas` draws it,
//! `routes` keeps what was drawn. Drawing takes milliseconds of a processor: it never runs on a thread that serves requests.

pub mod canvas;
pub mod picture;
pub mod routes;
