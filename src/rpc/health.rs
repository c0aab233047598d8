//! The health of the back-ends as the wire takes it.

use ragterm_proto::v1::{HealthCheck, HealthReply};

use crate::access::Grants;
use crate::engine::Health;

/// What a caller is told; why something is missing is for those who may do everything.
pub fn reply(health: Health, grants: &Grants) -> HealthReply {
    let ready = health.is_ready();
    let told = |detail: String| if grants.is_everything() { detail } else { String::new() };
    let checks = health.0.into_iter().map(|check| HealthCheck {
        name: check.name.into(),
        state: check.condition.name().into(),
        detail: told(check.detail),
    });
    HealthReply { ready, checks: checks.collect() }
}
