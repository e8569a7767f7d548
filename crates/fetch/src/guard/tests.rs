use super::*;

#[test]
fn our_own_network_is_not_public() {
    for inner in [
        "127.0.0.1",
        "10.0.0.8",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.8",
        "::",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2001:db8::1",
        "2001::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(inner.parse().unwrap()), "{inner}");
    }
    for outer in ["196.168.1.1", "8.8.8.8", "2a00:1450:4007::8a", "64:ff9b::808:808", "::ffff:8.8.8.8"] {
        assert!(is_public(outer.parse().unwrap()), "{outer}");
    }
}

#[test]
fn numbers_in_disguise_are_seen_through() {
    for inner in ["http://0x7f.1/", "http://2130706433/", "http://127.1/", "http://[::ffff:7f00:1]/"] {
        assert!(!is_public_literal(&inner.parse().unwrap()), "{inner}");
    }
    assert!(is_public_literal(&"https://api.fnecm.org/".parse().unwrap()), "a name is judged when resolved");
}
