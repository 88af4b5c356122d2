//! Which addresses may be connected to: none that are not on the open Internet, unless the
//! configuration allows their network.
//!
//! A name is looked up once; the address that was checked is the one that is connected to. IPv4
//! addresses inside IPv6 ones (mapped, translated, 6to4) are looked at as what they are.
//!
//! Source: the IANA registries of special-purpose addresses (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};
use whymid_schemas::Text;

/// The networks that may be connected to though they are not on the open Internet.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<IpNet>,
}

impl Guard {
    /// A guard that lets connect to these networks, too.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether an address may be connected to.
    ///
    /// # Errors
    /// Why not, and what allows it.
    pub fn check(&self, address: IpAddr) -> Result<(), Text> {
        let own = address.to_canonical();
        if self.allowed.iter().any(|net| net.contains(&own)) || is_public(own) {
            return Ok(());
        }
        Err(twins!(
            "{own} is not an address on the open Internet, and connecting to it is not allowed: if the ticket system is there, add its network to ticketing.allow in the configuration",
            "{own} はインターネット上の公開アドレスではないため、接続が許可されていません。チケットシステムがそこにある場合は、そのネットワークを設定ファイルの ticketing.allow に追加してください"
        ))
    }
}

/// Whether an address is on the open Internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => match inner(address) {
            Some(inner) => is_public_4(inner),
            None => is_public_6(address),
        },
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || a >= 240
        || is_shared
        || is_protocol
        || is_benchmark
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast())
}

fn is_public_6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // only 2000::/3 is given out; Teredo (2001::/32) and the rest of 2001::/23 are protocols'
    let is_global = first & 0xe000 == 0x2000;
    let is_protocol = first == 0x2001 && second < 0x0200;
    is_global && !is_protocol
}

/// The IPv4 address that an IPv6 one leads to: 6to4, and translation by the well-known prefix.
fn inner(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let of = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0x2002, high, low, ..] => Some(of(high, low)),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        // deprecated: IPv4-compatible
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(of(high, low)),
        _ => None,
    }
}

/// Whether an address of a ticket system can be one: `https://…`, `http://…`, `smtp://host:port`,
/// without a user in it.
pub(crate) fn check_address(address: &str) -> Result<(), Text> {
    let url = Url::parse(address).map_err(|error| {
        twins!(
            "{address:?} is no address: {error}",
            "{address:?} はアドレスではありません: {error}"
        )
    })?;
    if !["http", "https", "smtp"].contains(&url.scheme()) {
        return Err(twins!(
            "takes an address that begins with https://",
            "https:// で始まるアドレスを指定してください"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(twins!(
            "holds a user or a password: they have settings of their own",
            "ユーザー名やパスワードが含まれています。それぞれの設定項目に指定してください"
        ));
    }
    if url.fragment().is_some() {
        return Err(twins!("holds a `#`", "`#` が含まれています"));
    }
    match url.host() {
        Some(Host::Domain("")) | None => Err(twins!("names no host", "ホスト名がありません")),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn only_addresses_on_the_open_internet_may_be_connected_to() {
        let guard = Guard::default();
        for open in [
            "8.8.8.8",
            "198.51.100.7",
            "2606:4700::1111",
            "2002:0808:0808::1",
        ] {
            assert!(guard.check(ip(open)).is_ok(), "{open}");
        }
        let closed = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "::127.0.0.1",
        ];
        for closed in closed {
            let refused = guard.check(ip(closed)).expect_err(closed);
            for text in [refused.en, refused.ja] {
                assert!(text.contains("ticketing.allow"), "{text}");
            }
        }
    }

    #[test]
    fn a_network_that_the_configuration_names_may_be_connected_to_and_no_other() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        assert!(guard.check(ip("127.0.0.1")).is_ok());
        assert!(guard.check(ip("::ffff:127.0.0.1")).is_ok());
        assert!(guard.check(ip("::1")).is_err());
        assert!(guard.check(ip("10.0.0.1")).is_err());
    }

    #[test]
    fn addresses_of_ticket_systems_are_checked_when_they_are_named() {
        for right in [
            "https://rt.example/rt",
            "http://127.0.0.1:8080",
            "smtp://mail.example:25",
        ] {
            assert_eq!(check_address(right), Ok(()), "{right}");
        }
        for wrong in [
            "rt.example",
            "file:///etc/passwd",
            "https://a:b@rt.example",
            "https://",
            "gopher://x",
        ] {
            assert!(check_address(wrong).is_err(), "{wrong}");
        }
    }
}
