//! Answers about generated logs, held against what truly happened; and the traps of the grammar.

mod deletions;
mod families;
mod traps;
