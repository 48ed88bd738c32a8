//! Internet addresses out of packed bytes, and back (`socket`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::{Concrete, Handler};

/// The functions of this module.
pub(super) const FUNCTIONS: &[(&str, Handler)] = &[
    ("socket.inet_ntoa", |a, _| {
        let packed = <[u8; 4]>::try_from(a.one()?.as_bytes()?).ok()?;
        Some(text(Ipv4Addr::from(packed).into()).into())
    }),
    ("socket.inet_aton", |a, _| {
        let address: Ipv4Addr = a.one()?.as_str()?.parse().ok()?;
        Some(Concrete::Bytes(Arc::from(address.octets().as_slice())).into())
    }),
    ("socket.inet_ntop", |a, _| {
        let (_, packed) = a.two()?;
        Some(text(of_bytes(packed.as_bytes()?)?).into())
    }),
];

fn text(address: IpAddr) -> Concrete {
    Concrete::text(&address.to_string())
}

fn of_bytes(packed: &[u8]) -> Option<IpAddr> {
    match packed.len() {
        4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(packed).ok()?).into()),
        16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(packed).ok()?).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::tests::{ample, s, y};

    #[test]
    fn addresses_are_written_and_packed() {
        let call = |symbol: &str, args: &[Concrete]| {
            crate::evaluate::function(symbol, args, &[], &mut ample()).map(|outcome| outcome.value)
        };
        assert_eq!(call("socket.inet_ntoa", &[y(b"\xc0\x00\x02\x1f")]), Some(s("192.0.2.31")));
        assert_eq!(call("socket.inet_aton", &[s("192.0.2.31")]), Some(y(b"\xc0\x00\x02\x1f")));
        assert_eq!(call("socket.inet_ntoa", &[y(b"\xc0\x00\x02")]), None);
    }
}
