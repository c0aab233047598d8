//! The service for collections.

use qdrant_client::qdrant::alias_operations::Action;
use qdrant_client::qdrant::collections_server::Collections;
use qdrant_client::qdrant::quantization_config_diff::Quantization as CodesDiff;
use qdrant_client::qdrant::{
    AliasDescription, ChangeAliases, CollectionConfig, CollectionExists, CollectionExistsRequest,
    CollectionExistsResponse, CollectionInfo, CollectionOperationResponse, CollectionParams,
    CreateCollection, DeleteCollection, GetCollectionInfoRequest, GetCollectionInfoResponse,
    ListAliasesResponse, ListCollectionAliasesRequest, PayloadSchemaInfo, QuantizationConfig,
    UpdateCollection, VectorParams, quantization_config, vectors_config, vectors_config_diff,
};
use tonic::{Request, Response, Status};

use super::unserved::unserved;
use super::{Collection, State};

fn done() -> Result<Response<CollectionOperationResponse>, Status> {
    Ok(Response::new(CollectionOperationResponse { result: true, time: 0.0 }))
}

impl Collection {
    /// The parameters of its one vector without a name.
    pub fn params(&mut self) -> &mut VectorParams {
        let config = self.made_with.vectors_config.as_mut().unwrap();
        match config.config.as_mut().unwrap() {
            vectors_config::Config::Params(params) => params,
            vectors_config::Config::ParamsMap(_) => panic!("named vectors"),
        }
    }

    fn info(&self) -> CollectionInfo {
        let params = CollectionParams {
            vectors_config: self.made_with.vectors_config.clone(),
            ..CollectionParams::default()
        };
        let config = CollectionConfig {
            params: Some(params),
            quantization_config: self.made_with.quantization_config,
            ..CollectionConfig::default()
        };
        let schema = |(field, kind): (&String, &_)| {
            let info = PayloadSchemaInfo { data_type: *kind as i32 + 1, ..Default::default() };
            (field.clone(), info)
        };
        CollectionInfo {
            config: Some(config),
            payload_schema: self.indexes.iter().map(schema).collect(),
            points_count: Some(self.points.len() as u64),
            ..CollectionInfo::default()
        }
    }
}

#[tonic::async_trait]
impl Collections for State {
    async fn get(
        &self,
        request: Request<GetCollectionInfoRequest>,
    ) -> Result<Response<GetCollectionInfoResponse>, Status> {
        let name = self.authorise(request)?.collection_name;
        let info = self.data().collection(&name)?.info();
        Ok(Response::new(GetCollectionInfoResponse { result: Some(info), time: 0.0 }))
    }

    async fn create(
        &self,
        request: Request<CreateCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let made_with = self.authorise(request)?;
        let name = made_with.collection_name.clone();
        let mut data = self.data();
        if data.collections.contains_key(&name) {
            let message = format!("Wrong input: Collection `{name}` already exists!");
            return Err(Status::already_exists(message));
        }
        let (indexes, points) = Default::default();
        data.collections.insert(name, Collection { made_with, indexes, points });
        done()
    }

    async fn update(
        &self,
        request: Request<UpdateCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let change = self.authorise(request)?;
        let mut data = self.data();
        let collection = data.collection(&change.collection_name)?;
        if let Some(vectors_config_diff::Config::Params(params)) =
            change.vectors_config.and_then(|diff| diff.config)
        {
            #[expect(deprecated, reason = "what ragterm sends")]
            {
                collection.params().on_disk = params.on_disk;
            }
        }
        let codes = change.quantization_config.and_then(|diff| diff.quantization);
        collection.made_with.quantization_config = match codes {
            Some(CodesDiff::Scalar(codes)) => Some(QuantizationConfig {
                quantization: Some(quantization_config::Quantization::Scalar(codes)),
            }),
            Some(CodesDiff::Disabled(_)) => None,
            other => panic!("not expected: {other:?}"),
        };
        done()
    }

    async fn delete(
        &self,
        request: Request<DeleteCollection>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let name = self.authorise(request)?.collection_name;
        let mut data = self.data();
        let result = data.collections.remove(&name).is_some();
        data.aliases.retain(|_, collection| *collection != name);
        Ok(Response::new(CollectionOperationResponse { result, time: 0.0 }))
    }

    async fn update_aliases(
        &self,
        request: Request<ChangeAliases>,
    ) -> Result<Response<CollectionOperationResponse>, Status> {
        let change = self.authorise(request)?;
        let mut data = self.data();
        for operation in change.actions {
            match operation.action {
                Some(Action::CreateAlias(alias)) => {
                    data.collection(&alias.collection_name)?;
                    data.aliases.insert(alias.alias_name, alias.collection_name);
                }
                other => panic!("not expected: {other:?}"),
            }
        }
        done()
    }

    async fn list_collection_aliases(
        &self,
        request: Request<ListCollectionAliasesRequest>,
    ) -> Result<Response<ListAliasesResponse>, Status> {
        let name = self.authorise(request)?.collection_name;
        let data = self.data();
        let of_it = data.aliases.iter().filter(|(_, collection)| **collection == name);
        let aliases = of_it
            .map(|(alias, collection)| AliasDescription {
                alias_name: alias.clone(),
                collection_name: collection.clone(),
            })
            .collect();
        Ok(Response::new(ListAliasesResponse { aliases, time: 0.0 }))
    }

    async fn collection_exists(
        &self,
        request: Request<CollectionExistsRequest>,
    ) -> Result<Response<CollectionExistsResponse>, Status> {
        let name = self.authorise(request)?.collection_name;
        let exists = self.data().collection(&name).is_ok();
        let result = Some(CollectionExists { exists });
        Ok(Response::new(CollectionExistsResponse { result, time: 0.0 }))
    }

    unserved! {
        list(ListCollectionsRequest) -> ListCollectionsResponse,
        list_aliases(ListAliasesRequest) -> ListAliasesResponse,
        collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse,
        update_collection_cluster_setup(UpdateCollectionClusterSetupRequest)
            -> UpdateCollectionClusterSetupResponse,
        create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse,
        delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse,
        list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse,
    }
}
