//! Argon2id hashes in the PHC string format, as they are stored.

use std::fmt;

use argon2::{Algorithm, Params, Version};

/// An Argon2id hash whose cost is within the bounds of this crate.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    text: String,
    pub(crate) phc: argon2::PasswordHash,
    pub(crate) params: Params,
}

impl PasswordHash {
    /// Reads a stored or imported hash.
    ///
    /// The parameters come from the text and decide how much memory and time a login takes, so they are bounded here: one
    /// imported row with `m=4294967295` would otherwise take the server down at its owner's next login.
    pub fn parse(text: &str) -> Result<Self, PasswordHashError> {
        if text.len() > MAX_LEN {
            return Err(PasswordHashError::TooLong);
        }
        let phc = argon2::PasswordHash::new(text).map_err(PasswordHashError::Format)?;
        Self::new(phc)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn new(phc: argon2::PasswordHash) -> Result<Self, PasswordHashError> {
        let argon2id = phc.algorithm == Algorithm::Argon2id.ident();
        if !argon2id || phc.version != Some(Version::V0x13.into()) {
            return Err(PasswordHashError::Algorithm);
        }
        if phc.salt.is_none() || phc.hash.is_none() {
            return Err(PasswordHashError::Incomplete);
        }
        // No defaults for what is missing, and no `keyid` or `data`, which no hash of ours has.
        if !phc.params.iter().map(|(name, _)| name.to_string()).eq(["m", "t", "p"]) {
            return Err(PasswordHashError::Parameters);
        }
        let params = Params::try_from(&phc).map_err(PasswordHashError::Argon2)?;
        let (m_kib, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
        if m_kib > MAX_M_KIB || t > MAX_T || p > MAX_P {
            return Err(PasswordHashError::TooHeavy { m_kib, t, p });
        }
        Ok(Self { text: phc.to_string(), phc, params })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The reason why a text is not a hash that passwords are verified against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordHashError {
    /// More than 255 characters.
    #[error("a password hash has at most 255 characters")]
    TooLong,
    /// Not a PHC string.
    #[error("not a password hash in the PHC string format")]
    Format(#[source] argon2::password_hash::phc::Error),
    /// Another algorithm than Argon2id, or an old version of it.
    #[error("only Argon2id hashes of version 19 are supported")]
    Algorithm,
    /// No salt or no output.
    #[error("the password hash has no salt or no output")]
    Incomplete,
    /// Other parameters than `m`, `t` and `p`.
    #[error("the parameters of the password hash are not m, t and p, in this order")]
    Parameters,
    /// Parameters that Argon2 itself does not know what to do with.
    #[error("the parameters of the password hash are not valid for Argon2id")]
    Argon2(#[source] argon2::password_hash::Error),
    /// Checking it would exhaust the server.
    #[error(
        "the password hash asks for m={m_kib} KiB, t={t}, p={p}; supported are at most m={MAX_M_KIB}, t={MAX_T}, p={MAX_P}"
    )]
    TooHeavy {
        /// Memory, in KiB.
        m_kib: u32,
        /// Passes.
        t: u32,
        /// Lanes.
        p: u32,
    },
}

pub(crate) const MAX_M_KIB: u32 = 1 << 20;
pub(crate) const MAX_T: u32 = 16;
pub(crate) const MAX_P: u32 = 16;
const MAX_LEN: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg";

    fn parse(head: &str) -> Result<PasswordHash, PasswordHashError> {
        PasswordHash::parse(&format!("{head}${TAIL}"))
    }

    #[test]
    fn the_text_comes_back_as_it_was() {
        let text = format!("$argon2id$v=19$m=65536,t=3,p=4${TAIL}");
        assert_eq!(PasswordHash::parse(&text).unwrap().as_str(), text);
    }

    #[test]
    fn parameters_that_would_exhaust_the_server_are_refused() {
        assert!(parse("$argon2id$v=19$m=1048576,t=16,p=16").is_ok());
        for params in ["m=1048577,t=2,p=1", "m=4294967295,t=2,p=1", "m=19456,t=17,p=1", "m=19456,t=2,p=17"] {
            let error = parse(&format!("$argon2id$v=19${params}")).unwrap_err();
            assert!(matches!(error, PasswordHashError::TooHeavy { .. }), "{params}: {error}");
        }
    }

    #[test]
    fn other_algorithms_and_shapes_are_refused() {
        use PasswordHashError as E;
        let algorithm = [
            "$argon2i$v=19$m=19456,t=2,p=1",
            "$argon2d$v=19$m=19456,t=2,p=1",
            "$argon2id$v=16$m=19456,t=2,p=1",
        ];
        for head in algorithm {
            assert_eq!(parse(head), Err(E::Algorithm), "{head}");
        }
        for params in
            ["m=19456,t=2", "t=2,m=19456,p=1", "m=19456,t=2,p=1,data=AAAA", "m=19456,m=19456,t=2,p=1"]
        {
            assert!(parse(&format!("$argon2id$v=19${params}")).is_err(), "{params}");
        }
        assert_eq!(PasswordHash::parse("$argon2id$v=19$m=19456,t=2,p=1"), Err(E::Incomplete));
        assert!(matches!(parse("$argon2id$v=19$m=7,t=2,p=1"), Err(E::Argon2(_))));
        assert!(matches!(PasswordHash::parse("hunter2"), Err(E::Format(_))));
        assert_eq!(PasswordHash::parse(&"$".repeat(256)), Err(E::TooLong));
    }

    #[test]
    fn a_hash_does_not_show() {
        assert_eq!(format!("{:?}", parse("$argon2id$v=19$m=65536,t=3,p=4").unwrap()), "[redacted]");
    }
}
