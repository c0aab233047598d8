//! What users of this machine are granted, by the names and groups that the system gives them.

use std::ffi::CString;

use nix::unistd::{Gid, Group, Uid, User, getgrouplist};
use tracing::warn;

use super::{Grants, Peer};
use crate::config::{Grant, Grantee};

/// What a user of this machine is granted, by name, by number or through a group.
pub fn grants(configured: &[Grant], peer: Peer) -> Grants {
    let mut granted = Grants::default();
    // Looking names up may ask a directory server.
    let mut identity = None;
    for grant in configured {
        let is_meant = match &grant.to {
            Grantee::Chat(_) => false,
            Grantee::User(user) => identity.get_or_insert_with(|| Identity::of(peer)).is(user),
            Grantee::Group(group) => {
                identity.get_or_insert_with(|| Identity::of(peer)).is_in(group)
            }
        };
        if is_meant {
            granted.add(&grant.spaces, grant.role);
        }
    }
    granted
}

/// A user with its name and groups.
struct Identity {
    uid: u32,
    name: Option<String>,
    groups: Vec<Gid>,
}

impl Identity {
    fn of(peer: Peer) -> Self {
        let user = User::from_uid(Uid::from_raw(peer.uid)).unwrap_or_else(|error| {
            warn!(uid = peer.uid, %error, "the name of a user cannot be looked up");
            None
        });
        let own = Gid::from_raw(peer.gid);
        let groups = user.as_ref().and_then(|user| {
            let name = CString::new(user.name.as_str()).ok()?;
            getgrouplist(&name, user.gid).ok()
        });
        let mut groups = groups.unwrap_or_default();
        groups.push(own);
        Self { uid: peer.uid, name: user.map(|user| user.name), groups }
    }

    fn is(&self, user: &str) -> bool {
        self.name.as_deref() == Some(user) || user.parse() == Ok(self.uid)
    }

    fn is_in(&self, group: &str) -> bool {
        let named = Group::from_name(group).ok().flatten().map(|group| group.gid);
        let meant = named.or_else(|| group.parse().ok().map(Gid::from_raw));
        meant.is_some_and(|meant| self.groups.contains(&meant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SpaceRole;

    fn grant(to: Grantee) -> Grant {
        Grant { to, spaces: vec!["hr".into()], role: SpaceRole::Read }
    }

    #[test]
    fn a_user_is_known_by_name_number_and_group() {
        let root = Peer { uid: 0, gid: 0 };
        for to in [
            Grantee::User("root".into()),
            Grantee::User("0".into()),
            Grantee::Group("root".into()),
            Grantee::Group("0".into()),
        ] {
            assert!(grants(&[grant(to)], root).sees("hr"));
        }
        let nobody = Peer { uid: 4_000_000, gid: 4_000_000 };
        let to = Grantee::User("root".into());
        assert!(grants(&[grant(to)], nobody).is_empty());
    }
}
