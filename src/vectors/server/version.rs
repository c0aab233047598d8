//! Versions of servers: read from what they say, compared with what is needed.

use std::fmt;

/// Major and minor number of a server's version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// The version in a text such as `v2.3.5` or `1.12.4-dev`; `None` when it has none.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.trim().trim_start_matches('v').split('.');
        let mut number = || {
            let part = parts.next()?;
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        Some(Self(number()?, number()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(Version::read("v2.3.5"), Some(Version(2, 3)));
        assert_eq!(Version::read("1.12-dev"), Some(Version(1, 12)));
        assert!(Version::read("1.9.7") < Version::read("1.12.0"));
        assert_eq!(Version::read("unknown"), None);
    }
}
