//! The keys of counters: what attempts are counted by.

use std::fmt;
use std::net::IpAddr;

use belfort_ids::{InvitationId, TenantId, UserId};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::email::Email;

/// The key of a counter: the HMAC-SHA-256 of a purpose and a subject, under the secret of [`CounterKeys`].
///
/// The counters are in the control schema, where no address may stand in the clear. There are only so many IPv4 addresses, and
/// email addresses can be guessed: without the secret, whoever has the table would find them by trying all.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CounterKey([u8; 32]);

impl CounterKey {
    /// The key as it is stored.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Makes the keys of counters. Every process that counts in one database has the same secret; under another one, all counters
/// begin anew.
#[derive(Clone)]
pub struct CounterKeys(Hmac<Sha256>);

impl CounterKeys {
    /// Makes keys under this secret, which is to be random and not in the database.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        // The size of a block, which HMAC fills a shorter key up to with zeros.
        let mut key = Zeroizing::new([0; 64]);
        key.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        Self(Hmac::new((&*key).into()))
    }

    /// Logins as one user, whether the user exists or not.
    pub fn login_user(&self, tenant: TenantId, email: &Email) -> CounterKey {
        self.of("login-user", &[tenant.uuid().as_bytes(), email.as_str().as_bytes()])
    }

    /// Logins from one address, at all workspaces together.
    pub fn login_ip(&self, ip: IpAddr) -> CounterKey {
        self.of_network("login-ip", ip)
    }

    /// Sign-ups from one address.
    pub fn signup_ip(&self, ip: IpAddr) -> CounterKey {
        self.of_network("signup-ip", ip)
    }

    /// Acceptances of invitations from one address.
    pub fn acceptance_ip(&self, ip: IpAddr) -> CounterKey {
        self.of_network("acceptance-ip", ip)
    }

    /// Sign-ups with an email address of one domain.
    pub fn signup_domain(&self, domain: &str) -> CounterKey {
        let domain = domain.strip_suffix('.').unwrap_or(domain).to_lowercase();
        self.of("signup-domain", &[domain.as_bytes()])
    }

    /// Password resets for one user, whether the user exists or not.
    pub fn reset_user(&self, tenant: TenantId, email: &Email) -> CounterKey {
        self.of("reset-user", &[tenant.uuid().as_bytes(), email.as_str().as_bytes()])
    }

    /// Messages with invitations to one address, from all workspaces together.
    pub fn invitation_recipient(&self, email: &Email) -> CounterKey {
        self.of("invitation-recipient", &[email.as_str().as_bytes()])
    }

    /// Messages with invitations by one user.
    pub fn invitation_sender(&self, tenant: TenantId, user: UserId) -> CounterKey {
        self.of("invitation-sender", &[tenant.uuid().as_bytes(), user.uuid().as_bytes()])
    }

    /// Messages with invitations by all users of a workspace.
    pub fn invitation_tenant(&self, tenant: TenantId) -> CounterKey {
        self.of("invitation-tenant", &[tenant.uuid().as_bytes()])
    }

    /// Messages with one invitation, after the first.
    pub fn invitation(&self, tenant: TenantId, invitation: InvitationId) -> CounterKey {
        self.of("invitation", &[tenant.uuid().as_bytes(), invitation.uuid().as_bytes()])
    }

    /// Messages to one address about a user who had it, from all workspaces together.
    pub fn notice_recipient(&self, email: &Email) -> CounterKey {
        self.of("notice-recipient", &[email.as_str().as_bytes()])
    }

    /// The key of one IPv4 address, or of the /64 of an IPv6 one: a customer is given a whole /64, and whoever wants more
    /// attempts can take another address in it. An IPv4 address inside an IPv6 one is the IPv4 address.
    fn of_network(&self, purpose: &str, ip: IpAddr) -> CounterKey {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.of(purpose, &[&ip.octets()]),
            IpAddr::V6(ip) => self.of(purpose, &[&(ip.to_bits() >> 64).to_be_bytes()]),
        }
    }

    /// Takes each part behind its length: without, `ab` + `c` and `a` + `bc` would be counted together.
    fn of(&self, purpose: &str, subject: &[&[u8]]) -> CounterKey {
        let mut mac = self.0.clone();
        for part in
            [b"belfort-counter".as_slice(), purpose.as_bytes()].into_iter().chain(subject.iter().copied())
        {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        CounterKey(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for CounterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterKeys([redacted])")
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

    fn keys() -> CounterKeys {
        CounterKeys::new(&[7; 32])
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn purposes_tenants_and_subjects_are_counted_apart() {
        let now = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let (a, b) = (TenantId::new(now), TenantId::new(now));
        let [ann, bob] = ["ann@example.be", "bob@example.be"].map(|text| Email::parse(text).unwrap());
        let keys = [
            keys().login_user(a, &ann),
            keys().login_user(a, &bob),
            keys().login_user(b, &ann),
            keys().reset_user(a, &ann),
            keys().login_ip(ip("10.0.0.1")),
            keys().login_ip(ip("10.0.0.2")),
            keys().signup_ip(ip("10.0.0.1")),
            keys().signup_domain("example.be"),
            keys().signup_domain("example.com"),
            keys().invitation_recipient(&ann),
            keys().invitation_recipient(&bob),
            keys().invitation_tenant(a),
            keys().notice_recipient(&ann),
            keys().invitation_sender(a, UserId::from(a.uuid())),
            keys().invitation(a, InvitationId::from(a.uuid())),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    }

    #[test]
    fn where_one_part_ends_matters() {
        assert_ne!(keys().of("p", &[b"ab", b"c"]), keys().of("p", &[b"a", b"bc"]));
        assert_ne!(keys().of("p", &[b"ab"]), keys().of("pa", &[b"b"]));
    }

    #[test]
    fn the_addresses_of_an_ipv6_network_are_counted_together() {
        let key = keys().login_ip(ip("2001:db8:0:1::1"));
        assert_eq!(key, keys().login_ip(ip("2001:db8:0:1:ffff:ffff:ffff:ffff")));
        assert_ne!(key, keys().login_ip(ip("2001:db8:0:2::1")));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_clothes_is_the_same_address() {
        assert_eq!(keys().signup_ip(ip("::ffff:192.0.2.1")), keys().signup_ip(ip("192.0.2.1")));
        assert_ne!(keys().signup_ip(ip("::ffff:192.0.2.1")), keys().signup_ip(ip("::ffff:192.0.2.2")));
    }

    #[test]
    fn a_domain_is_counted_in_any_spelling() {
        assert_eq!(keys().signup_domain("Example.BE."), keys().signup_domain("example.be"));
    }

    /// Two versions of the server that disagreed here would give each attacker both budgets during a deploy.
    #[test]
    fn keys_are_the_same_in_every_release() {
        assert_eq!(format!("{:?}", keys().login_ip(ip("192.0.2.1"))), "CounterKey(d9577b4c…)");
    }

    #[test]
    fn without_the_secret_no_key_can_be_made() {
        let (ours, theirs) = (keys(), CounterKeys::new(&[8; 32]));
        assert_eq!(ours.login_ip(ip("192.0.2.1")), keys().login_ip(ip("192.0.2.1")), "another process");
        assert_ne!(ours.login_ip(ip("192.0.2.1")), theirs.login_ip(ip("192.0.2.1")));
        assert_eq!(format!("{ours:?}"), "CounterKeys([redacted])");
    }
}
