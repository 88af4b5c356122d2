//! Markdown to what ticket systems show: one file a form, each a pure function of the text, over one
//! tree (`tree.rs`).

pub(crate) mod adf;
pub(crate) mod commonmark;
pub(crate) mod html;
pub(crate) mod plain;
pub(crate) mod textile;
pub(crate) mod tree;
pub(crate) mod wiki;
