//! A guard between the wire and the reader of multipart bodies, which is a little too lenient.

use std::pin::Pin;

use actix_web::error::PayloadError;
use actix_web::mime::BOUNDARY;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::{Stream, StreamExt, stream};

use super::byte_count;
use crate::input::Arriving;

/// The body, up to `most` bytes: without a file in it, a body could go on for ever. It ends as well where the
/// reader would end the file too early, see [`BoundaryScanner`].
pub(super) fn guarded(
    mut body: Arriving,
    request: &HttpRequest,
    most: u64,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let (mut left, mut scanner) = (most, BoundaryScanner::of(request));
    let bounded = stream::poll_fn(move |cx| {
        Pin::new(&mut body).poll_next(cx).map(|chunk| {
            chunk.map(|chunk| {
                let chunk = chunk?;
                left = left.checked_sub(byte_count(chunk.len())).ok_or(PayloadError::Overflow)?;
                if scanner.sees_in(&chunk) { Err(PayloadError::EncodingCorrupted) } else { Ok(chunk) }
            })
        })
    });
    without_length(bounded)
}

/// The headers of a part are no longer.
const HEAD: usize = 16 * 1024;

/// The body, in which the headers of the first part have no `Content-Length`.
///
/// It must not stand there (RFC 7578, section 4.8), and the reader obeys it: a wrong one would cut the file.
/// But there are clients that write it. So it gets a name of the same length that means nothing, and the
/// boundary alone says where the file ends.
fn without_length(
    mut body: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin + 'static,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let head = async move {
        let mut head = Vec::new();
        while end_of_head(&head).is_none() && head.len() < HEAD {
            match body.next().await {
                Some(Ok(chunk)) => head.extend_from_slice(&chunk),
                Some(Err(error)) => return stream::iter([Err(error)]).chain(body),
                None => break,
            }
        }
        rename_length(&mut head);
        stream::iter([Ok(Bytes::from(head))]).chain(body)
    };
    stream::once(head).flatten()
}

fn end_of_head(head: &[u8]) -> Option<usize> {
    head.windows(4).position(|four| four == b"\r\n\r\n")
}

/// In the headers at the beginning of a body, up to the empty line. What comes behind it is content and stays
/// as it is.
fn rename_length(head: &mut [u8]) {
    const NAME: &[u8] = b"\ncontent-length:";
    const OTHER: &[u8] = b"\nx-ignored-size:";
    let end = end_of_head(head).unwrap_or(head.len());
    for at in 0..end {
        let name = head.get_mut(at..at.saturating_add(NAME.len()));
        if let Some(name) = name.filter(|name| name.eq_ignore_ascii_case(NAME)) {
            name.copy_from_slice(OTHER);
        }
    }
}

/// A search for a carriage return with the boundary right behind it. It is content (RFC 2046, section 5.1.1:
/// a delimiter begins with the whole line end), but the reader takes it for the end of the file and passes
/// over it without a word.
struct BoundaryScanner {
    needle: Vec<u8>,
    /// The end of what went by, in which the needle may have begun.
    tail: Vec<u8>,
}

impl BoundaryScanner {
    fn of(request: &HttpRequest) -> Self {
        let kind = request.mime_type().ok().flatten();
        let boundary = kind.as_ref().and_then(|kind| kind.get_param(BOUNDARY));
        Self::for_boundary(boundary.map_or("", |boundary| boundary.as_str()))
    }

    fn for_boundary(boundary: &str) -> Self {
        Self { needle: format!("\r--{boundary}").into_bytes(), tail: Vec::new() }
    }

    fn sees_in(&mut self, chunk: &[u8]) -> bool {
        let before = self.needle.len().saturating_sub(1);
        self.tail.extend_from_slice(chunk.get(..before).unwrap_or(chunk));
        let seen = self.is_in(&self.tail) || self.is_in(chunk);
        if chunk.len() >= before {
            self.tail.clear();
            self.tail.extend(chunk.iter().skip(chunk.len().saturating_sub(before)));
        } else {
            self.tail.drain(..self.tail.len().saturating_sub(before));
        }
        seen
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        let mut returns = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\r');
        returns.any(|(at, _)| bytes.get(at..).is_some_and(|rest| rest.starts_with(&self.needle)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_length_in_the_headers_is_renamed_and_no_other_byte_is_changed(
            before in "[\r\na-z:-]{0,30}", name in "(?i)content-length", after in "[\r\na-z:-]{0,30}", content: Vec<u8>,
        ) {
            let head = format!("--b\r\nx: {}\r\n{name}: 7\r\ny: {}\r\n\r\n", before.replace('\n', ""), after.replace('\n', ""));
            let mut body = [head.as_bytes(), &content].concat();
            rename_length(&mut body);
            prop_assert_eq!(body, [head.replace(&format!("\n{name}:"), "\nx-ignored-size:").as_bytes(), &content].concat());
            let mut untouched = [b"--b\r\nx: y\r\n\r\n\ncontent-length: 7\r\n", &content[..]].concat();
            let before = untouched.clone();
            rename_length(&mut untouched);
            prop_assert_eq!(untouched, before);
        }

        #[test]
        fn a_boundary_behind_half_a_line_end_is_seen_wherever_the_body_is_cut(
            before in "[\r\n\\-bx]{0,20}", boundary in "[bx]{1,5}", cuts in prop::collection::vec(0_usize..9, 0..20), whole: bool,
        ) {
            let end = if whole { "\r\n" } else { "\r" };
            let text = format!("{before}{end}--{boundary}--");
            let mut scanner = BoundaryScanner::for_boundary(&boundary);
            let (mut rest, mut seen) = (text.as_bytes(), false);
            for cut in cuts {
                let (chunk, later) = rest.split_at(cut.min(rest.len()));
                seen |= scanner.sees_in(chunk);
                rest = later;
            }
            seen |= scanner.sees_in(rest);
            prop_assert_eq!(seen, text.contains(&format!("\r--{boundary}")));
        }
    }
}
