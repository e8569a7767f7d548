//! Secrets of API and console: tokens and session cookies, and their digests.

use anyhow::Context as _;
use rustls::crypto::ring::default_provider;
use sha2::{Digest as _, Sha256};
use store::Digest;

/// What every token begins with, so that scanners of repositories recognize one that leaked.
const PREFIX: &str = "oim_";

/// Returns a new token of 256 random bits.
pub(crate) fn new_token() -> anyhow::Result<String> {
    Ok(format!("{PREFIX}{}", new_secret()?))
}

/// Returns 256 random bits, in hexadecimal.
pub(crate) fn new_secret() -> anyhow::Result<String> {
    let mut bits = [0_u8; 32];
    default_provider().secure_random.fill(&mut bits).ok().context("the system gives no random bits")?;
    Ok(hex::encode(bits))
}

/// Returns what is stored of a secret. A plain digest is enough for 256 random bits: there is nothing to guess.
pub(crate) fn digest(secret: &str) -> Digest {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_256_bits_that_nobody_has_had_before() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_ne!(one, other);
        for token in [one, other] {
            let bits = hex::decode(token.strip_prefix(PREFIX).unwrap()).unwrap();
            assert_eq!(bits.len(), 32);
            assert_ne!(digest(&token).to_vec(), bits);
        }
    }
}
