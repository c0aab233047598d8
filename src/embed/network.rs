//! The built-in transformer: word pieces in, one unit vector out.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, Value};

use crate::error::{Error, Result};

/// Numbers in a vector.
pub(super) const DIMENSIONS: usize = 384;
/// The length that the model was published for; longer inputs were not trained.
pub(super) const MAX_TOKENS: usize = 256;

/// Hash of the model's and the tokenizer's files, written by `assets/build_model.py`.
pub(super) const FILES_HASH: &str = include_str!("../../assets/minilm/fingerprint.txt");

const GRAPH: &[u8] = include_bytes!("../../assets/minilm/model.onnx");
const WEIGHTS_NAME: &str = "model.onnx.data";

// The ids of `[CLS]` and `[SEP]`, which frame every text.
const START: i32 = 101;
const END: i32 = 102;

/// The network, ready to run; about 12 MB of memory beside the weights in the binary.
pub(super) struct Network {
    model: Model,
    input: NodeId,
    output: NodeId,
}

impl Network {
    /// Takes about 40 ms: the weights are laid out anew for this processor.
    pub(super) fn load() -> Result<Self> {
        let model = ModelOptions::with_all_ops()
            .prepack_weights(true)
            .external_data_static(WEIGHTS_NAME, weights())
            .load_static_slice(GRAPH)
            .map_err(|error| Error::internal("cannot load the built-in model").because(error))?;
        let node = |name| model.node_id(name).map_err(failed);
        let (input, output) = (node("token_ids")?, node("embedding")?);
        Ok(Self { model, input, output })
    }

    /// Embeds one window of at most 254 tokens on the given threads.
    ///
    /// One text at a time is as fast as a batch here, needs no padding, and makes a vector
    /// depend on its own text alone although activations are quantised over a whole input.
    pub(super) fn embed(&self, window: &[u32], pool: &Arc<ThreadPool>) -> Result<Vec<f32>> {
        let mut ids = Vec::with_capacity(window.len() + 2);
        ids.push(START);
        ids.extend(window.iter().map(|id| id.cast_signed()));
        ids.push(END);
        let input = Value::from_shape([1, ids.len()], ids).map_err(failed)?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool)));
        let [vector] = self
            .model
            .run_n([(self.input, input.into())].into(), [self.output], Some(options))
            .map_err(failed)?;
        let (_, vector) = vector.into_shape_vec::<f32, 2>().map_err(failed)?;
        Ok(vector)
    }
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("the built-in model failed").because(cause)
}

fn weights() -> &'static [u8] {
    rten::include_external_data!("../../assets/minilm/model.onnx.data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_belongs_to_the_files() {
        let tokenizer = include_bytes!("../../assets/minilm/tokenizer.json");
        let mut hasher = blake3::Hasher::new();
        hasher.update(GRAPH).update(weights()).update(tokenizer);
        assert_eq!(hasher.finalize().to_hex().as_str(), FILES_HASH.trim());
    }

    #[test]
    fn the_longest_window_is_embedded_and_a_longer_one_refused() {
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        let network = Network::load().unwrap();
        let vector = network.embed(&[2_000; MAX_TOKENS - 2], &pool).unwrap();
        assert_eq!(vector.len(), DIMENSIONS);
        assert!(network.embed(&[2_000; MAX_TOKENS - 1], &pool).is_err());
    }
}
