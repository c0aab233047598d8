//! What ragterm makes of a Qdrant server: names, settings, versions, keys.

use qdrant_client::qdrant::FieldType;
use ragterm::config::{self, Quantization, Secret, StoreBackend};
use ragterm::error::ErrorKind;
use ragterm::filter::Attributes;
use ragterm::id::{DocumentId, SourceId};
use ragterm::vectors::{self, Contents, DocumentVectors, Ensured, VectorStore};

use crate::fake_qdrant::FakeQdrant;

fn config(server: &FakeQdrant) -> config::Store {
    let defaults = config::Config::default().store;
    config::Store { backend: StoreBackend::Qdrant, url: server.url.clone(), ..defaults }
}

fn contents(model: &str) -> Contents {
    Contents { catalog: "c1".into(), model: model.into(), dimensions: 2 }
}

async fn put(store: &dyn VectorStore, id: u64) {
    let attributes = Attributes { source: SourceId(1), kind: "md".into(), modified_ms: 0 };
    let vectors: &[(u32, &[f32])] = &[(0, &[1.0, 0.0])];
    let one = DocumentVectors { document: DocumentId(id), attributes, vectors };
    store.put(&[one]).await.unwrap();
}

#[tokio::test]
async fn a_collection_is_made_as_the_configuration_says_and_tuned_when_it_changes() {
    let server = FakeQdrant::start("1.12.0", "");
    let plain = config(&server);
    let store = vectors::open(&plain, &contents("m1")).unwrap();
    assert_eq!(store.ensure().await.unwrap(), Ensured::Created);
    put(&*store, 7).await;
    let tuned = config::Store { on_disk: true, quantization: Quantization::Scalar, ..plain };
    let store = vectors::open(&tuned, &contents("m1")).unwrap();
    assert_eq!(store.ensure().await.unwrap(), Ensured::Existing);
    assert_eq!(store.count().await.unwrap(), 1);
    let mut data = server.state.data();
    let collection = data.collections.get_mut("ragterm_c1_m1").unwrap();
    assert!(collection.made_with.quantization_config.is_some());
    #[expect(deprecated, reason = "what servers of this version know")]
    let on_disk = collection.params().on_disk;
    assert_eq!(on_disk, Some(true));
    let indexes: Vec<_> =
        collection.indexes.iter().map(|(field, kind)| (field.as_str(), *kind)).collect();
    let expected = [
        ("document", FieldType::Integer),
        ("kind", FieldType::Keyword),
        ("modified_ms", FieldType::Integer),
        ("source", FieldType::Integer),
    ];
    assert_eq!(indexes, expected);
}

#[tokio::test]
async fn the_catalogs_alias_moves_to_the_model_that_is_used() {
    let server = FakeQdrant::start("1.16.3", "");
    for model in ["m1", "m2"] {
        let store = vectors::open(&config(&server), &contents(model)).unwrap();
        store.ensure().await.unwrap();
        let expected = format!("ragterm_c1_{model}");
        assert_eq!(server.state.data().aliases.get("ragterm_c1"), Some(&expected));
    }
    assert_eq!(server.state.data().collections.len(), 2);
}

#[tokio::test]
async fn an_old_server_and_a_wrong_key_are_named() {
    let old = FakeQdrant::start("1.11.5", "");
    let store = vectors::open(&config(&old), &contents("m1")).unwrap();
    let error = store.ensure().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("version 1.11.5, and ragterm needs 1.12"), "{error}");

    let guarded = FakeQdrant::start("1.12.0", "sesame");
    let store = vectors::open(&config(&guarded), &contents("m1")).unwrap();
    let error = store.ensure().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.next_step().unwrap().contains("store.api_key"), "{error}");
    let api_key = Secret::Value("sesame".into());
    let config = config::Store { api_key, ..config(&guarded) };
    let store = vectors::open(&config, &contents("m1")).unwrap();
    assert_eq!(store.ensure().await.unwrap(), Ensured::Created);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_its_address() {
    let gone = FakeQdrant::start("1.12.0", "");
    let config = config(&gone);
    drop(gone);
    let store = vectors::open(&config, &contents("m1")).unwrap();
    let error = store.ensure().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains(&config.url), "{error}");
    assert!(error.next_step().unwrap().contains("store.url"), "{error}");
}
