//! Until when the TLS certificate of a host is valid.
//!
//! Of X.509 (RFC 5280, 4.1) only the way to this field is read: certificate, to-be-signed part, and in it the fifth field, or the fourth
//! where the version is left out. Every length is the server's, so each is compared with what is there.

use chrono::{DateTime, NaiveDateTime, Utc};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Returns the end of the validity of a certificate (DER); none where the bytes are not one.
pub(crate) fn ends_at(der: &[u8]) -> Option<DateTime<Utc>> {
    let (tag, certificate, _) = element(der)?;
    let (inner_tag, mut rest, _) = element(certificate).filter(|_| tag == SEQUENCE)?;
    let (mut field_tag, mut field, mut after) = element(rest).filter(|_| inner_tag == SEQUENCE)?;
    if field_tag == VERSION {
        (field_tag, field, after) = element(after)?;
    }
    // Serial number, algorithm and issuer stand before the validity.
    for _ in 0..3 {
        rest = after;
        (field_tag, field, after) = element(rest)?;
    }
    let (_, _, second) = element(field).filter(|_| field_tag == SEQUENCE)?;
    let (time_tag, time, _) = element(second)?;
    let text = std::str::from_utf8(time).ok()?.strip_suffix('Z')?;
    let text = match time_tag {
        // RFC 5280, 4.1.2.5.1: years from 50 on are of the last century.
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%S").ok()?.and_utc())
}

/// Takes an element apart: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        // A certificate has up to some kilobytes: two bytes of length are enough.
        let bytes = usize::from(first & 0x7f);
        if !(1..=2).contains(&bytes) {
            return None;
        }
        let (length, after) = rest.split_at_checked(bytes)?;
        rest = after;
        length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `openssl req -x509 -days 398`; its key is lost.
    const DER: &str = "\
        308201c130820167a003020102021458f77ee02199999d3c4bdca8a47e3a5ada06aca9300a06082a8648ce3d0403023036310b30090603\
        5504061302434d310e300c060355040a0c0545737361693117301506035504030c0e7777772e706f727461696c2e636d301e170d323631\
        3132383033323434365a170d3237313233313033323434365a3036310b300906035504061302434d310e300c060355040a0c0545737361\
        693117301506035504030c0e7777772e706f727461696c2e636d3059301306072a8648ce3d020106082a8648ce3d03010703420004a4a2\
        b5914c9a10a043d660300951d2b939bdc318ebd7d2a0aa63552d9f525555a1a0afe110e0ccd9298a6ed84a075dee06ae06fd7ec8e2c9af\
        8ca27898dd4c38a3533051301d0603551d0e0416041476e0c86382230d0d2aaf5886e64b0008df736c29301f0603551d23041830168014\
        76e0c86382230d0d2aaf5886e64b0008df736c29300f0603551d130101ff040530030101ff300a06082a8648ce3d040302034800304502\
        2009019cd59bd99c1b967288820337d3024960e9b406c50d0313ad8ecf1fae2a7c022100ecf4151b68ec59cf290ef704fc8619631136c4\
        ba6ec2414a88f82d449de1d9bf\
        ";

    fn bytes() -> Vec<u8> {
        let digits: Vec<u8> = DER.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(byte).collect()
    }

    #[test]
    fn the_end_of_a_certificate_is_found() {
        assert_eq!(ends_at(&bytes()).unwrap().to_rfc3339(), "2027-12-31T03:24:46+00:00");
    }

    #[test]
    fn any_bytes_are_taken_apart_without_harm() {
        let der = bytes();
        for cut in 0..der.len() {
            assert_eq!(ends_at(&der[..cut]), None, "cut at {cut}");
        }
        for at in 0..der.len() {
            for byte in [0, 0x30, 0x7f, 0x80, 0x82, 0x84, 0xff] {
                let mut mutated = der.clone();
                mutated[at] = byte;
                let _ = ends_at(&mutated);
            }
        }
        assert_eq!(ends_at(b""), None);
    }
}
