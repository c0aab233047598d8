//! How far the followers are that outlive the daemon.

use super::Catalog;
use crate::error::Result;

impl Catalog {
    /// The last change that the follower of this name has applied; `None` for an unknown one.
    pub async fn follower_position(&self, name: &str) -> Result<Option<u64>> {
        let position: Option<i64> = sqlx::query_scalar("SELECT seq FROM followers WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed("read how far a follower is"))?;
        Ok(position.map(|position| position as u64))
    }

    /// Keeps the last change that the follower of this name has applied.
    pub async fn set_follower_position(&self, name: &str, seq: u64) -> Result<()> {
        sqlx::query(
            "INSERT INTO followers (name, seq) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
        )
        .bind(name)
        .bind(seq as i64)
        .execute(self.writer()?)
        .await
        .map_err(self.failed("keep how far a follower is"))?;
        Ok(())
    }
}
