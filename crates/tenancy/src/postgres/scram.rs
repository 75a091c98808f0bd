//! SCRAM-SHA-256 verifiers: what Postgres stores of a password (RFC 5802, RFC 7677).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::digest::InvalidLength;
use sha2::{Digest as _, Sha256};

use super::ConnectError;

/// Postgres' own number of rounds. A password here is 256 random bits, which need no more.
const ROUNDS: u32 = 4096;

/// The verifier of a password under a random salt, as `CREATE ROLE … PASSWORD` takes it.
///
/// The password is ASCII: there is nothing to normalise (`SASLprep`).
pub(super) fn verifier(password: &str) -> Result<String, ConnectError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)?;
    Ok(salted(password, &salt, ROUNDS)?)
}

fn salted(password: &str, salt: &[u8], rounds: u32) -> Result<String, InvalidLength> {
    // One block of PBKDF2: the hash is as long as the key.
    let mut round = hmac(password.as_bytes(), &[salt, &[0, 0, 0, 1]])?;
    let mut key = round;
    for _ in 1..rounds {
        round = hmac(password.as_bytes(), &[&round])?;
        key.iter_mut().zip(round).for_each(|(key, round)| *key ^= round);
    }
    let stored_key: [u8; 32] = Sha256::digest(hmac(&key, &[b"Client Key"])?).into();
    let server_key = hmac(&key, &[b"Server Key"])?;
    let [salt, stored_key, server_key] = [salt, &stored_key, &server_key].map(|bytes| STANDARD.encode(bytes));
    Ok(format!("SCRAM-SHA-256${rounds}:{salt}${stored_key}:{server_key}"))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 32], InvalidLength> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    for part in parts {
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_verifiers_of_a_password_are_the_same() {
        let (one, other) = (verifier("pencil").unwrap(), verifier("pencil").unwrap());
        assert!(one.starts_with("SCRAM-SHA-256$4096:") && one != other && !one.contains("pencil"));
    }
}
