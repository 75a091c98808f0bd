//! Quoting for the few statements of DDL that take no parameters.

/// The identifier in double quotes.
pub(super) fn quote_identifier(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// The text as a string constant. A backslash is an ordinary character in it: `standard_conforming_strings` is on by default.
pub(super) fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
