//! The names of a tenant.

use std::fmt;

use belfort_ids::TenantId;

/// The slug of a tenant, which stands in its host name: a DNS label of 3 to 40 lower-case letters, digits and hyphens.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Slug(String);

/// The reason why a text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Too short or too long.
    #[error("must have 3 to 40 characters")]
    Length,
    /// A character that may not stand in a DNS label, or a capital.
    #[error(
        "must consist of lower-case letters a to z, digits and hyphens, and must not begin or end with a hyphen"
    )]
    Characters,
    /// A reserved name.
    #[error("is reserved")]
    Reserved,
}

/// Names that a visitor, a browser or a mail server takes for the provider's own.
const RESERVED: [&str; 18] = [
    "public",
    "www",
    "api",
    "app",
    "admin",
    "administrator",
    "root",
    "mail",
    "smtp",
    "imap",
    "ftp",
    "static",
    "assets",
    "cdn",
    "status",
    "localhost",
    "belfort",
    "support",
];

impl Slug {
    /// Reads a slug. Nothing is trimmed, folded or repaired.
    pub fn parse(text: &str) -> Result<Self, SlugError> {
        if !(3..=40).contains(&text.chars().count()) {
            return Err(SlugError::Length);
        }
        let label = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !label || text.starts_with('-') || text.ends_with('-') {
            return Err(SlugError::Characters);
        }
        // `xn--…` is how DNS spells letters of other scripts: a look-alike of somebody's name.
        if RESERVED.contains(&text) || text.get(2..4) == Some("--") {
            return Err(SlugError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A host name without its port, in lower case.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Host(String);

/// The error for a text that is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a host name consists of labels of letters, digits and hyphens, with at most 253 characters")]
pub struct HostError;

impl Host {
    /// Reads the value of a `Host` header, with or without a port.
    pub fn parse(text: &str) -> Result<Self, HostError> {
        let (name, port) = text.rsplit_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
        if port.is_some_and(|port| port.is_empty() || port.parse::<u16>().is_err()) {
            return Err(HostError);
        }
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if name.len() > 253 || !name.split('.').all(label) {
            return Err(HostError);
        }
        Ok(Self(name))
    }

    /// The host name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The slug of a host `{slug}.{base}`; `None` for any other host.
    pub fn slug(&self, base: &Self) -> Option<Slug> {
        let label = self.0.strip_suffix(base.as_str())?.strip_suffix('.')?;
        Slug::parse(label).ok()
    }
}

/// The name of a tenant's schema and of its database role: `t_` and the tenant's id in hexadecimal digits.
///
/// It is made from an id and nothing else, so no text from outside ever becomes an identifier in SQL.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SchemaName([u8; 34]);

impl SchemaName {
    /// The name of this tenant's schema and role.
    pub fn of(tenant: TenantId) -> Self {
        let mut name = *b"t_00000000000000000000000000000000";
        let mut digits = uuid_digits(tenant);
        for place in name.iter_mut().skip(2) {
            *place = digits.next().unwrap_or(b'0');
        }
        Self(name)
    }

    /// The bytes of the name.
    pub const fn as_bytes(&self) -> &[u8; 34] {
        &self.0
    }

    /// The name. It needs quotes in SQL no more than any other lower-case word, and gets them all the same.
    pub fn as_str(&self) -> &str {
        // Always ASCII, see `of`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn uuid_digits(tenant: TenantId) -> impl Iterator<Item = u8> {
    let bytes = *tenant.uuid().as_bytes();
    bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| match half {
        0..=9 => b'0' + half,
        _ => b'a' + half - 10,
    })
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_slugs_are_refused() {
        for slug in [
            "",
            "ab",
            "-abc",
            "abc-",
            "Abc",
            "a b",
            "a.b.c",
            "pg_catalog",
            "public",
            "xn--80ak6aa92e",
            "a\"b",
            "a'b;--",
            "ab\0c",
            "аdmin",
            "ａｂｃ",
            "abc\n",
            &"a".repeat(41),
            &"é".repeat(10),
            "www",
            "../etc",
        ] {
            assert!(Slug::parse(slug).is_err(), "{slug:?}");
        }
        assert!(Slug::parse(&"a".repeat(40)).is_ok());
        assert!(Slug::parse("pg-things").is_ok(), "a hyphen makes no system schema");
    }

    #[test]
    fn a_host_leads_to_its_slug_alone() {
        let base = Host::parse("belfort.example").unwrap();
        let slug = |host: &str| Host::parse(host).ok().and_then(|h| h.slug(&base)).map(|s| s.to_string());
        assert_eq!(slug("acme.belfort.example").as_deref(), Some("acme"));
        assert_eq!(slug("ACME.Belfort.Example.:8080").as_deref(), Some("acme"));
        for host in [
            "belfort.example",
            "a.acme.belfort.example",
            "acme.belfort.example.evil.test",
            "acmebelfort.example",
        ] {
            assert_eq!(slug(host), None, "{host}");
        }
        for host in [
            "acme.belfort.example:x",
            "acme..example",
            "[::1]:80",
            "a b",
            "a/b",
            "acme.belfort.example:99999",
        ] {
            assert!(Host::parse(host).is_err(), "{host}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_slug_that_is_no_label(text in ".{0,50}") {
            if let Ok(slug) = Slug::parse(&text) {
                prop_assert!(slug.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
                prop_assert!(slug.as_str().len() <= 40);
            }
        }

        #[test]
        fn a_schema_name_is_its_id(id in any::<u128>()) {
            let id: TenantId = format!("{id:032x}").parse().unwrap();
            prop_assert_eq!(SchemaName::of(id).to_string(), format!("t_{:032x}", id.uuid().as_u128()));
        }
    }
}
