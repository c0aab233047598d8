//! What the daemon remembers beside the configuration.

use super::Catalog;
use crate::error::Result;

impl Catalog {
    /// What is remembered under a name.
    pub async fn setting(&self, name: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT value FROM settings WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.inner.readers)
            .await
            .map_err(self.failed("read a setting"))
    }

    /// Remembers a value under a name.
    pub async fn set_setting(&self, name: &str, value: &str) -> Result<()> {
        sqlx::query(
            "INSERT INTO settings (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(name)
        .bind(value)
        .execute(self.writer()?)
        .await
        .map_err(self.failed("keep a setting"))?;
        Ok(())
    }
}
