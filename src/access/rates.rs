//! How often a principal may call: a bucket of tokens for each.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::config;
use crate::error::{Error, Result};

/// The buckets of those who called lately.
pub struct Rates {
    limiter: Option<DefaultKeyedRateLimiter<String>>,
    clock: DefaultClock,
}

impl std::fmt::Debug for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rates").field("limited", &self.limiter.is_some()).finish_non_exhaustive()
    }
}

impl Rates {
    /// As the configuration has them.
    pub fn new(config: &config::Access) -> Self {
        let quota = |calls| {
            let burst = NonZeroU32::new(config.burst).unwrap_or(NonZeroU32::MIN);
            Quota::per_minute(calls).allow_burst(burst)
        };
        let limiter = NonZeroU32::new(config.calls_per_minute).map(quota).map(RateLimiter::keyed);
        Self { limiter, clock: DefaultClock::default() }
    }

    /// Takes one call from somebody's bucket; `Exhausted` when it is empty.
    pub fn take(&self, person: &str) -> Result<()> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        limiter.check_key(&person.to_owned()).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs_f64().ceil();
            Error::exhausted("you are calling too often")
                .hint(format!("wait {wait} s; `access.calls_per_minute` sets the limit"))
        })
    }

    /// Forgets the buckets that are full again.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn rates(calls_per_minute: u32, burst: u32) -> Rates {
        Rates::new(&config::Access { calls_per_minute, burst, ..Config::default().access })
    }

    #[test]
    fn each_has_a_bucket_of_their_own() {
        let rates = rates(1, 3);
        for _ in 0..3 {
            rates.take("anna").unwrap();
        }
        let error = rates.take("anna").unwrap_err();
        assert_eq!(error.kind(), crate::error::ErrorKind::Exhausted);
        let words: Vec<&str> = error.next_step().unwrap().split(' ').collect();
        assert_eq!((words[0], words[2]), ("wait", "s;"), "{error:?}");
        // Some of the minute is over by now.
        assert!((31..=60).contains(&words[1].parse::<u32>().unwrap()), "{error:?}");
        rates.take("ben").unwrap();
    }

    #[test]
    fn no_limit_is_no_limit() {
        let rates = rates(0, 1);
        assert!((0..1000).all(|_| rates.take("anna").is_ok()));
    }
}
