//! Files on tasks.
//!
//! An attachment is where its task is: every function demands the grant to read tasks beside the one for
//! attachments.
//!
//! Its content arrives in chunks, each in a transaction of its own ([`begin`], [`ContentWriter`],
//! [`create()`]), and is read in chunks ([`read_chunk`]): nobody holds a connection while the other end of the
//! line takes its time. A [`Chunker`] cuts what arrives. How content is cut, sealed, measured, digested and
//! typed is decided here and nowhere else.

mod attachment;
mod byte_range;
mod chunk;
mod content;
mod create;
mod delete;
mod file_name;
mod media_type;
mod read;
mod upload;

pub use attachment::{Attachment, AttachmentError, ChunkError};
pub use byte_range::{ByteRange, read_chunk};
pub use chunk::{CHUNK_SIZE, Chunker};
pub use content::{ContentKeys, ContentWriter, StoredContent};
pub use create::{NewAttachment, create};
pub use delete::delete;
pub use file_name::FileName;
pub use read::{get, history, list};
pub use upload::{LIFETIME, Upload, abandon, begin, sweep};

pub(crate) use delete::delete_of_task;
