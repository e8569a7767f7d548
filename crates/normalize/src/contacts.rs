//! Finds contacts in texts and takes them out.
//!
//! A phone number in a post is for those who apply. It goes into columns of its own. The text in views, vectors and logs does not
//! contain it.

mod mail;
mod phone;

use domain::contacts::Contacts;

/// Most contacts kept for one post. A page with more is a directory.
const MOST: usize = 10;

/// Phone numbers in data, where a bare run of digits is an identifier: with a country code, or in groups. [`take_contacts`] finds
/// those in prose.
pub const PHONES: [&str; 4] = [
    r"(?:\+|\b00)[1-9][0-9]{0,2}[ .\-/]?(?:\(0\) ?)?[0-9](?:[ .\-/]?[0-9]){6,10}",
    r"\b(?:\(?237\)?[ .\-])?6[0-9]{2}(?:[ .\-/][0-9]{2}){3}\b",
    r"\b(?:\(?237\)?[ .\-])?6[0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{3}\b",
    r"\b(?:237[ .\-]?)?2(?:22|33|42|43)(?:[ .\-/][0-9]{2}){3}\b",
];

/// Takes the contacts out of a text and writes their type in their place. Contacts for which `is_own` holds are the portal's own and
/// are not kept.
pub fn take_contacts(contacts: &mut Contacts, text: String, is_own: &dyn Fn(&str) -> bool) -> String {
    let mut text = text;
    let mails = mail::all(&text);
    if !mails.is_empty() {
        text = replaced(&text, mails.iter().map(|found| (found.begin, found.end)), "[e-mail]");
        let addresses =
            mails.into_iter().filter_map(|found| found.address).filter(|address| !is_own(address));
        addresses.for_each(|address| keep(&mut contacts.emails, address));
    }
    let phones = phone::all(&text);
    if !phones.is_empty() {
        text = replaced(&text, phones.iter().map(|found| (found.begin, found.end)), "[téléphone]");
        phones
            .into_iter()
            .filter_map(|found| found.number)
            .for_each(|number| keep(&mut contacts.phones, number));
    }
    text
}

fn keep(list: &mut Vec<String>, value: String) {
    if list.len() < MOST && !list.contains(&value) {
        list.push(value);
    }
}

/// Replaces what stands between these positions.
fn replaced(text: &str, places: impl Iterator<Item = (usize, usize)>, with: &str) -> String {
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (begin, end) in places {
        out.push_str(text.get(from..begin).unwrap_or_default());
        out.push_str(with);
        from = end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_found_and_taken_out() {
        let mut contacts = Contacts::default();
        let text = take_contacts(
            &mut contacts,
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
}
