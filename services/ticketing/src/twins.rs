//! What is said to people about tickets, in both languages at once.
//!
//! Whoever notices a fault does not know who will read of it: both texts are kept until it is known.
//! What other systems and libraries say comes in as it is, in both.

/// Makes a [`whymid_schemas::Text`] of two literals, with what they name in braces; a text behind a
/// semicolon is put in at `{}`, each language in its own.
macro_rules! twins {
    ($en:literal, $ja:literal) => {
        whymid_schemas::Text {
            en: format!($en),
            ja: format!($ja),
        }
    };
    ($en:literal, $ja:literal; $inner:expr) => {{
        let inner: &whymid_schemas::Text = &$inner;
        whymid_schemas::Text {
            en: format!($en, inner.en),
            ja: format!($ja, inner.ja),
        }
    }};
}
