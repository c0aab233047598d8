//! What somebody may do in which spaces; everything that is not granted is denied.

use std::collections::BTreeMap;

use crate::config::{EVERY_SPACE, SpaceRole};
use crate::error::{Error, Result};

/// A role in each of some spaces, and perhaps one in all of them; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    everywhere: Option<SpaceRole>,
    spaces: BTreeMap<String, SpaceRole>,
}

impl Grants {
    /// What the daemon's own user may do.
    pub fn everything() -> Self {
        Self { everywhere: Some(SpaceRole::Admin), spaces: BTreeMap::new() }
    }

    /// One role in some spaces; [`EVERY_SPACE`] stands for all.
    pub fn of(spaces: &[String], role: SpaceRole) -> Self {
        let mut grants = Self::default();
        grants.add(spaces, role);
        grants
    }

    /// Adds a role in some spaces.
    pub fn add(&mut self, spaces: &[String], role: SpaceRole) {
        for space in spaces {
            if space == EVERY_SPACE {
                self.everywhere = self.everywhere.max(Some(role));
            } else {
                let known = self.spaces.entry(space.clone()).or_insert(role);
                *known = role.max(*known);
            }
        }
    }

    /// Whether nothing at all is granted.
    pub fn is_empty(&self) -> bool {
        self.everywhere.is_none() && self.spaces.is_empty()
    }

    /// The role in a space.
    pub fn role(&self, space: &str) -> Option<SpaceRole> {
        self.spaces.get(space).copied().max(self.everywhere)
    }

    /// Whether documents of a space may be seen.
    pub fn sees(&self, space: &str) -> bool {
        self.role(space).is_some()
    }

    /// Whether every document may be seen, those of spaces still to come too.
    pub fn sees_everything(&self) -> bool {
        self.everywhere.is_some()
    }

    /// Whether this is as much as the daemon's own user may do.
    pub fn is_everything(&self) -> bool {
        self.everywhere == Some(SpaceRole::Admin)
    }

    /// The spaces that are granted by name.
    pub fn named(&self) -> impl Iterator<Item = (&str, SpaceRole)> {
        self.spaces.iter().map(|(space, role)| {
            (space.as_str(), self.everywhere.map_or(*role, |all| all.max(*role)))
        })
    }

    /// The names of all that may be seen, for the audit log; [`EVERY_SPACE`] stands for all.
    pub fn names(&self) -> Vec<String> {
        let all = self.everywhere.map(|_| EVERY_SPACE.to_owned());
        all.into_iter().chain(self.spaces.keys().cloned()).collect()
    }

    /// What both allow.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let both = |space: &str| Some(self.role(space)?.min(other.role(space)?));
        let spaces = self.spaces.keys().chain(other.spaces.keys());
        Self {
            everywhere: self.everywhere.zip(other.everywhere).map(|(a, b)| a.min(b)),
            spaces: spaces.filter_map(|space| Some((space.clone(), both(space)?))).collect(),
        }
    }

    /// Fails unless `role` is held in a space; of one that cannot be seen, as if there were none.
    pub fn require(&self, space: &str, role: SpaceRole) -> Result<()> {
        match self.role(space) {
            Some(held) if held >= role => Ok(()),
            _ => Err(Error::denied(format!("you may not do that in the space `{space}`"))
                .hint(format!("it takes the role `{}` there", role.name()))),
        }
    }

    /// Fails unless everything is granted.
    pub fn require_everything(&self) -> Result<()> {
        match self.is_everything() {
            true => Ok(()),
            false => Err(Error::denied("only an administrator of the whole daemon may do that")
                .hint("it takes the role `admin` in every space")),
        }
    }

    /// A text that is equal for equal grants only.
    pub fn fingerprint(&self) -> String {
        let all = self.everywhere.map_or("", SpaceRole::name);
        let spaces = self.spaces.iter().map(|(space, role)| format!("{space}={}", role.name()));
        format!("*={all},{}", spaces.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SpaceRole::{Admin, Read, Write};

    fn of(spaces: &[(&str, SpaceRole)]) -> Grants {
        let mut grants = Grants::default();
        for (space, role) in spaces {
            grants.add(&[(*space).to_owned()], *role);
        }
        grants
    }

    #[test]
    fn nothing_is_granted_by_default() {
        let grants = Grants::default();
        assert!(grants.is_empty() && !grants.sees("hr") && grants.require("hr", Read).is_err());
    }

    #[test]
    fn the_higher_of_two_roles_holds() {
        let grants = of(&[("hr", Write), ("hr", Read), ("*", Read)]);
        assert_eq!(grants.role("hr"), Some(Write));
        assert_eq!(grants.role("legal"), Some(Read));
        assert!(grants.sees_everything() && !grants.is_everything());
        assert!(grants.require("hr", Write).is_ok() && grants.require("hr", Admin).is_err());
    }

    #[test]
    fn an_intersection_gives_no_more_than_either() {
        let bot = of(&[("hr", Read), ("legal", Read)]);
        let user = of(&[("*", Admin)]);
        assert_eq!(bot.intersect(&user), bot);
        let other = of(&[("hr", Admin), ("secret", Read)]);
        assert_eq!(bot.intersect(&other), of(&[("hr", Read)]));
        assert!(bot.intersect(&Grants::default()).is_empty());
        assert_eq!(bot.intersect(&other), other.intersect(&bot));
    }
}
