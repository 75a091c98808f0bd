//! The settings of the HTTP server.

use std::net::{IpAddr, SocketAddr};

use belfort_tenancy::Host;
use ipnet::IpNet;

use super::Reader;

/// The settings of the HTTP server.
#[derive(Debug)]
pub(crate) struct Http {
    /// `BELFORT_LISTEN`: address and port of the API. Default `127.0.0.1:8080`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// `BELFORT_ADMIN_LISTEN`: address and port of the metrics, `off` for none. Default `127.0.0.1:8081`.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// `BELFORT_BASE_DOMAIN`: the domain of workspaces, which are at `{slug}.{base domain}`. Default `localhost`.
    pub(crate) base_domain: Host,
    /// `BELFORT_TRUSTED_PROXIES`: the addresses or networks whose `X-Forwarded-For` is believed, separated by commas,
    /// or `none`. Default `none`; must be chosen in production.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// `BELFORT_MAX_CONNECTIONS`: the number of connections that each core serves at once. Default 1024.
    pub(crate) max_connections: usize,
}

impl Http {
    pub(super) fn load(reader: &mut Reader<'_>) -> Option<Self> {
        let listen = reader.read_or("BELFORT_LISTEN", "127.0.0.1:8080", address);
        let admin_listen = reader.read_or("BELFORT_ADMIN_LISTEN", "127.0.0.1:8081", |text| match text {
            "off" => Ok(None),
            text => address(text).map(Some),
        });
        if !reader.is_set("BELFORT_BASE_DOMAIN") {
            reader.require(
                "BELFORT_BASE_DOMAIN",
                "write the domain of workspaces, such as belfort.example for acme.belfort.example",
            );
        }
        let base_domain = reader.read_or("BELFORT_BASE_DOMAIN", "localhost", |text| {
            if text.contains(':') {
                return Err("write a domain without a port".to_owned());
            }
            Host::parse(text).map_err(|error| error.to_string())
        });
        if !reader.is_set("BELFORT_TRUSTED_PROXIES") {
            reader.require(
                "BELFORT_TRUSTED_PROXIES",
                "write the addresses or networks of the proxies in front of it, such as 10.0.0.0/8, or none",
            );
        }
        let trusted_proxies = reader.read_or("BELFORT_TRUSTED_PROXIES", "none", |text| {
            if text == "none" {
                return Ok(Vec::new());
            }
            text.split(',').map(|network| self::network(network.trim())).collect::<Result<Vec<_>, _>>()
        });
        let max_connections = reader.read_or("BELFORT_MAX_CONNECTIONS", "1024", |text| {
            let number = text.parse().ok().filter(|number| (1..=25_000).contains(number));
            number.ok_or("write a number from 1 to 25000")
        });
        Some(Self {
            listen: listen?,
            admin_listen: admin_listen?,
            base_domain: base_domain?,
            trusted_proxies: trusted_proxies?,
            max_connections: max_connections?,
        })
    }

    /// Returns whether the session cookie is `Secure`: everywhere but on localhost, where browsers make an exception.
    pub(crate) fn secure_cookies(&self) -> bool {
        let base = self.base_domain.as_str();
        base != "localhost" && !base.ends_with(".localhost")
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().ok().ok_or("write an address and a port, such as 127.0.0.1:8080 or [::]:8080")
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<IpAddr>().ok().map(IpNet::from);
    one.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!(
            "{text:?} is not a network; write addresses or networks such as 10.0.0.0/8, separated by commas"
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::config::tests::load;

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let config = load(&[("BELFORT_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32")]).unwrap();
        let shown: Vec<_> = config.http.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
    }

    #[test]
    fn the_admin_listener_can_be_switched_off() {
        assert_eq!(load(&[("BELFORT_ADMIN_LISTEN", "off")]).unwrap().http.admin_listen, None);
    }
}
