//! The media type of a file, by its first bytes. What the sender says it is plays no part: a browser would
//! believe it.

/// The media type of content that begins with these bytes; `all` says whether there are no more.
///
/// Of what a browser would run, HTML, SVG and scripts, nothing is told but that it is text.
pub(super) fn media_type(head: &[u8], all: bool) -> &'static str {
    match infer::get(head) {
        Some(kind) if kind.matcher_type() != infer::MatcherType::Text => kind.mime_type(),
        _ if is_text(head, all) => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Whether it is UTF-8 that a reader can show. Where there is more, the last character may be cut.
fn is_text(head: &[u8], all: bool) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if !all && error.error_len().is_none() => {
            let whole = head.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|c| c.is_control() && !['\n', '\r', '\t'].contains(&c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "text/plain; charset=utf-8";
    const BYTES: &str = "application/octet-stream";

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        for (head, kind) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"GIF89a\x01\0", "image/gif"),
            (b"%PDF-1.7\n", "application/pdf"),
            (b"PK\x03\x04\x14\0\0\0", "application/zip"),
            (b"<!DOCTYPE html><script>alert(1)</script>", TEXT),
            (b"  <HTML><body onload=x()>", TEXT),
            (b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script/></svg>", TEXT),
            (b"#!/bin/sh\nrm -rf /\n", TEXT),
            ("Dag allemaal, hoe gaat het? é🥖".as_bytes(), TEXT),
            (b"a\r\n\tb", TEXT),
            (b"<html>\0", BYTES),
            (b"bell \x07", BYTES),
            (b"latin \xe9t\xe9", BYTES),
            (b"", TEXT),
            (b"\0\x01\x02", BYTES),
        ] {
            assert_eq!(media_type(head, true), kind, "{:?}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn a_character_may_be_cut_where_there_is_more() {
        let text = "né".as_bytes();
        assert_eq!(media_type(&text[..2], false), TEXT);
        assert_eq!(media_type(&text[..2], true), BYTES);
        assert_eq!(media_type(b"n\xffx", false), BYTES);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_run_in_a_browser(head: Vec<u8>, text: String, all: bool) {
            for head in [head, text.into_bytes()] {
                let kind = media_type(&head, all);
                prop_assert!(kind.len() <= 100);
                prop_assert!(kind == TEXT || !kind.starts_with("text/") && !kind.ends_with("+xml"));
            }
        }
    }
}
