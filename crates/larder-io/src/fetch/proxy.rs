//! Which servers are asked through a proxy: what `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say, read as curl reads them.
//!
//! Plain `http` is spoken on this machine only, and this machine is never asked through a proxy: so the proxy for `https`
//! is the only one.

use std::fmt;
use std::net::IpAddr;

use crate::model::Url;

/// The proxy of the environment, and for which hosts it is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    proxy: Option<ProxyUrl>,
    except: Vec<ProxyException>,
}

/// The address of a proxy, with the credentials that it may hold.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ProxyUrl(Url);

impl ProxyUrl {
    pub(super) fn url(&self) -> &url::Url {
        self.0.inner()
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({})", self.0.masked())
    }
}

/// Hosts that are asked without a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ProxyException {
    /// All.
    All,
    /// A domain with those below it, or one address; on every port, or on this one.
    Host(String, Option<u16>),
    /// The addresses whose first bits are these.
    Network(IpAddr, u8),
}

/// A variable that is not the address of a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is not the address of a proxy: {reason}")]
pub struct BadProxy {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

const SCHEMES: [&str; 7] = ["http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"];

impl Proxies {
    /// Reads the variables; one that is empty counts as unset, and the lower case comes before the upper.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadProxy> {
        let mut proxy = None;
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            if let Some(text) = variable(name).filter(|text| !text.trim().is_empty()) {
                proxy = Some(parse(text.trim()).map_err(|reason| BadProxy { variable: name, reason })?);
                break;
            }
        }
        let except = variable("no_proxy").filter(|text| !text.is_empty()).or_else(|| variable("NO_PROXY"));
        let except = except.unwrap_or_default();
        let except = except.split(|c: char| c == ',' || c.is_whitespace()).filter_map(ProxyException::parse).collect();
        Ok(Self { proxy, except })
    }

    /// Returns the proxy for a URL. Returns `None` if its host is exempt.
    pub(super) fn of(&self, url: &Url) -> Option<&ProxyUrl> {
        let host = url.host().trim_end_matches('.');
        let port = url.port().unwrap_or_default();
        let is_direct = is_loopback(host) || self.except.iter().any(|one| one.holds(host, port));
        self.proxy.as_ref().filter(|_| !is_direct)
    }

    /// Returns the address of the proxy for a URL, for connections that the client does not make.
    pub fn address_for(&self, url: &Url) -> Option<&Url> {
        self.of(url).map(|proxy| &proxy.0)
    }

    /// Returns the proxy, for the hosts that are not exempt.
    pub(super) fn proxy(&self) -> Option<&ProxyUrl> {
        self.proxy.as_ref()
    }
}

impl ProxyException {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((network, bits)) = text.split_once('/') {
            let (address, bits) = (address(network)?, bits.parse().ok()?);
            let most = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= most).then_some(Self::Network(address, bits));
        }
        if address(&text).is_some() {
            return Some(Self::Host(text, None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (&*text, None),
        };
        let host = host.strip_prefix('*').unwrap_or(host).trim_matches('.');
        (!host.is_empty()).then(|| Self::Host(host.to_owned(), port))
    }

    fn holds(&self, host: &str, on: u16) -> bool {
        match self {
            Self::All => true,
            Self::Host(name, port) => {
                let is_same = match (address(name), address(host)) {
                    (None, None) => {
                        host.strip_suffix(&**name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    }
                    (one, other) => one == other,
                };
                is_same && port.is_none_or(|port| port == on)
            }
            Self::Network(network, bits) => match (network, address(host)) {
                (IpAddr::V4(network), Some(IpAddr::V4(host))) => {
                    let rest = 32 - u32::from(*bits);
                    u32::from(*network).checked_shr(rest) == u32::from(host).checked_shr(rest)
                }
                (IpAddr::V6(network), Some(IpAddr::V6(host))) => {
                    let rest = 128 - u32::from(*bits);
                    u128::from(*network).checked_shr(rest) == u128::from(host).checked_shr(rest)
                }
                _ => false,
            },
        }
    }
}

/// Reads an address, in brackets or without.
fn address(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || address(host).is_some_and(|address| address.is_loopback())
}

/// Checks the address of a proxy. Without a scheme it is one of `http`.
fn parse(text: &str) -> Result<ProxyUrl, &'static str> {
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let (scheme, rest) = whole.split_once("://").unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    if !SCHEMES.contains(&&*scheme) {
        return Err("only http, https, socks4 and socks5 are spoken");
    }
    let spoken = if scheme == "socks" { "socks5" } else { &scheme };
    let url = format!("{spoken}://{rest}").parse::<Url>().ok();
    let is_text = |text: &str| !text.contains(|c: char| c.is_whitespace() || c.is_control());
    match url.filter(|url| !url.host().is_empty() && is_text(&whole)) {
        Some(url) => Ok(ProxyUrl(url)),
        None => Err("it has no valid host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Proxies, BadProxy> {
        Proxies::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn proxy(variables: &[(&str, &str)], url: &str) -> Option<String> {
        read(variables).unwrap().of(&url.parse().unwrap()).map(|proxy| proxy.0.to_string())
    }

    fn is_direct(except: &str, url: &str) -> bool {
        proxy(&[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", except)], url).is_none()
    }

    #[test]
    fn the_variable_for_https_comes_before_the_one_for_all() {
        let one = |variables: &[(&str, &str)]| proxy(variables, "https://h/");
        assert_eq!(one(&[("ALL_PROXY", "a:1"), ("HTTPS_PROXY", "https://u:p@b/")]).unwrap(), "https://u:p@b/");
        assert_eq!(one(&[("ALL_PROXY", "a:1"), ("HTTPS_PROXY", "")]).unwrap(), "http://a:1/");
        assert_eq!(one(&[("all_proxy", "SOCKS5://a:1"), ("ALL_PROXY", "b")]).unwrap(), "socks5://a:1");
        assert_eq!(one(&[("ALL_PROXY", "socks://a:1")]).unwrap(), "socks5://a:1");
        assert_eq!(one(&[("HTTP_PROXY", "a:1")]), None, "that one is for http");
        for (text, reason) in [("ftp://a", "only http"), ("http://", "host"), ("https://a b", "host")] {
            let bad = read(&[("HTTPS_PROXY", text)]).unwrap_err().to_string();
            assert!(bad.contains(reason) && bad.contains("HTTPS_PROXY"), "{bad}");
        }
        assert!(!format!("{:?}", read(&[("ALL_PROXY", "http://u:secret@h")])).contains("secret"));
    }

    #[test]
    fn a_domain_excepts_those_below_it() {
        for except in
            ["acme.example", ".acme.example", "*.acme.example", "x, acme.example ,y", "x acme.example", "ACME.example."]
        {
            assert!(is_direct(except, "https://npm.acme.example/x"), "{except}");
            assert!(is_direct(except, "https://ACME.example:8443/x"), "{except}");
            assert!(!is_direct(except, "https://notacme.example/x"), "{except}");
            assert!(!is_direct(except, "https://acme.example.org/x"), "{except}");
        }
        assert!(is_direct("*", "https://h/"));
        assert!(!is_direct("", "https://h/") && !is_direct(" , ", "https://h/"));
    }

    #[test]
    fn a_port_excepts_itself_only() {
        assert!(is_direct("h:8443", "https://h:8443/") && is_direct("h:443", "https://h/"));
        assert!(!is_direct("h:8443", "https://h/") && !is_direct("h:x", "https://h/"));
    }

    #[test]
    fn addresses_and_networks_are_compared_as_such() {
        assert!(is_direct("10.0.0.0/8", "https://10.1.2.3/") && !is_direct("10.0.0.0/8", "https://11.1.2.3/"));
        assert!(is_direct("10.1.2.3", "https://10.1.2.3:1/") && !is_direct("1.2.3", "https://10.1.2.3/"));
        assert!(is_direct("fd00::/8", "https://[fd00::1]/") && is_direct("fd00::1", "https://[fd00:0::1]/"));
        assert!(is_direct("0.0.0.0/0", "https://1.2.3.4/") && !is_direct("0.0.0.0/33", "https://1.2.3.4/"));
        assert!(!is_direct("10.0.0.0/8", "https://10.example/"));
    }

    #[test]
    fn this_machine_is_never_asked_through_a_proxy() {
        for url in [
            "https://localhost/",
            "http://127.0.0.1:1/",
            "https://127.9.9.9/",
            "http://[::1]:8/",
            "https://a.localhost/",
        ] {
            assert!(is_direct("", url), "{url}");
        }
        assert!(!is_direct("", "https://localhost.example/"));
    }
}
