//! Texts of the configuration to what they stand for; what they can't is said with an example.
//!
//! Not here: ages and sizes (`amounts.rs`).

use std::collections::HashSet;
use std::net::IpAddr;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_api::Scope;

use super::keys;

/// The first text that stands twice.
pub(super) fn twice<'n>(mut names: impl Iterator<Item = &'n String>) -> Option<&'n String> {
    let mut known = HashSet::new();
    names.find(|name| !known.insert(*name))
}

/// A path, or `credential:NAME` for one that systemd hands over (`LoadCredential=`, systemd.exec(5)).
pub(super) fn file(text: &str) -> Result<PathBuf, String> {
    let Some(name) = text.strip_prefix("credential:") else {
        return Ok(PathBuf::from(text));
    };
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        "no credentials here: systemd hands them over where the unit says LoadCredential="
            .to_owned()
    })?;
    Ok(PathBuf::from(folder).join(name))
}

/// Address and port; `:514` and `*:514` mean every address.
pub(super) fn address(text: &str) -> Result<std::net::SocketAddr, String> {
    let hint = "give address and port, as in 127.0.0.1:5514 or [::]:5514";
    text.parse().map_err(|_| hint.to_owned())
}

pub(super) fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let single = || text.parse::<IpAddr>().ok().map(ipnet::IpNet::from);
    text.parse()
        .ok()
        .or_else(single)
        .ok_or_else(|| "give a network, as in 192.0.2.0/24".to_owned())
}

pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text)
        .map_err(|_| "not a known zone; give an IANA name, as in Europe/Berlin".to_owned())
}

pub(super) fn url(text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err("give a whole address, as in https://whymid.corp.example".to_owned())
    }
}

pub(super) fn scope_of(text: &str) -> Result<Scope, String> {
    Scope::from_word(text).ok_or_else(|| {
        let words: Vec<&str> = Scope::ALL.iter().map(|scope| scope.word()).collect();
        format!("unknown scope{}", keys::nearest(text, &words))
    })
}

/// A moment, or the beginning of a day in UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || {
        let day: jiff::civil::Date = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
    };
    text.parse().ok().or_else(day).ok_or_else(|| {
        "give a day or a moment, as in 2027-06-30 or 2027-06-30T12:00:00Z".to_owned()
    })
}

/// A domain, or all below one.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_one = !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['@', '*', ' ', '/'])
        && !text.ends_with('.');
    let hint = "give a domain, as in corp.example, or *.corp.example for all below it";
    if is_one {
        Ok(text.to_lowercase())
    } else {
        Err(hint.to_owned())
    }
}

pub(super) fn hash(text: &str) -> Result<[u8; 32], String> {
    let hint = "give the 64 hexadecimal digits that `whymid token new` prints";
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(hint.to_owned());
    }
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte =
            u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).map_err(|_| hint.to_owned())?;
    }
    Ok(hash)
}
