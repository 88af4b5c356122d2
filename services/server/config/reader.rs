//! A TOML text to values: what is read is of its type, what is not is a fault with its line.
//!
//! Not here: which keys there are and where their values go (`tables.rs`).

use std::fmt::Display;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Fault, keys};

pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// Reads one text and collects its faults.
pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    faults: Vec<Fault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            faults: Vec::new(),
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    pub(super) fn fault(&mut self, span: &Range<usize>, text: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        self.faults.push(Fault {
            line,
            text: text.into(),
        });
    }

    pub(super) fn known(&mut self, table: &DeTable<'_>, name: &str, known: &[&str]) {
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            if !known.contains(&word) {
                let place = if name.is_empty() {
                    String::new()
                } else {
                    format!(" in [{name}]")
                };
                let hint = keys::nearest(word, known);
                self.fault(&key.span(), format!("unknown key `{word}`{place}{hint}"));
            }
        }
    }

    pub(super) fn table<'v, 'i>(
        &mut self,
        value: &'v Value<'i>,
        name: &str,
        known: Option<&[&str]>,
    ) -> Option<&'v DeTable<'i>> {
        let DeValue::Table(table) = value.get_ref() else {
            self.fault(
                &value.span(),
                format!("`{name}` is a table: write [{name}]"),
            );
            return None;
        };
        if let Some(known) = known {
            self.known(table, name, known);
        }
        Some(table)
    }

    /// Takes a string through `read`.
    pub(super) fn set<T, E: Display>(
        &mut self,
        value: &Value<'_>,
        name: &str,
        place: &mut T,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) {
        let DeValue::String(text) = value.get_ref() else {
            self.fault(
                &value.span(),
                format!("`{name}` is a text: put it in quotes"),
            );
            return;
        };
        match read(text) {
            Ok(value) => *place = value,
            Err(error) => self.fault(&value.span(), format!("`{name}` = \"{text}\": {error}")),
        }
    }

    pub(super) fn bool(&mut self, value: &Value<'_>, name: &str, place: &mut bool) {
        if let DeValue::Boolean(told) = value.get_ref() {
            *place = *told;
        } else {
            self.fault(&value.span(), format!("`{name}` is true or false"));
        }
    }

    pub(super) fn number(
        &mut self,
        value: &Value<'_>,
        name: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        let number = value.get_ref().as_integer().and_then(|number| {
            u64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
        });
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(
                &value.span(),
                format!(
                    "`{name}` is a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            );
        }
        number
    }

    pub(super) fn list<T, E: Display>(
        &mut self,
        value: &Value<'_>,
        name: &str,
        place: &mut Vec<T>,
        read: impl Fn(&str) -> Result<T, E>,
    ) {
        let DeValue::Array(items) = value.get_ref() else {
            self.fault(&value.span(), format!("`{name}` is a list: [\"…\", \"…\"]"));
            return;
        };
        let mut all = Vec::new();
        for item in items {
            let mut one = None;
            self.set(item, name, &mut one, |text| read(text).map(Some));
            all.extend(one);
        }
        *place = all;
    }
}
