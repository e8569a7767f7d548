//! Pictures of the pages, for those who look at them: they are kept where `OIM_SCREENSHOTS` says, and nowhere else.

use super::driver::Browser;

/// Keeps a picture of the page that is open, if pictures are wanted.
pub(super) async fn keep(browser: &Browser, name: &str) {
    let Some(folder) = std::env::var_os("OIM_SCREENSHOTS") else { return };
    // Tests run in their package's folder, and people in the one above it.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.png")), decoded(&browser.picture().await)).unwrap();
}

/// Returns the bytes of a text in base64.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte))
        .map(|digit| u32::try_from(digit).unwrap())
        .collect();
    let mut bytes = Vec::new();
    for four in digits.chunks(4) {
        let bits = four.iter().enumerate().fold(0, |bits, (at, digit)| bits | digit << (18 - 6 * at));
        bytes.extend(bits.to_be_bytes().into_iter().skip(1).take(four.len().saturating_sub(1)));
    }
    bytes
}

#[test]
fn base64_is_decoded() {
    assert_eq!(decoded("aGVsbG8="), b"hello");
    assert_eq!(decoded("AP/+"), [0, 255, 254]);
}
