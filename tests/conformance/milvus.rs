//! What ragterm makes of a Milvus server: settings and credentials.

use ragterm::config::{self, Quantization, Secret};
use ragterm::error::ErrorKind;

use super::stores::{Fresh, Subject, of_sources};
use crate::support::skipped;

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_on_disk_with_short_codes_finds_the_same() {
    let Some(fresh) = Fresh::new(Subject::Milvus, 2).await else { return };
    fresh.store.drop_collection().await.unwrap();
    let plain = fresh.config.clone();
    let config = config::Store { on_disk: true, quantization: Quantization::Scalar, ..plain };
    let fresh = Fresh { store: fresh.with(&config), ..fresh };
    fresh.store.ensure().await.unwrap();
    fresh.put(1, &[(0, &[1.0, 0.0]), (1, &[0.0, 1.0])]).await;
    fresh.put(2, &[(0, &[1.0, 1.0])]).await;
    assert_eq!(fresh.find(&[0.1, 1.0], &of_sources(&[1]), 5).await, [(1, 1), (2, 0)]);
    fresh.store.drop_collection().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_named() {
    let Some(fresh) = Fresh::new(Subject::Milvus, 2).await else { return };
    fresh.store.drop_collection().await.unwrap();
    if fresh.config.api_key == Secret::Unset {
        skipped("RAGTERM_TEST_MILVUS_API_KEY is not set");
        return;
    }
    for api_key in [Secret::Unset, Secret::Value("root:wrong".into())] {
        let config = config::Store { api_key, ..fresh.config.clone() };
        let error = fresh.with(&config).ensure().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(error.next_step().unwrap().contains("store.api_key"), "{error}");
    }
}
