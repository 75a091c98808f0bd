//! The limits on attempts and on the size of files.

use std::time::Duration;

use belfort_auth::Limit;
use belfort_workspace::invitations::InvitationLimits;

use super::Reader;

/// The limits on attempts and on the size of files.
#[derive(Debug)]
pub(crate) struct Limits {
    /// `BELFORT_SIGNUP_PER_IP`: the limit on sign-ups from one IP address. Default `10/1h`.
    pub(crate) signup_per_ip: Limit,
    /// `BELFORT_SIGNUP_PER_EMAIL_DOMAIN`: the limit on sign-ups with email addresses of one domain. Default `20/1h`.
    pub(crate) signup_per_email_domain: Limit,
    /// `BELFORT_ACCEPT_PER_IP`: the limit on acceptances of invitations from one IP address. Default `100/1h`.
    pub(crate) accept_per_ip: Limit,
    /// `BELFORT_INVITATIONS_PER_RECIPIENT`: the limit on emails with invitations to one address, from all workspaces together.
    /// Default `20/1h`.
    ///
    /// `BELFORT_INVITATIONS_PER_USER`: the limit on those that one user sends. Default `200/1h`.
    ///
    /// `BELFORT_INVITATIONS_PER_WORKSPACE`: the limit on those that all users of one workspace send. Default `1000/1d`.
    pub(crate) invitations: InvitationLimits,
    /// `BELFORT_LOGIN_FAILURE_LIMIT` and `BELFORT_LOGIN_COOLOFF`: the number of wrong passwords before a user is locked out, and
    /// the time for which. An IP address is locked out after ten times as many. Default `5` and `15m`.
    pub(crate) login: Limit,
    /// `BELFORT_ATTACHMENT_LIMIT`: the size of an attached file, in bytes or like `25MiB`. Default `25MiB`. An upload has an
    /// hour, so much larger files need fast connections.
    pub(crate) attachment: u64,
    /// `BELFORT_BODY_TIMEOUT`: the time in which the body of a request arrives, and in which an upload goes on. Default `15s`.
    pub(crate) body_timeout: Duration,
    /// `BELFORT_BODY_RATE`: the rate at which a body has to arrive on average, in bytes a second, after its first five seconds.
    /// Default `4KiB`.
    pub(crate) body_rate: u64,
    /// `BELFORT_BODY_MEMORY`: the memory for bodies of more than 16 KiB that are being received, from `1MiB`. Default `64MiB`.
    pub(crate) body_memory: u64,
}

impl Limits {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        let signup_per_ip = reader.read_or("BELFORT_SIGNUP_PER_IP", "10/1h", Limit::parse);
        let signup_per_email_domain =
            reader.read_or("BELFORT_SIGNUP_PER_EMAIL_DOMAIN", "20/1h", Limit::parse);
        let accept_per_ip = reader.read_or("BELFORT_ACCEPT_PER_IP", "100/1h", Limit::parse);
        let per_recipient = reader.read_or("BELFORT_INVITATIONS_PER_RECIPIENT", "20/1h", Limit::parse);
        let per_user = reader.read_or("BELFORT_INVITATIONS_PER_USER", "200/1h", Limit::parse);
        let per_workspace = reader.read_or("BELFORT_INVITATIONS_PER_WORKSPACE", "1000/1d", Limit::parse);
        // Each is read by itself first, so that an error names the right one.
        let failures = reader.read_or("BELFORT_LOGIN_FAILURE_LIMIT", "5", |text| {
            let known = Limit::parse(&format!("{text}/1s"));
            known.map(Limit::max).ok().ok_or("write a number from 1 to 1000000")
        });
        let cooloff = reader.read_or("BELFORT_LOGIN_COOLOFF", "15m", |text| {
            let known = Limit::parse(&format!("1/{text}"));
            known.map(|_| text.to_owned()).ok().ok_or("write a time such as 90s, 15m, 1h or 1d, up to 365d")
        });
        let attachment = reader.read_or("BELFORT_ATTACHMENT_LIMIT", "25MiB", bytes);
        let body_timeout = reader.read_or("BELFORT_BODY_TIMEOUT", "15s", |text| {
            let known = Limit::parse(&format!("1/{text}")).ok();
            known.and_then(|limit| limit.per().to_std().ok()).ok_or("write a time such as 15s or 1m")
        });
        let body_rate = reader.read_or("BELFORT_BODY_RATE", "4KiB", bytes);
        let body_memory = reader.read_or("BELFORT_BODY_MEMORY", "64MiB", |text| {
            let enough = bytes(text)?;
            if enough < 1 << 20 {
                Err("write at least 1MiB, the size of the largest body")
            } else {
                Ok(enough)
            }
        });
        let login = Limit::parse(&format!("{}/{}", failures?, cooloff?)).ok();
        Some(Self {
            signup_per_ip: signup_per_ip?,
            signup_per_email_domain: signup_per_email_domain?,
            accept_per_ip: accept_per_ip?,
            invitations: InvitationLimits {
                per_recipient: per_recipient?,
                per_user: per_user?,
                per_workspace: per_workspace?,
            },
            login: login?,
            attachment: attachment?,
            body_timeout: body_timeout?,
            body_rate: body_rate?,
            body_memory: body_memory?,
        })
    }
}

/// Reads a number of bytes, from 1 to 1 TiB.
fn bytes(text: &str) -> Result<u64, &'static str> {
    const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];
    let unit = UNITS.iter().find_map(|(name, factor)| Some((text.strip_suffix(name)?, *factor)));
    let (number, factor) = unit.unwrap_or((text, 1));
    // A sign would be read as part of a number.
    let number =
        number.trim_end().parse::<u64>().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
    let bytes = number.and_then(|number| number.checked_mul(factor));
    bytes
        .filter(|bytes| (1..=1 << 40).contains(bytes))
        .ok_or("write a number of bytes, or a size such as 512KiB, 25MiB or 2GiB, up to 1TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_or_without_a_unit() {
        for (text, size) in [
            ("1", 1),
            ("26214400", 26_214_400),
            ("25MiB", 26_214_400),
            ("25 MiB", 26_214_400),
            ("512KiB", 524_288),
            ("2GiB", 2_147_483_648),
            ("1TiB", 1_099_511_627_776),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for text in [
            "",
            "0",
            "0MiB",
            "-1",
            "+1",
            "MiB",
            "1.5MiB",
            "25MB",
            "25M",
            "25mib",
            "2TiB",
            "99999999999999999999",
            "x",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
