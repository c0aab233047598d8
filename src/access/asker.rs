//! For whom a bot calls: what both its token and the asker are granted, and in a public place only
//! what the place is granted.

use std::collections::BTreeSet;
use std::sync::Arc;

use ragterm_proto::v1::Asker;

use super::{Authority, Bearer, Caller, Grants, refused};
use crate::config::{Admitted, ChatGrantee, ChatParty, Grantee, Platform};
use crate::error::{Error, Result};

/// Roles of one user at the most.
const MAX_ROLES: usize = 256;

/// An id of a platform is no longer than this, in bytes.
const MAX_ID: usize = 128;

/// The caller that a bot stands for.
pub fn on_behalf(authority: &Authority, bearer: &Bearer, asker: &Asker) -> Result<Caller> {
    let platform = Platform::named(&asker.platform).filter(|_| is_sound(asker));
    let platform = platform.ok_or_else(|| Error::usage("who asks is not said as it must be"))?;
    if !bearer.caller.acts_for.contains(platform.name()) {
        return Err(refused());
    }
    let mut granted = Grants::default();
    for grant in &authority.config.grants {
        if let Grantee::Chat(to) = &grant.to
            && to.platform == platform
            && counts(to, asker)
        {
            granted.add(&grant.spaces, grant.role);
        }
    }
    let admitted = authority.may_ask.iter().filter(|(of, _)| *of == platform);
    let may_ask = admitted.flat_map(|(_, admitted)| admitted).any(|one| is_admitted(one, asker));
    let grants = if may_ask { bearer.caller.grants.intersect(&granted) } else { Grants::default() };
    Ok(Caller {
        principal: principal(asker),
        person: format!("{}/user:{}", workspace(asker), asker.user),
        token: bearer.caller.token.clone(),
        grants: Arc::new(grants),
        may_ask,
        acts_for: BTreeSet::new(),
    })
}

/// Whether a grant counts for what is asked there by this asker.
fn counts(to: &ChatGrantee, asker: &Asker) -> bool {
    if !to.workspace.is_empty() && to.workspace != asker.workspace {
        return false;
    }
    match &to.who {
        ChatParty::Everyone => true,
        ChatParty::Channel(channel) => *channel == asker.channel,
        // Others would see what this one alone may see.
        ChatParty::User(_) | ChatParty::Role(_) if asker.public => false,
        ChatParty::User(user) => *user == asker.user,
        ChatParty::Role(role) => asker.roles.contains(role),
    }
}

fn is_admitted(Admitted(party): &Admitted, asker: &Asker) -> bool {
    match party {
        ChatParty::Everyone => true,
        ChatParty::Channel(channel) => *channel == asker.channel,
        ChatParty::User(user) => *user == asker.user,
        ChatParty::Role(role) => asker.roles.contains(role),
    }
}

/// What is asked in public belongs to the place, so that others can follow it up.
fn principal(asker: &Asker) -> String {
    match asker.public {
        true => format!("{}/channel:{}", workspace(asker), asker.channel),
        false => format!("{}/user:{}", workspace(asker), asker.user),
    }
}

fn workspace(asker: &Asker) -> String {
    format!("{}:{}", asker.platform, asker.workspace)
}

/// Ids are what the platforms make: short and without white space.
fn is_sound(asker: &Asker) -> bool {
    let is_id = |id: &String| {
        id.len() <= MAX_ID
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    !asker.user.is_empty()
        && asker.public <= !asker.channel.is_empty()
        && asker.roles.len() <= MAX_ROLES
        && [&asker.workspace, &asker.channel, &asker.user].into_iter().all(is_id)
        && asker.roles.iter().all(is_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker() -> Asker {
        Asker {
            platform: "slack".into(),
            workspace: "T1".into(),
            channel: "C1".into(),
            user: "U1".into(),
            roles: vec!["S1".into()],
            public: false,
        }
    }

    fn to(workspace: &str, who: ChatParty) -> ChatGrantee {
        ChatGrantee { platform: Platform::Slack, workspace: workspace.into(), who }
    }

    #[test]
    fn in_public_only_the_place_counts() {
        let public = Asker { public: true, ..asker() };
        for who in [ChatParty::User("U1".into()), ChatParty::Role("S1".into())] {
            assert!(counts(&to("T1", who.clone()), &asker()));
            assert!(!counts(&to("T1", who), &public));
        }
        for who in [ChatParty::Channel("C1".into()), ChatParty::Everyone] {
            assert!(counts(&to("T1", who.clone()), &asker()) && counts(&to("T1", who), &public));
        }
    }

    #[test]
    fn grants_of_other_workspaces_and_channels_do_not_count() {
        assert!(!counts(&to("T2", ChatParty::Everyone), &asker()));
        assert!(!counts(&to("T1", ChatParty::Channel("C2".into())), &asker()));
        assert!(counts(&to("", ChatParty::User("U1".into())), &asker()));
    }

    #[test]
    fn an_asker_must_be_named_as_platforms_do() {
        assert!(is_sound(&asker()));
        assert!(!is_sound(&Asker { user: String::new(), ..asker() }));
        assert!(!is_sound(&Asker { user: "U1/channel:C9".into(), ..asker() }));
        assert!(!is_sound(&Asker { channel: String::new(), public: true, ..asker() }));
        assert!(!is_sound(&Asker { roles: vec![String::from("R"); 257], ..asker() }));
    }
}
