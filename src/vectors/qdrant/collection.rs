//! The life of a collection in Qdrant: made, checked, tuned, named, dropped.

use qdrant_client::qdrant::quantization_config::Quantization as Codes;
use qdrant_client::qdrant::quantization_config_diff::Quantization as CodesDiff;
use qdrant_client::qdrant::{
    CollectionInfo, CreateAliasBuilder, CreateCollectionBuilder, CreateFieldIndexCollectionBuilder,
    Disabled, Distance, FieldType, QuantizationType, ScalarQuantization, UpdateCollectionBuilder,
    VectorParams, VectorParamsBuilder, VectorParamsDiffBuilder, vectors_config,
    vectors_config_diff,
};
use tracing::info;

use super::QdrantStore;
use super::points::{DOCUMENT, KIND, MODIFIED, SOURCE};
use crate::config::Quantization;
use crate::error::{Error, ErrorKind, Result};
use crate::vectors::Ensured;
use crate::vectors::server::Version;

/// The oldest server that has what is needed.
const OLDEST: Version = Version(1, 12);

/// What filters look at, with the kind of index for it.
const INDEXES: [(&str, FieldType); 4] = [
    (DOCUMENT, FieldType::Integer),
    (SOURCE, FieldType::Integer),
    (KIND, FieldType::Keyword),
    (MODIFIED, FieldType::Integer),
];

impl QdrantStore {
    pub(super) async fn ensure_collection(&self) -> Result<Ensured> {
        self.check_version().await?;
        let failed = self.connection.failed("look for the collection");
        let exists = self.connection.client.collection_exists(&self.collection).await;
        let ensured = match exists.map_err(failed)? {
            true => Ensured::Existing,
            false => {
                self.create().await?;
                Ensured::Created
            }
        };
        let info = self.describe().await?;
        self.check_and_tune(&info).await?;
        self.ensure_indexes(&info).await?;
        self.ensure_alias().await?;
        Ok(ensured)
    }

    pub(super) async fn drop_it(&self) -> Result<()> {
        let failed = self.connection.failed("drop the collection");
        let dropped = self.connection.client.delete_collection(&self.collection).await;
        match dropped.map_err(failed) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    async fn check_version(&self) -> Result<()> {
        let failed = self.connection.failed("say its version");
        let reply = self.connection.client.health_check().await.map_err(failed)?;
        let url = &self.connection.url;
        let version = Version::read(&reply.version).unwrap_or(OLDEST);
        self.note_version(&reply.version);
        if version < OLDEST {
            return Err(Error::usage(format!(
                "Qdrant at {url} is version {}, and ragterm needs {OLDEST} or newer",
                reply.version
            ))
            .hint("update the server, or use another `store.backend`"));
        }
        Ok(())
    }

    async fn create(&self) -> Result<()> {
        let failed = self.connection.failed("create the collection");
        let size = self.dimensions as u64;
        let vectors = VectorParamsBuilder::new(size, Distance::Cosine).on_disk(self.config.on_disk);
        let mut request = CreateCollectionBuilder::new(&self.collection).vectors_config(vectors);
        if self.config.quantization == Quantization::Scalar {
            request = request.quantization_config(Codes::Scalar(codes()));
        }
        self.connection.client.create_collection(request).await.map_err(failed)?;
        Ok(())
    }

    async fn describe(&self) -> Result<CollectionInfo> {
        let failed = self.connection.failed("describe the collection");
        let answer = self.connection.client.collection_info(&self.collection).await;
        Ok(answer.map_err(failed)?.result.unwrap_or_default())
    }

    /// Refuses a collection of another shape; one that is tuned otherwise is tuned anew, which the
    /// server does beside its work.
    async fn check_and_tune(&self, info: &CollectionInfo) -> Result<()> {
        let config = info.config.clone().unwrap_or_default();
        let vectors = config.params.unwrap_or_default().vectors_config.and_then(|one| one.config);
        let Some(vectors_config::Config::Params(vectors)) = vectors else {
            return Err(self.foreign("its vectors have names"));
        };
        if let Some(what) = mismatch(&vectors, self.dimensions) {
            return Err(self.foreign(&what));
        }
        #[expect(deprecated, reason = "servers before 1.18 know nothing else")]
        let on_disk = vectors.on_disk.unwrap_or_default();
        let has_codes = config.quantization_config.is_some_and(|one| one.quantization.is_some());
        let wants_codes = self.config.quantization == Quantization::Scalar;
        if on_disk == self.config.on_disk && has_codes == wants_codes {
            return Ok(());
        }
        info!(collection = self.collection, "vector store is tuned as the configuration says");
        let vectors = VectorParamsDiffBuilder::default().on_disk(self.config.on_disk);
        let codes = match wants_codes {
            true => CodesDiff::Scalar(codes()),
            false => CodesDiff::Disabled(Disabled {}),
        };
        let request = UpdateCollectionBuilder::new(&self.collection)
            .vectors_config(vectors_config_diff::Config::from(vectors))
            .quantization_config(codes);
        let failed = self.connection.failed("tune the collection");
        self.connection.client.update_collection(request).await.map_err(failed)?;
        Ok(())
    }

    async fn ensure_indexes(&self, info: &CollectionInfo) -> Result<()> {
        let missing = INDEXES.iter().filter(|(field, _)| !info.payload_schema.contains_key(*field));
        for (field, kind) in missing {
            let failed = self.connection.failed("index what filters look at");
            let request = CreateFieldIndexCollectionBuilder::new(&self.collection, *field, *kind);
            let answer = self.connection.client.create_field_index(request.wait(true)).await;
            answer.map_err(failed)?;
        }
        Ok(())
    }

    /// Has the catalog's alias name this collection: for people and other programs; ragterm itself
    /// goes by the collection's own name.
    async fn ensure_alias(&self) -> Result<()> {
        let failed = self.connection.failed("name the collection");
        let client = &self.connection.client;
        let known = client.list_collection_aliases(&self.collection).await.map_err(&failed)?;
        if known.aliases.iter().any(|alias| alias.alias_name == self.alias) {
            return Ok(());
        }
        let request = CreateAliasBuilder::new(&self.collection, &self.alias);
        client.create_alias(request).await.map_err(&failed)?;
        Ok(())
    }

    fn foreign(&self, what: &str) -> Error {
        let (url, collection) = (&self.connection.url, &self.collection);
        Error::usage(format!(
            "the collection {collection} on Qdrant at {url} is not what ragterm needs: {what}"
        ))
        .hint(
            "set another `store.collection`, or drop that collection on the server: ragterm fills \
             a new one from its catalog without embedding anything again",
        )
    }
}

fn mismatch(vectors: &VectorParams, dimensions: usize) -> Option<String> {
    if vectors.size != dimensions as u64 {
        return Some(format!("its vectors have {} dimensions, not {dimensions}", vectors.size));
    }
    let distance = Distance::try_from(vectors.distance).unwrap_or(Distance::UnknownDistance);
    (distance != Distance::Cosine)
        .then(|| format!("it compares by {}, not by Cosine", distance.as_str_name()))
}

/// One byte a component, always in memory.
fn codes() -> ScalarQuantization {
    #[expect(deprecated, reason = "servers before 1.18 know nothing else")]
    ScalarQuantization {
        r#type: QuantizationType::Int8.into(),
        always_ram: Some(true),
        ..ScalarQuantization::default()
    }
}
