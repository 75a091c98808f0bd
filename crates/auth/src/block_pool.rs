//! A pool of the memory that Argon2id works in.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::{Output, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The memory of earlier hashes, kept for the next ones.
///
/// A hash takes 19 MiB. Taken from the allocator on whichever thread and given back there, the memory of many threads adds
/// up, for allocators keep what each thread gave back: after a storm of logins a server held hundreds of MiB. Kept here there
/// is as much as hashes ever ran at once, and it need not be asked from the operating system page by page each time.
#[derive(Default)]
pub(crate) struct BlockPool(Mutex<Pool>);

#[derive(Default)]
struct Pool {
    free: Vec<Vec<Block>>,
    running: usize,
    load: HashingLoad,
}

/// The work that a hasher has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HashingLoad {
    /// The number of hashes that were computed, those of the decoy among them.
    pub computed: u64,
    /// The most that were computed at once.
    pub most_at_once: usize,
}

impl BlockPool {
    /// The work that was done.
    pub(crate) fn load(&self) -> HashingLoad {
        self.pool().load
    }

    /// Computes `len` bytes of Argon2id output.
    pub(crate) fn compute(
        &self,
        params: &Params,
        password: &[u8],
        salt: &Salt,
        len: usize,
    ) -> Result<Output, argon2::password_hash::Error> {
        let mut blocks = self.acquire();
        // What is too much for this hash does no harm.
        if blocks.len() < params.block_count() {
            blocks.resize(params.block_count(), Block::default());
        }
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut output = [0; Output::MAX_LENGTH];
        let output = output.get_mut(..len).ok_or(argon2::password_hash::Error::OutputSize)?;
        let filled = argon2.hash_password_into_with_memory(password, salt, output, &mut blocks);
        self.release(blocks);
        filled?;
        Ok(Output::new(output)?)
    }

    fn acquire(&self) -> Vec<Block> {
        let mut pool = self.pool();
        pool.running += 1;
        pool.load.computed += 1;
        pool.load.most_at_once = pool.load.most_at_once.max(pool.running);
        pool.free.pop().unwrap_or_default()
    }

    /// Puts memory back. One hash that was imported with a gigabyte in its parameters must not cost a gigabyte for good.
    fn release(&self, blocks: Vec<Block>) {
        const KEPT: usize = 64 * 1024;
        let mut pool = self.pool();
        pool.running = pool.running.saturating_sub(1);
        if blocks.len() <= KEPT {
            pool.free.push(blocks);
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BlockPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockPool")
    }
}
