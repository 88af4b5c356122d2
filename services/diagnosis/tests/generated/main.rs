//! Answers about generated logs, held against what truly happened.

mod deletions;
mod families;
