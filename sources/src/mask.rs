//! Masks what a recording must not contain: our secrets, and people's contacts.

use normalize::{contacts::PHONES, patterns};
use regex::bytes::{Captures, Regex};

/// Shortest secret that is masked: a shorter one would match ordinary words.
const SHORTEST: usize = 6;

patterns! {
    static MAIL: Regex =
        r"(?i-u)[a-z0-9._%+-]{1,64}(?:@|%40|&#64;|&commat;|\\u0040)([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,12})\b";

    static PHONE: Regex = format!("(?-u){}", PHONES.join("|"));
}

/// Returns the answer without secrets, e-mail addresses and phone numbers, and how many of each were masked.
pub fn mask(body: &[u8], secrets: &[&str]) -> (Vec<u8>, usize) {
    let mut masked = 0;
    let mut body = body.to_vec();
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        let (clean, count) = without(&body, secret.as_bytes());
        masked += count;
        body = clean;
    }
    masked += MAIL.find_iter(&body).filter(|found| !is_masked(found.as_bytes())).count();
    body = MAIL.replace_all(&body, &b"contact@example.org"[..]).into_owned();
    masked += PHONE.find_iter(&body).count();
    let zeros = |found: &Captures<'_>| {
        let digits = found.get(0).map(|found| found.as_bytes()).unwrap_or_default();
        digits.iter().map(|byte| if byte.is_ascii_digit() { b'0' } else { *byte }).collect::<Vec<u8>>()
    };
    body = PHONE.replace_all(&body, zeros).into_owned();
    (body, masked)
}

/// Returns the body with each occurrence of a secret replaced, and their number.
fn without(body: &[u8], secret: &[u8]) -> (Vec<u8>, usize) {
    let mut clean = Vec::with_capacity(body.len());
    let (mut rest, mut count) = (body, 0);
    while let Some((first, tail)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(secret) {
            clean.extend_from_slice(b"***");
            rest = behind;
            count += 1;
        } else {
            clean.push(*first);
            rest = tail;
        }
    }
    (clean, count)
}

/// Returns the e-mail addresses and phone numbers in an answer, except for those that `own` recognizes as the portal's.
pub fn contacts(body: &[u8], own: &dyn Fn(&str) -> bool) -> Vec<String> {
    let found = |regex: &Regex| -> Vec<String> {
        let all = regex.find_iter(body);
        all.map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned()).collect()
    };
    let mut all = found(&MAIL);
    all.retain(|mail| !is_masked(mail.as_bytes()) && !own(mail));
    let digits = |phone: &String| phone.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    all.extend(found(&PHONE).into_iter().filter(digits));
    all
}

fn is_masked(mail: &[u8]) -> bool {
    let domain = mail.rsplit(|byte| matches!(byte, b'@' | b';')).next().unwrap_or_default();
    [&b"example.org"[..], b"example.com", b"example.net"].contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_and_secrets_are_masked_and_nothing_else() {
        let text = r#"{"id": 655123456, "key": "s3cret-token", "mail": "Jean.Mba+cv@wouri-emploi.cm", "tel": "+237 6 55 12 34 56",
            "text": "Appelez le 677 12 34 56 ou 699-123-456, 222 23 45 67; du 12.10.2026 au 15.11.2026, 2 000 000 FCFA, ref 202-3356-77"}"#;
        let (masked, count) = mask(text.as_bytes(), &["s3cret-token", "x"]);
        let masked = String::from_utf8(masked).unwrap();
        assert_eq!(count, 6, "{masked}");
        for kept in ["655123456", "12.10.2026 au 15.11.2026", "2 000 000 FCFA", "ref 202-3356-77"] {
            assert!(masked.contains(kept), "{kept}: {masked}");
        }
        for gone in ["s3cret", "Mba", "55 12", "677", "699", "23 45 67"] {
            assert!(!masked.contains(gone), "{gone}: {masked}");
        }
        assert!(masked.contains("contact@example.org") && masked.contains("000 00 00 00"), "{masked}");
        assert_eq!(contacts(masked.as_bytes(), &|_| false), Vec::<String>::new());
        assert_eq!(contacts(b"rh@portail.cm", &|mail| mail.ends_with("portail.cm")), Vec::<String>::new());
        assert_eq!(contacts(b"rh@portail.cm", &|_| false), ["rh@portail.cm"]);
    }
}
