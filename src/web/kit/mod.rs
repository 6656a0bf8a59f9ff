//! What all pages share: assets and number formatting.

pub mod assets;
pub mod format;
pub mod static_file;
