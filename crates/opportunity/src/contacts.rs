//! How to reach people, found in text and taken out of it.
//!
//! A person's number in a post is there for those who apply. It is kept in columns of its own, and the text that goes to views,
//! vectors and logs is without it.

use std::sync::LazyLock;

use regex::Regex;

use crate::pattern::form;
use serde::{Deserialize, Serialize};

/// Addresses and numbers of one post, without repeats, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// Addresses of e-mail, in lower case.
    pub emails: Vec<String>,
    /// Numbers in the form of ITU-T E.164: `+237` and nine digits.
    pub phones: Vec<String>,
}

/// Most kept of one post: a page with more lists somebody's directory.
const MOST: usize = 10;

static MAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    form(
        r"(?i)\b[a-z0-9][a-z0-9._%+-]{0,63}(?:@| ?\[(?:at|arobase)\] ?| ?\((?:at|arobase)\) ?)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,12}\b",
    )
});

/// Numbers people write to be called: with their country's code, or in the groups of a Cameroonian number.
pub const PHONES: [&str; 4] = [
    r"(?:\+|\b00)[1-9][0-9]{0,2}[ .\-/]?(?:\(0\) ?)?[0-9](?:[ .\-/]?[0-9]){6,10}",
    r"\b(?:\(?237\)?[ .\-])?6[0-9]{2}(?:[ .\-/][0-9]{2}){3}\b",
    r"\b(?:\(?237\)?[ .\-])?6[0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{3}\b",
    r"\b(?:237[ .\-]?)?2(?:22|33|42|43)(?:[ .\-/][0-9]{2}){3}\b",
];
/// Any number behind a word that calls it one.
const LABELLED: &str = r"(?P<label>(?i:\b(?:t[ée]l(?:[ée]phone)?s?|phone|whatsapp|mobile|cell)\b[ .:n°/-]{0,4}))\(?\+?[0-9](?:[ .\-/]?[0-9]){7,12}\b";
/// A Cameroonian mobile number without groups: in prose it is one, in data it may be an identifier.
const BARE: &str = r"\b6[5-9][0-9]{7}\b";

static PHONE: LazyLock<Option<Regex>> =
    LazyLock::new(|| form(&format!("{LABELLED}|{}|{BARE}", PHONES.join("|"))));

impl Contacts {
    /// Takes the contacts out of a text, each replaced by what it was. Those for which `is_own` holds are the portal's own: taken
    /// out, and not kept.
    pub fn take(&mut self, text: String, is_own: &dyn Fn(&str) -> bool) -> String {
        let mut text = text;
        if text.contains(['@', '(', '['])
            && let Some(mail) = MAIL.as_ref()
        {
            for found in mail.find_iter(&text) {
                let address = address(found.as_str());
                if !is_own(&address) {
                    keep(&mut self.emails, address);
                }
            }
            text = mail.replace_all(&text, "[e-mail]").into_owned();
        }
        // A number one can call has at least eight digits, and most texts fewer in all.
        if text.bytes().filter(u8::is_ascii_digit).nth(7).is_some()
            && let Some(phone) = PHONE.as_ref()
        {
            for found in phone.find_iter(&text) {
                if let Some(number) = number(found.as_str()) {
                    keep(&mut self.phones, number);
                }
            }
            text = phone.replace_all(&text, "${label}[téléphone]").into_owned();
        }
        text
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.phones.is_empty()
    }
}

fn keep(list: &mut Vec<String>, value: String) {
    if list.len() < MOST && !list.contains(&value) {
        list.push(value);
    }
}

fn address(written: &str) -> String {
    let plain = ["[at]", "(at)", "[arobase]", "(arobase)"]
        .iter()
        .fold(written.to_lowercase(), |text, at| text.replace(at, "@"));
    plain.replace(' ', "")
}

/// The digits with the country's code; a number without one is Cameroonian, or nobody's: it is taken out and not kept.
fn number(written: &str) -> Option<String> {
    let digits: String = written.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    let is_ours = |digits: &str| digits.len() == 9 && digits.starts_with(['2', '6']);
    if written.contains('+') {
        Some(format!("+{digits}"))
    } else if let Some(rest) = digits.strip_prefix("00") {
        Some(format!("+{rest}"))
    } else if digits.strip_prefix("237").is_some_and(is_ours) {
        Some(format!("+{digits}"))
    } else {
        is_ours(&digits).then(|| format!("+237{digits}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_found_and_taken_out() {
        let mut contacts = Contacts::default();
        let text = contacts.take(
            "CV à Recrutement@Wouri-Chantier.cm ou rh (at) wouri.cm, tél. 699 00 11 22 / +237 6 55 00 11 22, fixe 233 42 00 11, \
             00237 677001122. Du 12.10.2026 au 15.11.2026, 2 000 000 FCFA, réf 202-3356-77, info@portail.cm"
                .to_owned(),
            &|mail| mail.ends_with("@portail.cm"),
        );
        assert_eq!(contacts.emails, ["recrutement@wouri-chantier.cm", "rh@wouri.cm"]);
        assert_eq!(contacts.phones, ["+237699001122", "+237655001122", "+237233420011", "+237677001122"]);
        assert_eq!(
            text,
            "CV à [e-mail] ou [e-mail], tél. [téléphone] / [téléphone], fixe [téléphone], [téléphone]. Du 12.10.2026 au 15.11.2026, \
             2 000 000 FCFA, réf 202-3356-77, [e-mail]"
        );
    }

    #[test]
    fn a_labelled_number_goes_and_one_of_nowhere_is_not_kept() {
        let mut contacts = Contacts::default();
        let text = contacts.take("Mr Angelo, Tél : 0610646235 ou WhatsApp 699001122".to_owned(), &|_| false);
        assert_eq!(
            (text.as_str(), contacts.phones),
            ("Mr Angelo, Tél : [téléphone] ou WhatsApp [téléphone]", vec!["+237699001122".to_owned()])
        );
    }

    #[test]
    fn numbers_that_are_no_telephone_stay() {
        let mut contacts = Contacts::default();
        for text in
            ["150 000 - 250 000 FCFA", "20261130235900", "AO 0012/2026", "25 - 35 ans", "1 250 000,50"]
        {
            assert_eq!(contacts.take(text.to_owned(), &|_| false), text);
        }
        assert!(contacts.is_empty());
    }
}
