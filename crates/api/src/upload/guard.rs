//! What stands between the wire and the reader of multipart bodies, which is a little too lenient.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::mime::BOUNDARY;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::{Stream, stream};

use crate::pieces::length;

/// The body, up to `most` bytes: without a file in it, a body could go on for ever. It ends as well where the reader would end
/// the file too early, see [`Lookout`].
pub(super) fn guarded(
    mut body: Payload,
    request: &HttpRequest,
    most: u64,
) -> impl Stream<Item = Result<Bytes, PayloadError>> + 'static {
    let (mut left, mut lookout) = (most, Lookout::of(request));
    stream::poll_fn(move |cx| {
        Pin::new(&mut body).poll_next(cx).map(|chunk| {
            chunk.map(|chunk| {
                let chunk = chunk?;
                left = left.checked_sub(length(chunk.len())).ok_or(PayloadError::Overflow)?;
                if lookout.sees_in(&chunk) { Err(PayloadError::EncodingCorrupted) } else { Ok(chunk) }
            })
        })
    })
}

/// Looks for a carriage return with the boundary right behind it. It is content (RFC 2046, section 5.1.1: a delimiter begins with
/// the whole line end), but the reader takes it for the end of the file and passes over it without a word.
struct Lookout {
    needle: Vec<u8>,
    /// The end of what went by, in which the needle may have begun.
    tail: Vec<u8>,
}

impl Lookout {
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
        fn a_boundary_behind_half_a_line_end_is_seen_wherever_the_body_is_cut(
            before in "[\r\n\\-bx]{0,20}", boundary in "[bx]{1,5}", cuts in prop::collection::vec(0_usize..9, 0..20), whole: bool,
        ) {
            let end = if whole { "\r\n" } else { "\r" };
            let text = format!("{before}{end}--{boundary}--");
            let mut lookout = Lookout::for_boundary(&boundary);
            let (mut rest, mut seen) = (text.as_bytes(), false);
            for cut in cuts {
                let (chunk, later) = rest.split_at(cut.min(rest.len()));
                seen |= lookout.sees_in(chunk);
                rest = later;
            }
            seen |= lookout.sees_in(rest);
            prop_assert_eq!(seen, text.contains(&format!("\r--{boundary}")));
        }
    }
}
