//! JSON as block YAML, for people who read the document as text.

use std::fmt::Write as _;

use serde_json::Value;

/// The value as YAML 1.2. Strings are always quoted, as JSON quotes them, so that none is taken for something else
/// (`no`, `1.0`, `2026-01-01`); keys only where they need it.
pub(crate) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    if is_inline(value) {
        text.push_str(&inline(value));
        text.push('\n');
    } else {
        block(value, 0, &mut text);
    }
    text
}

/// Writes a map or list that is not empty, each entry on a line of its own. The first line is not indented, so that an
/// entry of a list may begin behind its dash.
fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    let mut first = true;
    let mut begin = |text: &mut String| {
        if !std::mem::take(&mut first) {
            text.push_str(&indent);
        }
    };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                begin(text);
                text.push_str(&key(name));
                text.push(':');
                if is_inline(member) {
                    text.push(' ');
                    text.push_str(&inline(member));
                    text.push('\n');
                } else {
                    text.push('\n');
                    text.push_str(&"  ".repeat(depth + 1));
                    block(member, depth + 1, text);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                begin(text);
                text.push_str("- ");
                if is_inline(item) {
                    text.push_str(&inline(item));
                    text.push('\n');
                } else {
                    block(item, depth + 1, text);
                }
            }
        }
        _ => {}
    }
}

fn is_inline(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

/// A scalar or something empty: JSON already is YAML, but for characters that YAML wants escaped.
fn inline(value: &Value) -> String {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        match letter {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            other => text.push(other),
        }
    }
    text
}

fn key(name: &str) -> String {
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let plain = name.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"_-.".contains(&letter))
        && !reserved.contains(&name.to_lowercase().as_str());
    if plain { name.to_owned() } else { inline(&Value::String(name.to_owned())) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_are_indented_and_what_looks_like_something_else_is_quoted() {
        let value = json!({
            "a": { "b": [], "c": {} },
            "list": [1, "no", { "k": null, "l": [[true]] }],
            "200": "1.0",
            "yes": "a\nb\u{85}\"",
            "/x/{id}": -1.5,
        });
        let lines = [
            r#""/x/{id}": -1.5"#,
            r#""200": "1.0""#,
            "a:",
            "  b: []",
            "  c: {}",
            "list:",
            "  - 1",
            r#"  - "no""#,
            "  - k: null",
            "    l:",
            "      - - true",
            r#""yes": "a\nb\u0085\"""#,
        ];
        let written = to_yaml(&value);
        assert_eq!(written.lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn a_scalar_is_a_document() {
        assert_eq!(to_yaml(&json!("x")), "\"x\"\n");
    }
}
