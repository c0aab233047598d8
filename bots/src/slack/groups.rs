//! The user groups of the workspace: the roles by which a grant can name people.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::refusals::is_pointless;
use super::web::{Fault, UserGroup, Web};
use crate::core::Core;

/// How old the knowledge of who is in which group may be.
const REFRESH: Duration = Duration::from_secs(300);

/// Groups of one user at the most, as the daemon takes them.
const MOST: usize = 256;

/// Who is in which groups. Unknown people are in none, so that they are granted less, not more.
#[derive(Debug, Default)]
pub(super) struct Groups {
    of_user: RwLock<HashMap<String, Vec<String>>>,
}

impl Groups {
    /// The groups of `user`.
    pub(super) fn of(&self, user: &str) -> Vec<String> {
        let of_user = self.of_user.read().unwrap_or_else(PoisonError::into_inner);
        of_user.get(user).cloned().unwrap_or_default()
    }

    /// Asks Slack now, and then again and again until the bot is stopped.
    pub(super) async fn keep_fresh(self: &Arc<Self>, web: &Arc<Web>, core: &Core) {
        if let Err(fault) = self.refresh(web).await
            && !goes_on(&fault)
        {
            return;
        }
        let (groups, web, stop) = (self.clone(), web.clone(), core.stop().clone());
        core.spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(REFRESH) => {}
                }
                if let Err(fault) = groups.refresh(&web).await
                    && !goes_on(&fault)
                {
                    return;
                }
            }
        });
    }

    async fn refresh(&self, web: &Web) -> Result<(), Fault> {
        let fresh = by_user(web.user_groups().await?);
        *self.of_user.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

/// Whether asking again later may help.
fn goes_on(fault: &Fault) -> bool {
    let is_over = matches!(fault, Fault::Refused(code) if is_pointless(code));
    if is_over {
        tracing::info!(%fault, "slack does not tell user groups, so grants to them do not count");
    } else {
        tracing::warn!(%fault, "slack did not tell its user groups");
    }
    !is_over
}

fn by_user(groups: Vec<UserGroup>) -> HashMap<String, Vec<String>> {
    let mut of_user: HashMap<String, Vec<String>> = HashMap::new();
    for group in groups {
        for user in group.users {
            let groups = of_user.entry(user).or_default();
            if groups.len() < MOST {
                groups.push(group.id.clone());
            }
        }
    }
    of_user
}
