//! Long content, sealed in chunks that are each bound to their position.
//!
//! Fernet has no associated data. So each plaintext begins with the position of the chunk, which [`Keyring::open_chunk`] compares
//! with the position that the reader wants: a chunk that was swapped, repeated, moved to other content, or made the last one by
//! dropping those after it does not open.
//!
//! ```
//! use belfort_crypto::{Column, Keyring, OpenError, ChunkPosition};
//! use belfort_ids::TenantId;
//!
//! const SEALED: Column = Column::new("attachment_pieces.sealed");
//!
//! let keyring = Keyring::parse(&Keyring::generate_key())?;
//! # let now = chrono::DateTime::from_timestamp(1_767_225_600, 0).unwrap();
//! let tenant = TenantId::new(now);
//!
//! let position = ChunkPosition { content: [7; 16], index: 0, last: false };
//! let chunk = keyring.seal_chunk(tenant, SEALED, position, b"Dear Ada,");
//! let opened = keyring.open_chunk(tenant, SEALED, chunk.key_id, &chunk.token, position)?;
//! assert_eq!(*opened, b"Dear Ada,");
//! let end = ChunkPosition { last: true, ..position };
//! assert_eq!(keyring.open_chunk(tenant, SEALED, chunk.key_id, &chunk.token, end), Err(OpenError::Refused));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use zeroize::Zeroizing;

use crate::context::{Column, Owner};
use crate::keyring::{KeyId, Keyring};
use crate::seal::OpenError;

/// The position of a chunk. The owner and the column are part of the key; this is part of the plaintext.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPosition {
    /// The id of the content, such as an attachment's.
    pub content: [u8; 16],
    /// The index of the chunk, counted from 0.
    pub index: u32,
    /// Set on the last chunk. Content has one last chunk, also when it is empty, so it cannot be cut unnoticed.
    pub last: bool,
}

/// A sealed chunk, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedChunk {
    /// The key that the token was made under.
    pub key_id: KeyId,
    /// A Fernet token without its base64, which would make it a third longer.
    pub token: Vec<u8>,
}

/// The version of the layout, which is the first byte of every chunk.
const LAYOUT: u8 = 1;
/// The length of layout, content, index and the flag of the last chunk.
const HEADER: usize = 1 + 16 + 4 + 1;

impl ChunkPosition {
    fn header(self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        let parts = [LAYOUT].into_iter().chain(self.content).chain(self.index.to_be_bytes());
        for (byte, part) in header.iter_mut().zip(parts.chain([u8::from(self.last)])) {
            *byte = part;
        }
        header
    }
}

impl Keyring {
    /// Seals a chunk under the newest key. It opens for the same owner and column, at the same position, and nowhere else.
    pub fn seal_chunk(
        &self,
        owner: impl Into<Owner>,
        column: Column,
        position: ChunkPosition,
        bytes: &[u8],
    ) -> SealedChunk {
        let mut plaintext = Zeroizing::new(Vec::with_capacity(HEADER.saturating_add(bytes.len())));
        plaintext.extend_from_slice(&position.header());
        plaintext.extend_from_slice(bytes);
        let sealed = self.seal(owner, column, &plaintext);
        SealedChunk { key_id: sealed.key_id, token: decode(&sealed.token) }
    }

    /// Opens what [`Keyring::seal_chunk`] made for this position; `key_id` is what is stored beside the token.
    ///
    /// The reader has to check how many bytes come out, and to read as far as the last chunk.
    pub fn open_chunk(
        &self,
        owner: impl Into<Owner>,
        column: Column,
        key_id: impl AsRef<str>,
        token: &[u8],
        position: ChunkPosition,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let mut opened = self.open(owner, column, key_id, &URL_SAFE.encode(token))?;
        if !opened.starts_with(&position.header()) {
            return Err(OpenError::Refused);
        }
        opened.drain(..HEADER);
        Ok(opened)
    }
}

#[expect(clippy::expect_used, reason = "a Fernet token is URL-safe base64 by its specification")]
fn decode(token: &str) -> Vec<u8> {
    URL_SAFE.decode(token).expect("the token was no base64")
}

#[cfg(test)]
mod tests {
    use belfort_ids::TenantId;
    use proptest::prelude::*;

    use super::*;

    const SEALED: Column = Column::new("attachment_pieces.sealed");
    const OTHER: Column = Column::new("attachments.name");

    fn ring() -> Keyring {
        Keyring::parse(&Keyring::generate_key()).unwrap()
    }

    fn tenant(n: u32) -> TenantId {
        format!("01890a5d-ac96-774b-bcce-b3020000{n:04x}").parse().unwrap()
    }

    fn position(content: u8, index: u32, last: bool) -> ChunkPosition {
        ChunkPosition { content: [content; 16], index, last }
    }

    /// Reads content of `count` chunks.
    fn read(ring: &Keyring, content: u8, stored: &[SealedChunk], count: usize) -> Result<Vec<u8>, OpenError> {
        let mut bytes = Vec::new();
        for index in 0..count {
            let chunk = stored.get(index).ok_or(OpenError::Refused)?;
            let at = position(content, u32::try_from(index).unwrap(), index + 1 == count);
            bytes.extend(ring.open_chunk(tenant(1), SEALED, chunk.key_id, &chunk.token, at)?.iter());
        }
        Ok(bytes)
    }

    fn seal(ring: &Keyring, content: u8, chunks: &[Vec<u8>]) -> Vec<SealedChunk> {
        let at = |index| position(content, u32::try_from(index).unwrap(), index + 1 == chunks.len());
        let seal = |(index, chunk): (usize, &Vec<u8>)| ring.seal_chunk(tenant(1), SEALED, at(index), chunk);
        chunks.iter().enumerate().map(seal).collect()
    }

    /// The layout of stored chunks: they must stay readable, so it may never change under its number.
    #[test]
    fn a_chunk_is_a_fernet_token_of_its_position_and_its_bytes() {
        let ring = ring();
        let chunk = ring.seal_chunk(tenant(1), SEALED, position(9, 258, true), b"hello");
        assert_eq!(chunk.token[0], 0x80);
        let plaintext = ring.open(tenant(1), SEALED, chunk.key_id, &URL_SAFE.encode(&chunk.token)).unwrap();
        assert_eq!(*plaintext, [&[1][..], &[9; 16], &[0, 0, 1, 2], &[1], b"hello"].concat());
    }

    #[test]
    fn a_chunk_of_another_tenant_or_column_does_not_open() {
        let ring = ring();
        let at = position(1, 0, true);
        let chunk = ring.seal_chunk(tenant(1), SEALED, at, b"hello");
        let open = |owner: Owner, column| ring.open_chunk(owner, column, chunk.key_id, &chunk.token, at);
        assert_eq!(*open(tenant(1).into(), SEALED).unwrap(), b"hello");
        for (owner, column) in
            [(tenant(2).into(), SEALED), (Owner::System, SEALED), (tenant(1).into(), OTHER)]
        {
            assert_eq!(open(owner, column), Err(OpenError::Refused));
        }
    }

    #[test]
    fn a_value_of_the_same_column_that_is_no_chunk_does_not_open_as_one() {
        let ring = ring();
        for plaintext in [&b""[..], b"hello", &[1; 21]] {
            let sealed = ring.seal(tenant(1), SEALED, plaintext);
            let token = URL_SAFE.decode(&sealed.token).unwrap();
            let opened = ring.open_chunk(tenant(1), SEALED, sealed.key_id, &token, position(1, 0, true));
            assert_eq!(opened, Err(OpenError::Refused));
        }
    }

    #[test]
    fn a_chunk_under_a_key_that_is_gone_is_told_apart_from_a_forged_one() {
        let chunk = ring().seal_chunk(tenant(1), SEALED, position(1, 0, true), b"hello");
        let error = ring().open_chunk(tenant(1), SEALED, chunk.key_id, &chunk.token, position(1, 0, true));
        assert_eq!(error, Err(OpenError::UnknownKey { key_id: chunk.key_id.to_string() }));
    }

    proptest! {
        #[test]
        fn chunks_open_in_their_order(chunks in prop::collection::vec(any::<Vec<u8>>(), 1..6)) {
            let ring = ring();
            let stored = seal(&ring, 1, &chunks);
            prop_assert_eq!(read(&ring, 1, &stored, chunks.len()), Ok(chunks.concat()));
        }

        #[test]
        fn a_chunk_opens_at_its_own_position_and_no_other(
            content: [u8; 16], other: [u8; 16], index: u32, others: u32, last: bool, ends: bool,
        ) {
            let ring = ring();
            let at = ChunkPosition { content, index, last };
            let chunk = ring.seal_chunk(tenant(1), SEALED, at, b"hello");
            let near = [
                ChunkPosition { content: other, ..at },
                ChunkPosition { index: others, ..at },
                ChunkPosition { index: index.wrapping_add(1), ..at },
                ChunkPosition { last: !last, ..at },
                ChunkPosition { content: other, index: others, last: ends },
            ];
            for wanted in near {
                let opened = ring.open_chunk(tenant(1), SEALED, chunk.key_id, &chunk.token, wanted);
                prop_assert_eq!(opened.is_ok(), wanted == at);
            }
        }

        /// Equal chunks, on purpose: it is the position that differs.
        #[test]
        fn chunks_that_were_swapped_repeated_or_dropped_are_noticed(
            count in 2_usize..6, a: prop::sample::Index, b: prop::sample::Index, said in 1_usize..8,
        ) {
            let ring = ring();
            let stored = seal(&ring, 1, &vec![b"same".to_vec(); count]);
            let (a, b) = (a.index(count), b.index(count));
            let mut swapped = stored.clone();
            swapped.swap(a, b);
            prop_assert_eq!(read(&ring, 1, &swapped, count).is_ok(), a == b);
            let mut repeated = stored.clone();
            repeated[a] = stored[b].clone();
            prop_assert_eq!(read(&ring, 1, &repeated, count).is_ok(), a == b);
            let mut dropped = stored.clone();
            dropped.remove(a);
            for said in [count - 1, count] {
                prop_assert!(read(&ring, 1, &dropped, said).is_err());
            }
            prop_assert_eq!(read(&ring, 1, &stored, said).is_ok(), said == count);
            prop_assert!(read(&ring, 2, &stored, count).is_err());
        }

        #[test]
        fn a_chunk_with_any_bit_flipped_is_refused(bytes: Vec<u8>, at: prop::sample::Index, bit in 0_u8..8) {
            let ring = ring();
            let mut chunk = ring.seal_chunk(tenant(1), SEALED, position(1, 0, true), &bytes);
            let at = at.index(chunk.token.len());
            chunk.token[at] ^= 1 << bit;
            let opened = ring.open_chunk(tenant(1), SEALED, chunk.key_id, &chunk.token, position(1, 0, true));
            prop_assert_eq!(opened, Err(OpenError::Refused));
        }

        #[test]
        fn no_bytes_make_it_panic(token: Vec<u8>) {
            let ring = ring();
            let _ = ring.open_chunk(tenant(1), SEALED, ring.primary(), &token, position(1, 0, true));
        }
    }
}
