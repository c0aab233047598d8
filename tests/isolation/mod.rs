//! No byte of a reply depends on a document outside of the caller's grants: random spaces,
//! documents, grants and calls, asked before and after everything that is hidden was changed.

mod calls;
pub mod client;
mod world;

use client::{Client, client};
use world::{Caller, Random, World};

/// Calls that are compared in a usual test run; `RAGTERM_TEST_ISOLATION_CASES` asks for more.
const CASES: usize = 600;

/// Calls of one caller between two changes of the documents.
const ROUND: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn no_reply_depends_on_what_its_caller_may_not_see() {
    let asked = std::env::var("RAGTERM_TEST_ISOLATION_CASES").ok();
    let cases = asked.and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let mut random = Random::seeded(20_261_126);
    let mut world = World::new(&mut random);
    let (mut compared, mut telling) = (0, 0);
    while compared < cases {
        let caller = world.caller(&mut random);
        let calls = world.calls(&caller, ROUND, &mut random);
        let mut client = client_of(&world, &caller);
        let mut before = Vec::new();
        for call in &calls {
            before.push(call.reply(&mut client).await);
        }
        for (call, reply) in calls.iter().zip(&before) {
            let told = caller.hidden().find(|space| reply.tells_of(space, call));
            assert_eq!(told, None, "{caller:?} hears of a hidden space\n{call:?}\n{reply:?}");
        }
        world.change_hidden(&caller, &mut random);
        for (call, reply) in calls.iter().zip(&before) {
            let after = call.reply(&mut client).await;
            let noticed = reply.difference(&after);
            assert_eq!(noticed, None, "{caller:?} notices a change\n{call:?}");
        }
        compared += calls.len();
        telling += before.iter().filter(|reply| reply.names_one_of(caller.seen())).count();
    }
    assert!(telling > compared / 3, "only {telling} of {compared} replies told anything");
}

/// A client that calls as this caller.
fn client_of(world: &World, caller: &Caller) -> Client {
    client(&world.socket, &caller.secret, caller.asker.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_comparison_notices_what_may_be_seen() {
    let mut random = Random::seeded(7);
    let mut world = World::new(&mut random);
    let mut caller = world.caller(&mut random);
    let mut client = client_of(&world, &caller);
    let calls = world.calls(&caller, ROUND, &mut random);
    let mut before = Vec::new();
    for call in &calls {
        before.push(call.reply(&mut client).await);
    }
    // What it sees takes the place of what it does not.
    caller.pretend_to_see_nothing();
    world.change_hidden(&caller, &mut random);
    let mut noticed = 0;
    for (call, reply) in calls.iter().zip(&before) {
        noticed += usize::from(*reply != call.reply(&mut client).await);
    }
    assert!(noticed > 5, "changes of visible documents went unnoticed: {noticed} of {ROUND}");
}
