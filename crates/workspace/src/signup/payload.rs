//! The sealed part of a sign-up.

use belfort_auth::{Email, PasswordHash};
use belfort_tenancy::Slug;
use serde::{Deserialize, Serialize};

use super::Signup;
use crate::name::{FullName, WorkspaceName};

#[derive(Serialize, Deserialize)]
struct Payload {
    email: String,
    full_name: String,
    workspace_name: String,
    slug: String,
    password_hash: String,
}

pub(super) fn write(signup: &Signup) -> Vec<u8> {
    let payload = Payload {
        email: signup.email.as_str().to_owned(),
        full_name: signup.full_name.as_str().to_owned(),
        workspace_name: signup.workspace_name.as_str().to_owned(),
        slug: signup.slug.as_str().to_owned(),
        password_hash: signup.password.as_str().to_owned(),
    };
    serde_json::json!(payload).to_string().into_bytes()
}

/// `None`: it was written by another version of the program, or not by this one.
pub(super) fn read(bytes: &[u8]) -> Option<Signup> {
    let payload: Payload = serde_json::from_slice(bytes).ok()?;
    Some(Signup {
        email: Email::parse(&payload.email).ok()?,
        full_name: FullName::parse(&payload.full_name).ok()?,
        workspace_name: WorkspaceName::parse(&payload.workspace_name).ok()?,
        slug: Slug::parse(&payload.slug).ok()?,
        password: PasswordHash::parse(&payload.password_hash).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$MIIRqgvgQbgj220jfp0MPA$YfwJSVjtjSU0zzV/P3S9nnQ/USre2wvJMjfCIjrTQbg";

    /// A Fernet token is four thirds of its content and about 100 more; the column has 4,000.
    #[test]
    fn the_longest_sign_up_reads_back_and_fits_its_column() {
        let name = "\u{1F3F0}".repeat(200);
        let signup = Signup {
            email: Email::parse(&format!("{}@{}example.be", "a".repeat(64), "x.".repeat(89))).unwrap(),
            full_name: FullName::parse(&name).unwrap(),
            workspace_name: WorkspaceName::parse(&name).unwrap(),
            slug: Slug::parse(&"a".repeat(40)).unwrap(),
            password: PasswordHash::parse(HASH).unwrap(),
        };
        let bytes = write(&signup);
        assert_eq!(read(&bytes), Some(signup));
        assert!(bytes.len() < 2_850, "{}", bytes.len());
    }

    #[test]
    fn what_is_no_sign_up_is_none() {
        assert_eq!(read(b"{}"), None);
        assert_eq!(read(b"\xff"), None);
    }
}
