//! The pieces that a file is kept in: how it is cut, and which of them a range needs.

use std::ops::RangeInclusive;

use actix_web::web::{Bytes, BytesMut};
use belfort_crypto::{ChunkPosition, Column};
use belfort_ids::AttachmentId;

/// Bytes of a file in each piece but the last. What is stored was cut by it: it may not change.
pub(crate) const PIECE: usize = 256 * 1024;

/// Where the pieces are.
pub(crate) const SEALED: Column = Column::new("attachment_pieces.sealed");

/// Cuts what arrives into pieces. It never holds more than one.
#[derive(Debug, Default)]
pub(crate) struct Cutter(BytesMut);

impl Cutter {
    /// Takes from `arrived` what there is room for. A piece comes out when it is full and more follows, so what is left at the
    /// end is the last one.
    pub(crate) fn take(&mut self, arrived: &mut Bytes) -> Option<Bytes> {
        let full =
            (self.0.len() == PIECE && !arrived.is_empty()).then(|| std::mem::take(&mut self.0).freeze());
        if self.0.capacity() == 0 {
            self.0.reserve(PIECE);
        }
        let room = PIECE.saturating_sub(self.0.len()).min(arrived.len());
        self.0.extend_from_slice(&arrived.split_to(room));
        full
    }

    /// The last piece.
    pub(crate) fn last(self) -> Bytes {
        self.0.freeze()
    }
}

/// The pieces of one file. There is at least one: an empty file has an empty one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pieces {
    pub(crate) of: AttachmentId,
    /// Bytes of the file.
    pub(crate) size: u64,
}

impl Pieces {
    /// Where a piece stands, and how many bytes of the file it must hold; `None` when the file has no such piece.
    pub(crate) fn place(self, number: u32) -> Option<(ChunkPosition, usize)> {
        let last = number_of(self.size.saturating_sub(1))?;
        let place =
            ChunkPosition { content: *self.of.uuid().as_bytes(), index: number, last: number == last };
        let before = u64::from(number).checked_mul(length(PIECE))?;
        let left = self.size.checked_sub(before)?;
        (number <= last).then(|| (place, usize::try_from(left).unwrap_or(PIECE).min(PIECE)))
    }

    /// The pieces that hold these bytes of the file.
    pub(crate) fn of_bytes(self, bytes: &RangeInclusive<u64>) -> Option<RangeInclusive<u32>> {
        let numbers = number_of(*bytes.start())?..=number_of(*bytes.end())?;
        (*bytes.end() < self.size.max(1)).then_some(numbers)
    }

    /// What of a piece is among these bytes of the file.
    pub(crate) fn within(number: u32, bytes: &RangeInclusive<u64>) -> RangeInclusive<usize> {
        let begin = u64::from(number).saturating_mul(length(PIECE));
        let at = |byte: u64| usize::try_from(byte.saturating_sub(begin)).unwrap_or(usize::MAX);
        at(*bytes.start())..=at(*bytes.end()).min(PIECE - 1)
    }
}

/// The piece that a byte of a file is in.
fn number_of(byte: u64) -> Option<u32> {
    u32::try_from(byte / length(PIECE)).ok()
}

/// A number of bytes in memory, which 64 bits always hold.
pub(crate) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn pieces(size: u64) -> Pieces {
        Pieces { of: AttachmentId::new(DateTime::UNIX_EPOCH), size }
    }

    /// The lengths of a file's pieces and which is the last.
    fn lengths(size: u64) -> Vec<(usize, bool)> {
        let place = |number| pieces(size).place(number).map(|(place, len)| (len, place.last));
        (0..).map_while(place).collect()
    }

    #[test]
    fn every_piece_is_full_but_the_last() {
        let full = length(PIECE);
        assert_eq!(lengths(0), [(0, true)]);
        assert_eq!(lengths(1), [(1, true)]);
        assert_eq!(lengths(full), [(PIECE, true)]);
        assert_eq!(lengths(full + 1), [(PIECE, false), (1, true)]);
        assert_eq!(lengths(3 * full), [(PIECE, false), (PIECE, false), (PIECE, true)]);
        assert!(pieces(u64::MAX).place(0).is_none(), "it has more pieces than can be counted");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_cut_is_what_arrived_in_the_pieces_that_are_read(
            arrived in prop::collection::vec(0_usize..200_000, 0..8),
        ) {
            let size: usize = arrived.iter().sum();
            let whole: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let (mut cutter, mut cut, mut rest) = (Cutter::default(), Vec::new(), whole.as_slice());
            for len in arrived {
                let (chunk, later) = rest.split_at(len);
                rest = later;
                let mut chunk = Bytes::copy_from_slice(chunk);
                while !chunk.is_empty() {
                    cut.extend(cutter.take(&mut chunk));
                    prop_assert!(cutter.0.len() <= PIECE && cutter.0.capacity() <= PIECE);
                }
            }
            cut.push(cutter.last());
            let expected: Vec<usize> = lengths(length(size)).into_iter().map(|(len, _)| len).collect();
            prop_assert_eq!(cut.iter().map(Bytes::len).collect::<Vec<_>>(), expected);
            prop_assert_eq!(cut.concat(), whole);
        }

        #[test]
        fn a_range_is_put_together_from_its_pieces_and_no_others(
            size in 1_u64..3_000_000, a: prop::sample::Index, b: prop::sample::Index,
        ) {
            let at = |index: prop::sample::Index| length(index.index(usize::try_from(size).unwrap()));
            let bytes = at(a).min(at(b))..=at(a).max(at(b));
            let mut next = *bytes.start();
            for number in pieces(size).of_bytes(&bytes).unwrap() {
                let (_, len) = pieces(size).place(number).unwrap();
                let within = Pieces::within(number, &bytes);
                let within = *within.start()..=(*within.end()).min(len - 1);
                let begin = u64::from(number) * length(PIECE);
                prop_assert!(!within.is_empty());
                prop_assert_eq!(begin + length(*within.start()), next);
                next = begin + length(*within.end()) + 1;
            }
            prop_assert_eq!(next, *bytes.end() + 1);
        }
    }
}
