//! The service for points.

use qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use qdrant_client::qdrant::points_server::Points;
use qdrant_client::qdrant::query::Variant as QueryVariant;
use qdrant_client::qdrant::vector_input::Variant as InputVariant;
use qdrant_client::qdrant::vectors::VectorsOptions;
use qdrant_client::qdrant::with_vectors_selector::SelectorOptions;
use qdrant_client::qdrant::{
    CountPoints, CountResponse, CountResult, CreateFieldIndexCollection, DeletePoints, DenseVector,
    FieldType, PointStruct, PointsOperationResponse, QueryPoints, QueryResponse, RetrievedPoint,
    ScoredPoint, ScrollPoints, ScrollResponse, UpsertPoints, VectorOutput, VectorsOutput, vector,
    vector_output, vectors_output,
};
use tonic::{Request, Response, Status};

use super::filters::{check, selects};
use super::unserved::unserved;
use super::{Point, State, point_id, uuid};

fn done(wait: Option<bool>) -> Result<Response<PointsOperationResponse>, Status> {
    assert_eq!(wait, Some(true), "ragterm waits for every write");
    Ok(Response::new(PointsOperationResponse::default()))
}

fn unit(vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let scale = if length > 0.0 { length } else { 1.0 };
    vector.into_iter().map(|value| value / scale).collect()
}

/// The components of a vector in either of its forms.
fn components(point: &PointStruct, dimensions: u64) -> Result<Vec<f32>, Status> {
    let vectors = point.vectors.as_ref().and_then(|vectors| vectors.vectors_options.clone());
    let Some(VectorsOptions::Vector(vector)) = vectors else {
        return Err(Status::invalid_argument("Wrong input: Not existing vector name error"));
    };
    #[expect(deprecated, reason = "the form for older servers")]
    let components = match vector.vector {
        Some(vector::Vector::Dense(dense)) => dense.data,
        _ => vector.data,
    };
    if components.len() as u64 != dimensions {
        let found = components.len();
        return Err(Status::invalid_argument(format!(
            "Wrong input: Vector dimension error: expected dim: {dimensions}, got {found}"
        )));
    }
    Ok(unit(components))
}

fn output(vector: &[f32]) -> VectorsOutput {
    let dense = vector_output::Vector::Dense(DenseVector { data: vector.to_vec() });
    let output = VectorOutput { vector: Some(dense), ..VectorOutput::default() };
    VectorsOutput { vectors_options: Some(vectors_output::VectorsOptions::Vector(output)) }
}

#[tonic::async_trait]
impl Points for State {
    async fn upsert(
        &self,
        request: Request<UpsertPoints>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = self.authorise(request)?;
        let mut data = self.data();
        let collection = data.collection(&request.collection_name)?;
        let dimensions = collection.params().size;
        for point in request.points {
            let vector = components(&point, dimensions)?;
            let id = uuid(point.id.as_ref())?;
            collection.points.insert(id, Point { vector, payload: point.payload });
        }
        done(request.wait)
    }

    async fn delete(
        &self,
        request: Request<DeletePoints>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = self.authorise(request)?;
        let mut data = self.data();
        let collection = data.collection(&request.collection_name)?;
        match request.points.and_then(|selector| selector.points_selector_one_of) {
            Some(PointsSelectorOneOf::Filter(filter)) => {
                check(collection, Some(&filter))?;
                collection.points.retain(|id, point| !selects(Some(&filter), id, point));
            }
            other => panic!("not expected: {other:?}"),
        }
        done(request.wait)
    }

    async fn create_field_index(
        &self,
        request: Request<CreateFieldIndexCollection>,
    ) -> Result<Response<PointsOperationResponse>, Status> {
        let request = self.authorise(request)?;
        let kind = FieldType::try_from(request.field_type.unwrap()).unwrap();
        let mut data = self.data();
        let collection = data.collection(&request.collection_name)?;
        collection.indexes.insert(request.field_name, kind);
        done(request.wait)
    }

    async fn count(
        &self,
        request: Request<CountPoints>,
    ) -> Result<Response<CountResponse>, Status> {
        let request = self.authorise(request)?;
        assert_eq!(request.exact, Some(true), "an approximate count is of no use");
        let mut data = self.data();
        let count = data.collection(&request.collection_name)?.points.len() as u64;
        let result = Some(CountResult { count });
        Ok(Response::new(CountResponse { result, ..CountResponse::default() }))
    }

    async fn scroll(
        &self,
        request: Request<ScrollPoints>,
    ) -> Result<Response<ScrollResponse>, Status> {
        let request = self.authorise(request)?;
        let mut data = self.data();
        let collection = data.collection(&request.collection_name)?;
        check(collection, request.filter.as_ref())?;
        let first = match &request.offset {
            Some(offset) => uuid(Some(offset))?,
            None => String::new(),
        };
        let with_vectors = request.with_vectors.and_then(|with| with.selector_options)
            == Some(SelectorOptions::Enable(true));
        let mut selected = collection
            .points
            .range(first..)
            .filter(|(id, point)| selects(request.filter.as_ref(), id, point));
        let page = selected.by_ref().take(request.limit.unwrap_or(10) as usize);
        let result = page
            .map(|(id, point)| RetrievedPoint {
                id: Some(point_id(id)),
                vectors: with_vectors.then(|| output(&point.vector)),
                ..RetrievedPoint::default()
            })
            .collect();
        let next_page_offset = selected.next().map(|(id, _)| point_id(id));
        Ok(Response::new(ScrollResponse { result, next_page_offset, ..Default::default() }))
    }

    async fn query(
        &self,
        request: Request<QueryPoints>,
    ) -> Result<Response<QueryResponse>, Status> {
        let request = self.authorise(request)?;
        let mut data = self.data();
        let collection = data.collection(&request.collection_name)?;
        check(collection, request.filter.as_ref())?;
        let variant = request.query.and_then(|query| query.variant);
        let Some(QueryVariant::Nearest(input)) = variant else { panic!("{variant:?}") };
        let Some(InputVariant::Dense(query)) = input.variant else { panic!("not dense") };
        if query.data.len() as u64 != collection.params().size {
            return Err(Status::invalid_argument("Wrong input: Vector dimension error"));
        }
        let query = unit(query.data);
        let cosine = |vector: &[f32]| vector.iter().zip(&query).map(|(one, two)| one * two).sum();
        let points = collection.points.iter();
        let selected = points.filter(|(id, point)| selects(request.filter.as_ref(), id, point));
        let mut result: Vec<ScoredPoint> = selected
            .map(|(id, point)| ScoredPoint {
                id: Some(point_id(id)),
                score: cosine(&point.vector),
                ..ScoredPoint::default()
            })
            .collect();
        result.sort_by(|one, other| other.score.total_cmp(&one.score));
        result.truncate(request.limit.unwrap_or(10) as usize);
        Ok(Response::new(QueryResponse { result, ..QueryResponse::default() }))
    }

    unserved! {
        get(GetPoints) -> GetResponse,
        update_vectors(UpdatePointVectors) -> PointsOperationResponse,
        delete_vectors(DeletePointVectors) -> PointsOperationResponse,
        set_payload(SetPayloadPoints) -> PointsOperationResponse,
        overwrite_payload(SetPayloadPoints) -> PointsOperationResponse,
        delete_payload(DeletePayloadPoints) -> PointsOperationResponse,
        clear_payload(ClearPayloadPoints) -> PointsOperationResponse,
        delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse,
        create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse,
        delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse,
        search(SearchPoints) -> SearchResponse,
        search_batch(SearchBatchPoints) -> SearchBatchResponse,
        search_groups(SearchPointGroups) -> SearchGroupsResponse,
        recommend(RecommendPoints) -> RecommendResponse,
        recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse,
        recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse,
        discover(DiscoverPoints) -> DiscoverResponse,
        discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse,
        update_batch(UpdateBatchPoints) -> UpdateBatchResponse,
        query_batch(QueryBatchPoints) -> QueryBatchResponse,
        query_groups(QueryPointGroups) -> QueryGroupsResponse,
        facet(FacetCounts) -> FacetResponse,
        search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse,
        search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse,
    }
}
