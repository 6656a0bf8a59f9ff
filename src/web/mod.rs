//! What browsers see: the public pages, the moderation dashboard, embeds on other sites, feeds, what agents read, link previews, and the API's own documents.
//!
//! `server` routes to it. It acts only through the modules below.

pub mod admin;
pub mod embed;
pub mod feeds;
pub mod kit;
pub mod mcp;
pub mod openapi;
pub mod preview;
pub mod site;
