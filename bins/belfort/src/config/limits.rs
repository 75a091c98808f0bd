//! How often what can be guessed or abused may be tried.

use belfort_auth::Limit;

use super::Reader;

/// How often what can be guessed or abused may be tried.
#[derive(Debug)]
pub(crate) struct Limits {
    /// `BELFORT_SIGNUP_PER_IP`: sign-ups from one address. Default `10/1h`.
    pub(crate) signup_per_ip: Limit,
    /// `BELFORT_SIGNUP_PER_EMAIL_DOMAIN`: sign-ups with addresses of one mail domain. Default `20/1h`.
    pub(crate) signup_per_email_domain: Limit,
    /// `BELFORT_LOGIN_FAILURE_LIMIT` and `BELFORT_LOGIN_COOLOFF`: wrong passwords before a user or an address is locked
    /// out, and for how long. Default `5` and `15m`.
    pub(crate) login: Limit,
}

impl Limits {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        let signup_per_ip = reader.read_or("BELFORT_SIGNUP_PER_IP", "10/1h", Limit::parse);
        let signup_per_email_domain =
            reader.read_or("BELFORT_SIGNUP_PER_EMAIL_DOMAIN", "20/1h", Limit::parse);
        // Each is read by itself first, so that what is wrong is said of the right one.
        let failures = reader.read_or("BELFORT_LOGIN_FAILURE_LIMIT", "5", |text| {
            let known = Limit::parse(&format!("{text}/1s"));
            known.map(Limit::max).ok().ok_or("write a number from 1 to 1000000")
        });
        let cooloff = reader.read_or("BELFORT_LOGIN_COOLOFF", "15m", |text| {
            let known = Limit::parse(&format!("1/{text}"));
            known.map(|_| text.to_owned()).ok().ok_or("write a time like 90s, 15m, 1h or 1d, up to 365d")
        });
        let login = Limit::parse(&format!("{}/{}", failures?, cooloff?)).ok();
        Some(Self {
            signup_per_ip: signup_per_ip?,
            signup_per_email_domain: signup_per_email_domain?,
            login: login?,
        })
    }
}
