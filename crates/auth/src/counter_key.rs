//! The keys of counters: what attempts are counted by.

use std::fmt;
use std::net::IpAddr;

use belfort_ids::TenantId;
use sha2::{Digest, Sha256};

use crate::email::Email;

/// The key of a counter: the SHA-256 of a purpose and a subject.
///
/// The counters are in the control schema, where no address may stand in the clear. Somebody who has the table can still
/// find out whether a *given* address stands in it: rows are to be purged when their window is over.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CounterKey([u8; 32]);

impl CounterKey {
    /// Logins as one user, whether the user exists or not.
    pub fn login_user(tenant: TenantId, email: &Email) -> Self {
        Self::of("login-user", &[tenant.uuid().as_bytes(), email.as_str().as_bytes()])
    }

    /// Logins from one address, at all workspaces together.
    pub fn login_ip(ip: IpAddr) -> Self {
        Self::of_network("login-ip", ip)
    }

    /// Sign-ups from one address.
    pub fn signup_ip(ip: IpAddr) -> Self {
        Self::of_network("signup-ip", ip)
    }

    /// Acceptances of invitations from one address.
    pub fn acceptance_ip(ip: IpAddr) -> Self {
        Self::of_network("acceptance-ip", ip)
    }

    /// Sign-ups with an email address of one domain.
    pub fn signup_domain(domain: &str) -> Self {
        let domain = domain.strip_suffix('.').unwrap_or(domain).to_lowercase();
        Self::of("signup-domain", &[domain.as_bytes()])
    }

    /// Password resets for one user, whether the user exists or not.
    pub fn reset_user(tenant: TenantId, email: &Email) -> Self {
        Self::of("reset-user", &[tenant.uuid().as_bytes(), email.as_str().as_bytes()])
    }

    /// The key as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of one IPv4 address, or of the /64 of an IPv6 one: a customer is given a whole /64, and whoever wants more
    /// attempts can take another address in it. An IPv4 address inside an IPv6 one is the IPv4 address.
    fn of_network(purpose: &str, ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::of(purpose, &[&ip.octets()]),
            IpAddr::V6(ip) => Self::of(purpose, &[&(ip.to_bits() >> 64).to_be_bytes()]),
        }
    }

    /// Hashes each part behind its length: without, `ab` + `c` and `a` + `bc` would be counted together.
    fn of(purpose: &str, subject: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in
            [b"belfort-counter".as_slice(), purpose.as_bytes()].into_iter().chain(subject.iter().copied())
        {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for CounterKey {
    /// The first four bytes: enough to tell two apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterKey(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::DateTime;

    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn purposes_tenants_and_subjects_are_counted_apart() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let (a, b) = (TenantId::new(now), TenantId::new(now));
        let [ann, bob] = ["ann@example.be", "bob@example.be"].map(|text| Email::parse(text).unwrap());
        let keys = [
            CounterKey::login_user(a, &ann),
            CounterKey::login_user(a, &bob),
            CounterKey::login_user(b, &ann),
            CounterKey::reset_user(a, &ann),
            CounterKey::login_ip(ip("10.0.0.1")),
            CounterKey::login_ip(ip("10.0.0.2")),
            CounterKey::signup_ip(ip("10.0.0.1")),
            CounterKey::signup_domain("example.be"),
            CounterKey::signup_domain("example.com"),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    }

    #[test]
    fn where_one_part_ends_matters() {
        assert_ne!(CounterKey::of("p", &[b"ab", b"c"]), CounterKey::of("p", &[b"a", b"bc"]));
        assert_ne!(CounterKey::of("p", &[b"ab"]), CounterKey::of("pa", &[b"b"]));
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_are_counted_together() {
        let key = CounterKey::login_ip(ip("2001:db8:0:1::1"));
        assert_eq!(key, CounterKey::login_ip(ip("2001:db8:0:1:ffff:ffff:ffff:ffff")));
        assert_ne!(key, CounterKey::login_ip(ip("2001:db8:0:2::1")));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_same_address() {
        assert_eq!(CounterKey::signup_ip(ip("::ffff:192.0.2.1")), CounterKey::signup_ip(ip("192.0.2.1")));
        assert_ne!(
            CounterKey::signup_ip(ip("::ffff:192.0.2.1")),
            CounterKey::signup_ip(ip("::ffff:192.0.2.2"))
        );
    }

    #[test]
    fn a_domain_is_counted_in_any_spelling() {
        assert_eq!(CounterKey::signup_domain("Example.BE."), CounterKey::signup_domain("example.be"));
    }

    /// Two versions of the server that disagreed here would give each attacker both budgets during a deploy.
    #[test]
    fn keys_are_the_same_in_every_release() {
        assert_eq!(format!("{:?}", CounterKey::login_ip(ip("192.0.2.1"))), "CounterKey(95c4e378…)");
    }
}
