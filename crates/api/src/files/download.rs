//! A file that goes out: all of it or a range, chunk by chunk.
//!
//! Nobody holds a connection while the receiver takes their time: each chunk is read in a transaction of its
//! own, which asks again who they are and whether the file is in their reach. Whoever lost that on the way
//! gets no more of it.

use std::io;
use std::ops::RangeInclusive;

use actix_web::web::Bytes;
use belfort_ids::AttachmentId;
use belfort_policy::{Attachments, Tasks};
use belfort_rbac::{Grant, Read};
use belfort_work::attachments::{self, ByteRange};
use futures_util::future::ready;
use futures_util::{Stream, StreamExt, stream};
use tracing::Instrument;

use super::content::{Content, Sent, tag_of};
use super::{Conditional, content_keys};
use crate::context::{Gate, RequestContext};
use crate::error::{ApiResult, Problem};
use crate::input::Path;

type Permit = Gate<Attachments, Read>;

/// The chunks that are still to be read.
struct Rest {
    gate: Permit,
    range: ByteRange,
    chunks: RangeInclusive<u32>,
}

impl Conditional {
    /// Finds the file and the first chunk of what is asked for of it: if that does not open, it is told in an
    /// answer.
    pub(crate) async fn send(self, gate: Permit, path: Path<(AttachmentId,)>) -> ApiResult<Content> {
        let reauthorized = gate.reauthorize();
        let found = gate.read(move |ctx, grant| {
            let of_tasks = ctx.grant::<Tasks, Read>()?;
            let file = attachments::get(&mut ctx.tx, &of_tasks, grant, path.ids()?.0)?;
            let file = file.ok_or_else(Problem::not_found)?;
            let tag = tag_of(&file);
            if self.knows(&tag) {
                return Ok((file, None));
            }
            let bytes = self.bytes(&tag, file.length())?;
            let range = match &bytes {
                Some(bytes) => ByteRange::of(&file, bytes.clone()),
                None => ByteRange::all(&file),
            };
            let range = range.ok_or_else(|| Problem::internal("the file has too many chunks"))?;
            let mut chunks = range.chunks();
            let first = read(ctx, grant, &range, chunks.next().unwrap_or_default())?;
            let rest = Rest { gate: reauthorized, range, chunks };
            Ok((file, Some((bytes, first, rest))))
        });
        Ok(match found.await? {
            (file, None) => Content::Known(file),
            (file, Some((range, first, rest))) => {
                let body = stream::once(ready(Ok(first))).chain(rest.stream()).boxed_local();
                Content::Sent(Sent { file, range, body })
            }
        })
    }
}

/// The part of a range that is in a chunk.
fn read(
    ctx: &mut RequestContext,
    grant: &Grant<Attachments, Read>,
    range: &ByteRange,
    chunk: u32,
) -> ApiResult<Bytes> {
    let of_tasks = ctx.grant::<Tasks, Read>()?;
    let keys = content_keys(&ctx.info, &ctx.tx);
    Ok(attachments::read_chunk(&mut ctx.tx, &of_tasks, grant, keys, range, chunk)?.into())
}

impl Rest {
    /// The chunks, each when it is asked for, which is when the receiver has taken the one before. It ends
    /// with the first that cannot be had, and the connection with it: the receiver knows the length and that
    /// this is not all.
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + 'static {
        let span = tracing::Span::current();
        stream::unfold(Some(self), move |rest| {
            let span = span.clone();
            async move {
                let mut rest = rest?;
                let chunk = rest.chunks.next()?;
                match rest.read(chunk).instrument(span.clone()).await {
                    Ok(bytes) => Some((Ok(bytes), Some(rest))),
                    Err(problem) => {
                        span.in_scope(|| {
                            tracing::error!(%problem, cause = problem.cause(), "a download broke off");
                        });
                        Some((Err(io::Error::other("the download broke off")), None))
                    }
                }
            }
        })
    }

    async fn read(&self, chunk: u32) -> ApiResult<Bytes> {
        let range = self.range.clone();
        self.gate.reauthorize().read(move |ctx, grant| read(ctx, grant, &range, chunk)).await
    }
}
