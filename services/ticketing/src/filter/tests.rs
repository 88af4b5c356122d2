//! Tests: to come.
