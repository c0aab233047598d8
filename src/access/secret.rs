//! The secrets of tokens: made here, kept as hashes, compared in constant time.

use std::fmt;

use crate::catalog::{Catalog, Token, TokenHash, now_ms};
use crate::error::{Error, Result};

use super::refused;

/// What every secret begins with, so that scanners for leaked secrets can find it.
const PREFIX: &str = "ragterm_";

/// The part by which a token is looked up, in bytes.
const KEY_BYTES: usize = 8;

/// The part that nobody can guess, in bytes.
const SECRET_BYTES: usize = 32;

/// A later use is written down after so long, in milliseconds.
const USE_PERIOD_MS: i64 = 60_000;

/// What the holder of a token shows; its text is in no log or debug output.
pub struct Secret(String);

impl Secret {
    /// A new one, from the system's source of random numbers.
    pub fn new() -> Result<Self> {
        let mut bytes = [0; KEY_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::internal("the system gives no random numbers").because(error.to_string())
        })?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (key, secret) = hex.split_at(KEY_BYTES * 2);
        Ok(Self(format!("{PREFIX}{key}_{secret}")))
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        // It is as random as a key: a slow hash for passwords would add nothing.
        TokenHash { key: key_of(&self.0).to_owned(), hash: hash(&self.0) }
    }

    /// Its text, to be shown once.
    pub fn reveal(self) -> String {
        self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The token that a secret is of; `Denied` when it is unknown, revoked or expired.
pub async fn verify(catalog: &Catalog, secret: &str) -> Result<Token> {
    let kept = catalog.token(key_of(secret)).await?;
    let now = now_ms();
    // An unknown one is compared as well, so that it takes the same time.
    let expected = kept.as_ref().map_or_else(|| hash(""), |(_, expected)| expected.clone());
    let is_equal = equal(&expected, &hash(secret));
    let token = kept.map(|(token, _)| token).filter(|token| is_equal && !token.is_over(now));
    let token = token.ok_or_else(refused)?;
    if now - token.used_ms.unwrap_or_default() >= USE_PERIOD_MS {
        catalog.token_was_used(&token.name, now).await?;
    }
    Ok(token)
}

/// The part of a secret by which its token is looked up; whatever else there is finds nothing.
fn key_of(secret: &str) -> &str {
    let key = secret.strip_prefix(PREFIX).and_then(|rest| rest.get(..KEY_BYTES * 2));
    key.unwrap_or_default()
}

fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// Compares in a time that does not depend on where two hashes differ.
fn equal(a: &str, b: &str) -> bool {
    let parsed = blake3::Hash::from_hex(a).ok().zip(blake3::Hash::from_hex(b).ok());
    parsed.is_some_and(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_not_shown() {
        let (one, other) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert_ne!(one.hash().key, other.hash().key);
        let text = one.reveal();
        assert_eq!(text.len(), PREFIX.len() + 2 * (KEY_BYTES + SECRET_BYTES) + 1);
        assert!(!hash(&text).contains(&text[20..]));
    }

    #[test]
    fn only_the_whole_secret_is_equal() {
        let text = Secret::new().unwrap().reveal();
        assert!(equal(&hash(&text), &hash(&text)));
        assert!(!equal(&hash(&text), &hash(&text[..text.len() - 1])));
        assert!(!equal("", "") && key_of("nonsense").is_empty() && key_of("ragterm_é").is_empty());
    }
}
