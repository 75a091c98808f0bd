//! Hashing and verifying passwords.

use std::fmt;
use std::hint::black_box;

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{Algorithm, Params, Version};

use crate::block_pool::{BlockPool, HashingLoad};
use crate::password::Password;
use crate::password_hash::{MAX_M_KIB, MAX_P, MAX_T};
use crate::password_hash::{PasswordHash, PasswordHashError};
use crate::random;

/// The cost of a hash: memory in KiB, passes and lanes of Argon2id.
///
/// The default is what OWASP recommends: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashParams {
    m_kib: u32,
    t: u32,
    p: u32,
}

impl HashParams {
    /// Makes parameters, unless they are weaker than each of the settings that OWASP calls equivalent, or heavier than
    /// what [`PasswordHash::parse`] would take back.
    pub fn new(m_kib: u32, t: u32, p: u32) -> Result<Self, HashError> {
        if t == 0 || p == 0 {
            return Err(HashError::Zero);
        }
        let floor = floor_m_kib(t);
        if m_kib < floor {
            return Err(HashError::TooWeak { m_kib, t, floor });
        }
        if m_kib > MAX_M_KIB || t > MAX_T || p > MAX_P {
            return Err(HashError::TooHeavy { m_kib, t, p });
        }
        Ok(Self { m_kib, t, p })
    }

    /// Memory, in KiB.
    pub const fn m_kib(self) -> u32 {
        self.m_kib
    }

    /// Passes over the memory.
    pub const fn t(self) -> u32 {
        self.t
    }

    /// Lanes.
    pub const fn p(self) -> u32 {
        self.p
    }
}

impl Default for HashParams {
    fn default() -> Self {
        Self { m_kib: 19 * 1024, t: 2, p: 1 }
    }
}

/// Hashes passwords and verifies them against hashes.
///
/// Each call keeps a core busy for tens of milliseconds and takes the memory of its parameters. Call it on a blocking
/// thread, and bound how many run at once: that bound times the memory is what a storm of logins costs, because the memory is
/// kept and used again.
pub struct Hasher {
    params: HashParams,
    memory: BlockPool,
    /// The hash of a random password: see [`Hasher::verify_decoy`].
    decoy: PasswordHash,
}

impl Hasher {
    /// Makes a hasher with these parameters. Hashes once, for the decoy.
    pub fn new(params: HashParams) -> Result<Self, HashError> {
        let memory = BlockPool::default();
        let decoy = hash(&memory, params, random::bytes::<32>().as_slice())?;
        Ok(Self { params, memory, decoy })
    }

    /// The parameters of new hashes.
    pub fn params(&self) -> HashParams {
        self.params
    }

    /// The work that was done: a hash takes a core and much memory, so whoever runs a server wants to know how many there were.
    pub fn load(&self) -> HashingLoad {
        self.memory.load()
    }

    /// Hashes `password` under a new random salt.
    pub fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        hash(&self.memory, self.params, password.bytes())
    }

    /// Verifies `password` against `hash`. The work is that of the hash's own parameters.
    ///
    /// Where Argon2 cannot run (there is no memory left), the answer is [`Verdict::Mismatch`].
    pub fn verify(&self, password: &Password, hash: &PasswordHash) -> Verdict {
        let (Some(salt), Some(want)) = (&hash.phc.salt, &hash.phc.hash) else { return Verdict::Mismatch };
        let output = self.memory.compute(&hash.params, password.bytes(), salt, want.len());
        // `Output` compares in constant time.
        match output {
            Ok(output) if output != *want => Verdict::Mismatch,
            Ok(_) if self.is_stale(hash) => Verdict::MatchButStale,
            Ok(_) => Verdict::Match,
            Err(_) => Verdict::Mismatch,
        }
    }

    /// Does the work of [`Hasher::verify`] for a user who does not exist or has no password.
    ///
    /// Without it the quick answer would tell which addresses have an account. It is the work of the current parameters: as
    /// long as hashes under older ones are around, their owners' logins differ from it.
    pub fn verify_decoy(&self, password: &Password) {
        let _ = black_box(self.verify(password, &self.decoy));
    }

    /// Returns whether `hash` is weaker than what [`Hasher::hash`] makes today.
    ///
    /// Lanes do not count: they spread the work, they add none.
    fn is_stale(&self, hash: &PasswordHash) -> bool {
        let short = |len: Option<usize>, want| len.is_none_or(|len| len < want);
        hash.params.m_cost() < self.params.m_kib
            || hash.params.t_cost() < self.params.t
            || short(hash.phc.salt.as_ref().map(|salt| salt.len()), argon2::RECOMMENDED_SALT_LEN)
            || short(hash.phc.hash.as_ref().map(Output::len), Params::DEFAULT_OUTPUT_LEN)
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("params", &self.params).finish_non_exhaustive()
    }
}

/// The result of verifying a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// The password is right.
    Match,
    /// The password is right and its hash weaker than today's: hash it anew while it is at hand.
    MatchButStale,
    /// The password is wrong.
    Mismatch,
}

/// The reason why passwords cannot be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// No passes or no lanes.
    #[error("Argon2id needs at least one pass and one lane: set t and p to 1 or more")]
    Zero,
    /// Below the OWASP floor.
    #[error(
        "Argon2id with m={m_kib} KiB and t={t} is weaker than OWASP allows: set m to at least {floor} for this t"
    )]
    TooWeak {
        /// Memory, in KiB.
        m_kib: u32,
        /// Passes.
        t: u32,
        /// The least memory for so many passes.
        floor: u32,
    },
    /// Above what [`PasswordHash::parse`] accepts.
    #[error(
        "Argon2id with m={m_kib} KiB, t={t}, p={p} is too heavy: set at most m={MAX_M_KIB}, t={MAX_T}, p={MAX_P}"
    )]
    TooHeavy {
        /// Memory, in KiB.
        m_kib: u32,
        /// Passes.
        t: u32,
        /// Lanes.
        p: u32,
    },
    /// Argon2 failed: there is no memory or no randomness left.
    #[error("Argon2id could not run")]
    Argon2(#[source] argon2::password_hash::Error),
    /// The hash that was made would not be read back.
    #[error("the hash that was made cannot be stored")]
    Unreadable(#[source] PasswordHashError),
}

fn hash(memory: &BlockPool, params: HashParams, password: &[u8]) -> Result<PasswordHash, HashError> {
    let HashParams { m_kib, t, p } = params;
    let params = Params::new(m_kib, t, p, None).map_err(|e| HashError::Argon2(e.into()))?;
    let salt = Salt::new(random::bytes::<{ argon2::RECOMMENDED_SALT_LEN }>().as_slice())
        .map_err(|e| HashError::Argon2(e.into()))?;
    let output =
        memory.compute(&params, password, &salt, Params::DEFAULT_OUTPUT_LEN).map_err(HashError::Argon2)?;
    let phc = argon2::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(HashError::Argon2)?,
        salt: Some(salt),
        hash: Some(output),
    };
    PasswordHash::new(phc).map_err(HashError::Unreadable)
}

/// The least memory for `t` passes, from the OWASP password storage cheat sheet.
const fn floor_m_kib(t: u32) -> u32 {
    match t {
        0 | 1 => 46 * 1024,
        2 => 19 * 1024,
        3 => 12 * 1024,
        4 => 9 * 1024,
        _ => 7 * 1024,
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Argon2, AssociatedData, ParamsBuilder};

    use super::*;

    fn password(text: &str) -> Password {
        Password::attempt(text.to_owned()).unwrap()
    }

    /// RFC 9106, section 5.3: what the algorithm underneath must compute.
    #[test]
    fn the_vector_of_the_rfc_comes_out() {
        let params = ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        assert_eq!(
            tag,
            [
                0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53,
                0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01,
                0xe6, 0x59,
            ]
        );
    }

    /// From the documentation of argon2-cffi.
    #[test]
    fn a_hash_made_by_argon2_cffi_verifies() {
        let hash = PasswordHash::parse(
            "$argon2id$v=19$m=65536,t=3,p=4$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg",
        )
        .unwrap();
        let hasher = Hasher::new(HashParams::default()).unwrap();
        assert_eq!(hasher.verify(&password("correct horse battery staple"), &hash), Verdict::Match);
        assert_eq!(hasher.verify(&password("correct horse battery stapler"), &hash), Verdict::Mismatch);
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let hasher = Hasher::new(HashParams::default()).unwrap();
        let (ann, bob) = (password("ann's password"), password("bob's password"));
        let hash = hasher.hash(&ann).unwrap();
        assert_eq!(hasher.verify(&ann, &hash), Verdict::Match);
        assert_eq!(hasher.verify(&bob, &hash), Verdict::Mismatch);
        assert_ne!(hasher.hash(&ann).unwrap(), hash, "each hash has a salt of its own");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(PasswordHash::parse(hash.as_str()), Ok(hash));
    }

    #[test]
    fn a_hash_below_the_current_parameters_is_stale() {
        let password = password("correct horse");
        let check = |old: HashParams, new: HashParams, verdict| {
            let hash = Hasher::new(old).unwrap().hash(&password).unwrap();
            assert_eq!(Hasher::new(new).unwrap().verify(&password, &hash), verdict, "{old:?} under {new:?}");
        };
        let params = |m, t, p| HashParams::new(m, t, p).unwrap();
        check(params(19_456, 2, 1), params(19_457, 2, 1), Verdict::MatchButStale);
        check(params(19_456, 2, 1), params(19_456, 3, 1), Verdict::MatchButStale);
        check(params(19_456, 3, 1), params(19_456, 2, 1), Verdict::Match);
        check(params(19_456, 2, 1), params(19_456, 2, 2), Verdict::Match);
    }

    #[test]
    fn a_stale_hash_does_not_make_a_wrong_password_right() {
        let hash = Hasher::new(HashParams::default()).unwrap().hash(&password("correct horse")).unwrap();
        let hasher = Hasher::new(HashParams::new(24 * 1024, 2, 1).unwrap()).unwrap();
        assert_eq!(hasher.verify(&password("correct hors"), &hash), Verdict::Mismatch);
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let hasher = Hasher::new(HashParams::new(20_000, 3, 2).unwrap()).unwrap();
        let real = hasher.hash(&password("correct horse")).unwrap();
        assert_eq!(hasher.decoy.params, real.params);
        assert_eq!(hasher.decoy.phc.algorithm, real.phc.algorithm);
        assert_eq!(hasher.decoy.phc.hash.unwrap().len(), real.phc.hash.unwrap().len());
        let before = hasher.load().computed;
        hasher.verify_decoy(&password(""));
        assert_eq!(hasher.load().computed, before + 1);
        let _ = hasher.verify(&password(""), &real);
        assert_eq!(hasher.load().computed, before + 2, "as many as for somebody who is there");
        assert_eq!(hasher.load().most_at_once, 1);
    }

    #[test]
    fn parameters_below_the_owasp_floor_are_refused() {
        for (t, floor) in [(1, 47_104), (2, 19_456), (3, 12_288), (4, 9_216), (5, 7_168), (16, 7_168)] {
            assert!(HashParams::new(floor, t, 1).is_ok(), "m={floor}, t={t}");
            assert!(
                matches!(HashParams::new(floor - 1, t, 1), Err(HashError::TooWeak { .. })),
                "below m={floor}, t={t}"
            );
        }
        assert!(matches!(HashParams::new(19_456, 0, 1), Err(HashError::Zero)));
        assert!(matches!(HashParams::new(19_456, 2, 0), Err(HashError::Zero)));
        assert!(matches!(HashParams::new((1 << 20) + 1, 2, 1), Err(HashError::TooHeavy { .. })));
        let default = HashParams::default();
        assert_eq!(HashParams::new(default.m_kib(), default.t(), default.p()).unwrap(), default);
    }

    #[test]
    fn a_hasher_shows_its_parameters_and_not_its_decoy() {
        let hasher = Hasher::new(HashParams::default()).unwrap();
        assert_eq!(format!("{hasher:?}"), "Hasher { params: HashParams { m_kib: 19456, t: 2, p: 1 }, .. }");
    }
}
