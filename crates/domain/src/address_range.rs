//! Ranges of network addresses from which an account may be used.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Rejection;

/// A range of addresses, as `10.20.0.0/16`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// Most ranges an account may have.
    pub const MOST: usize = 20;

    /// Is the address in the range? An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 one.
    pub fn contains(self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.prefix) == Some(self.network)
    }
}

/// The address with all bits behind the prefix cleared; `None` where it has not so many bits.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let host = 32_u32.checked_sub(prefix)?;
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            Some(IpAddr::V4((v4.to_bits() & mask).into()))
        }
        IpAddr::V6(v6) => {
            let host = 128_u32.checked_sub(prefix)?;
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            Some(IpAddr::V6((v6.to_bits() & mask).into()))
        }
    }
}

impl FromStr for AddressRange {
    type Err = Rejection;

    fn from_str(text: &str) -> Result<Self, Rejection> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| Rejection::AddressRange)?;
        let canonical = address.to_canonical();
        let whole = if canonical.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => whole,
            // A mapped range with its own prefix would be ambiguous: 96 or 0?
            Some(_) if canonical != address => return Err(Rejection::AddressRange),
            Some(digits) => digits.parse().map_err(|_| Rejection::AddressRange)?,
        };
        let network = masked(canonical, prefix).ok_or(Rejection::AddressRange)?;
        Ok(Self { network, prefix })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl TryFrom<String> for AddressRange {
    type Error = Rejection;

    fn try_from(text: String) -> Result<Self, Rejection> {
        text.parse()
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mlps_12_a_range_holds_its_addresses_and_their_mapped_forms_and_no_other() {
        for (range, address, inside) in [
            ("10.20.0.0/16", "10.20.255.255", true),
            ("10.20.0.0/16", "10.21.0.0", false),
            ("10.20.0.0/16", "::ffff:10.20.1.1", true),
            ("10.20.0.0/16", "::1", false),
            ("10.20.3.7/16", "10.20.9.9", true),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("::1", "::1", true),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
        ] {
            let parsed: AddressRange = range.parse().unwrap();
            assert_eq!(
                parsed.contains(address.parse().unwrap()),
                inside,
                "{range} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in [
            "",
            "x",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0/8",
            "::1/129",
            "10.0.0.0/8/8",
            "::ffff:10.0.0.0/96",
        ] {
            assert_eq!(
                bad.parse::<AddressRange>(),
                Err(Rejection::AddressRange),
                "{bad}"
            );
        }
        assert_eq!(
            "10.20.3.7/16".parse::<AddressRange>().unwrap().to_string(),
            "10.20.0.0/16"
        );
    }
}
