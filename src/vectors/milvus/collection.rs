//! The life of a collection in Milvus: made, checked, loaded, dropped.

use std::time::{Duration, Instant};

use ragterm_milvus::v2::{
    ConsistencyLevel, CreateCollectionRequest, CreateIndexRequest, DescribeCollectionRequest,
    DescribeIndexRequest, DropCollectionRequest, GetLoadStateRequest, GetVersionRequest,
    HasCollectionRequest, LoadCollectionRequest, LoadState,
};

use super::MilvusStore;
use super::schema::{self, VECTOR};
use crate::error::{Error, ErrorKind, Result};
use crate::vectors::Ensured;
use crate::vectors::server::Version;

/// The oldest server that has what is needed.
const OLDEST: Version = Version(2, 3);

/// How often a collection is asked whether it is loaded.
const LOOK: Duration = Duration::from_millis(100);

impl MilvusStore {
    pub(super) async fn ensure_collection(&self) -> Result<Ensured> {
        self.check_version().await?;
        let ensured = match self.exists().await? {
            true => Ensured::Existing,
            false => {
                self.create().await?;
                Ensured::Created
            }
        };
        self.check_shape().await?;
        self.ensure_index().await?;
        self.load().await?;
        // What was written before this process began is seen from now on.
        self.wrote_at(0).await?;
        Ok(ensured)
    }

    pub(super) async fn drop_it(&self) -> Result<()> {
        const TASK: &str = "drop the collection";
        let request = DropCollectionRequest { collection_name: self.collection.clone() };
        let status = self.connection.client().drop_collection(request).await;
        let status = status.map_err(self.connection.failed(TASK))?.into_inner();
        match self.connection.check(Some(&status), TASK) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }

    async fn check_version(&self) -> Result<()> {
        const TASK: &str = "say its version";
        let answer = self.connection.client().get_version(GetVersionRequest {}).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        let version = answer.version.trim_start_matches('v').to_owned();
        let is_old = Version::read(&version).is_some_and(|version| version < OLDEST);
        let said = self.version.lock();
        *said.unwrap_or_else(|poison| poison.into_inner()) = Some(version.clone());
        if is_old {
            let url = &self.connection.url;
            return Err(Error::usage(format!(
                "Milvus at {url} is version {version}, and ragterm needs {OLDEST} or newer"
            ))
            .hint("update the server, or use another `store.backend`"));
        }
        Ok(())
    }

    async fn exists(&self) -> Result<bool> {
        const TASK: &str = "look for the collection";
        let request = HasCollectionRequest { collection_name: self.collection.clone() };
        let answer = self.connection.client().has_collection(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        match self.connection.check(answer.status.as_ref(), TASK) {
            Ok(()) => Ok(answer.value),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn create(&self) -> Result<()> {
        const TASK: &str = "create the collection";
        let request = CreateCollectionRequest {
            collection_name: self.collection.clone(),
            schema: schema::schema(&self.collection, self.dimensions),
            shards_num: 1,
            consistency_level: ConsistencyLevel::Session.into(),
            properties: schema::properties(&self.config),
        };
        let status = self.connection.client().create_collection(request).await;
        let status = status.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(Some(&status), TASK)
    }

    async fn check_shape(&self) -> Result<()> {
        const TASK: &str = "describe the collection";
        let request = DescribeCollectionRequest { collection_name: self.collection.clone() };
        let answer = self.connection.client().describe_collection(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(answer.status.as_ref(), TASK)?;
        let shape = answer.schema.unwrap_or_default();
        schema::mismatch(&shape, self.dimensions).map_or(Ok(()), |what| Err(self.foreign(&what)))
    }

    /// Makes the vector index if there is none; a process may have ended before it did.
    async fn ensure_index(&self) -> Result<()> {
        const TASK: &str = "index the collection";
        let request = DescribeIndexRequest {
            collection_name: self.collection.clone(),
            field_name: VECTOR.into(),
            index_name: String::new(),
        };
        let answer = self.connection.client().describe_index(request).await;
        let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
        // Without an index this is an error, with another number in each version.
        let indexes = answer.index_descriptions.iter();
        if let Some(index) = indexes.into_iter().find(|index| index.field_name == VECTOR) {
            let what = schema::index_mismatch(index);
            return what.map_or(Ok(()), |what| Err(self.foreign(&what)));
        }
        let request = CreateIndexRequest {
            collection_name: self.collection.clone(),
            field_name: VECTOR.into(),
            extra_params: schema::index(&self.config),
            index_name: VECTOR.into(),
        };
        let status = self.connection.client().create_index(request).await;
        let status = status.map_err(self.connection.failed(TASK))?.into_inner();
        self.connection.check(Some(&status), TASK)
    }

    /// Has the collection loaded, and waits until it is.
    async fn load(&self) -> Result<()> {
        const TASK: &str = "load the collection";
        let begin = Instant::now();
        let mut is_asked = false;
        loop {
            let request = GetLoadStateRequest { collection_name: self.collection.clone() };
            let answer = self.connection.client().get_load_state(request).await;
            let answer = answer.map_err(self.connection.failed(TASK))?.into_inner();
            self.connection.check(answer.status.as_ref(), TASK)?;
            if answer.state == i32::from(LoadState::Loaded) {
                return Ok(());
            }
            if !is_asked {
                let collection_name = self.collection.clone();
                let request = LoadCollectionRequest { collection_name, replica_number: 1 };
                let status = self.connection.client().load_collection(request).await;
                let status = status.map_err(self.connection.failed(TASK))?.into_inner();
                self.connection.check(Some(&status), TASK)?;
                is_asked = true;
            }
            if begin.elapsed() > self.config.timeout {
                let (url, collection) = (&self.connection.url, &self.collection);
                return Err(Error::unavailable(format!(
                    "Milvus at {url} is still loading the collection {collection}"
                )));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn foreign(&self, what: &str) -> Error {
        let (url, collection) = (&self.connection.url, &self.collection);
        Error::usage(format!(
            "the collection {collection} on Milvus at {url} is not what ragterm needs: {what}"
        ))
        .hint(
            "set another `store.collection`, or drop that collection on the server: ragterm fills \
             a new one from its catalog without embedding anything again",
        )
    }
}
