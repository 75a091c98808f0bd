//! The chunks in which content is stored: how it is cut, and which of them hold a range.

use std::ops::RangeInclusive;

use belfort_crypto::{ChunkPosition, Column};
use belfort_ids::AttachmentId;

/// The bytes of content in each chunk but the last. What is stored was cut by it: it may never change.
pub const CHUNK_SIZE: usize = 256 * 1024;

/// The column of the sealed chunks. Its name is part of their keys.
pub(super) const SEALED: Column = Column::new("attachment_pieces.sealed");

/// Cuts content that arrives into chunks. It never holds more than one.
#[derive(Debug, Default)]
pub struct Chunker(Vec<u8>);

impl Chunker {
    /// Takes from `arrived` what there is room for. A chunk comes out when it is full and more follows, so
    /// what is left at the end is the last one.
    pub fn push(&mut self, arrived: &mut &[u8]) -> Option<Vec<u8>> {
        let full = (self.0.len() == CHUNK_SIZE && !arrived.is_empty()).then(|| std::mem::take(&mut self.0));
        if self.0.capacity() == 0 {
            self.0.reserve_exact(CHUNK_SIZE);
        }
        let room = CHUNK_SIZE.saturating_sub(self.0.len()).min(arrived.len());
        let (taken, rest) = arrived.split_at(room);
        self.0.extend_from_slice(taken);
        *arrived = rest;
        full
    }

    /// The last chunk.
    pub fn last(self) -> Vec<u8> {
        self.0
    }
}

/// The chunks of one content. There is at least one: empty content has an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunks {
    pub(super) of: AttachmentId,
    /// The bytes of the content.
    pub(super) size: u64,
}

impl Chunks {
    /// The position of a chunk, and the bytes of the content that it must hold; `None` when the content has
    /// no such chunk.
    pub(super) fn position(self, index: u32) -> Option<(ChunkPosition, usize)> {
        let last = index_of(self.size.saturating_sub(1))?;
        let position = position(self.of, index, index == last);
        let before = u64::from(index).checked_mul(length(CHUNK_SIZE))?;
        let left = self.size.checked_sub(before)?;
        (index <= last).then(|| (position, usize::try_from(left).unwrap_or(CHUNK_SIZE).min(CHUNK_SIZE)))
    }

    /// The indices of the chunks that hold these bytes of the content; `None` when it does not have all of
    /// them.
    pub(super) fn holding(self, bytes: &RangeInclusive<u64>) -> Option<RangeInclusive<u32>> {
        let indices = index_of(*bytes.start())?..=index_of(*bytes.end())?;
        (*bytes.end() < self.size.max(1)).then_some(indices)
    }

    /// The part of a chunk that is among these bytes of the content.
    pub(super) fn within(index: u32, bytes: &RangeInclusive<u64>) -> RangeInclusive<usize> {
        let begin = u64::from(index).saturating_mul(length(CHUNK_SIZE));
        let at = |byte: u64| usize::try_from(byte.saturating_sub(begin)).unwrap_or(usize::MAX);
        at(*bytes.start())..=at(*bytes.end()).min(CHUNK_SIZE - 1)
    }
}

/// The position of a chunk of this attachment.
pub(super) fn position(of: AttachmentId, index: u32, last: bool) -> ChunkPosition {
    ChunkPosition { content: *of.uuid().as_bytes(), index, last }
}

/// The index of the chunk that a byte of content is in.
fn index_of(byte: u64) -> Option<u32> {
    u32::try_from(byte / length(CHUNK_SIZE)).ok()
}

/// A number of bytes in memory, which 64 bits always hold.
pub(super) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn chunks(size: u64) -> Chunks {
        Chunks { of: AttachmentId::new(DateTime::UNIX_EPOCH), size }
    }

    /// The lengths of the chunks and which is the last.
    fn lengths(size: u64) -> Vec<(usize, bool)> {
        let position = |index| chunks(size).position(index).map(|(position, len)| (len, position.last));
        (0..).map_while(position).collect()
    }

    #[test]
    fn every_chunk_is_full_but_the_last() {
        let full = length(CHUNK_SIZE);
        assert_eq!(lengths(0), [(0, true)]);
        assert_eq!(lengths(1), [(1, true)]);
        assert_eq!(lengths(full), [(CHUNK_SIZE, true)]);
        assert_eq!(lengths(full + 1), [(CHUNK_SIZE, false), (1, true)]);
        assert_eq!(lengths(3 * full), [(CHUNK_SIZE, false), (CHUNK_SIZE, false), (CHUNK_SIZE, true)]);
        assert!(chunks(u64::MAX).position(0).is_none(), "it has more chunks than can be counted");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_cut_is_what_arrived_in_the_chunks_that_are_read(
            arrived in prop::collection::vec(0_usize..200_000, 0..8),
        ) {
            let size: usize = arrived.iter().sum();
            let whole: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let (mut chunker, mut cut, mut rest) = (Chunker::default(), Vec::new(), whole.as_slice());
            for len in arrived {
                let (mut arrived, later) = rest.split_at(len);
                rest = later;
                while !arrived.is_empty() {
                    cut.extend(chunker.push(&mut arrived));
                    prop_assert!(chunker.0.len() <= CHUNK_SIZE && chunker.0.capacity() <= CHUNK_SIZE);
                }
            }
            cut.push(chunker.last());
            let expected: Vec<usize> = lengths(length(size)).into_iter().map(|(len, _)| len).collect();
            prop_assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), expected);
            prop_assert_eq!(cut.concat(), whole);
        }

        #[test]
        fn a_range_is_put_together_from_its_chunks_and_no_others(
            size in 1_u64..3_000_000, a: prop::sample::Index, b: prop::sample::Index,
        ) {
            let at = |index: prop::sample::Index| length(index.index(usize::try_from(size).unwrap()));
            let bytes = at(a).min(at(b))..=at(a).max(at(b));
            let mut next = *bytes.start();
            for index in chunks(size).holding(&bytes).unwrap() {
                let (_, len) = chunks(size).position(index).unwrap();
                let within = Chunks::within(index, &bytes);
                let within = *within.start()..=(*within.end()).min(len - 1);
                let begin = u64::from(index) * length(CHUNK_SIZE);
                prop_assert!(!within.is_empty());
                prop_assert_eq!(begin + length(*within.start()), next);
                next = begin + length(*within.end()) + 1;
            }
            prop_assert_eq!(next, *bytes.end() + 1);
        }
    }
}
