//! What the machine can do: tantivy alone and the model alone, over the text of a folder.
//!
//! `cargo bench --bench bare -- tantivy|model FOLDER` prints one JSON object. `scripts/measure.py`
//! sets ragterm's own figures beside these.

#![expect(clippy::print_stdout, reason = "a script reads the output")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ragterm::chunk::{self, ChunkSettings};
use ragterm::embed::{Tokenizer, language};
use ragterm::id::DocumentId;
use ragterm_connectors::extract::{Input, extract};
use rten::{ModelOptions, RunOptions, ThreadPool, Value};
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{
    Language, LowerCaser, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer,
};
use tantivy::{Index, doc};

/// Passages that the model loop embeds at the most.
const MAX_PASSAGES: usize = 600;

/// The size of a passage, as ragterm's default.
const TOKENS: usize = 220;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (what, folder) = (arguments.next().unwrap_or_default(), arguments.next());
    let Some(folder) = folder else {
        // Without arguments `cargo bench` runs the other benchmarks.
        return;
    };
    let (bytes, passages) = read(Path::new(&folder));
    match what.as_str() {
        "tantivy" => tantivy_alone(bytes, &passages),
        "model" => model_alone(&passages),
        other => panic!("`{other}` is no bare loop; use tantivy or model"),
    }
}

/// The bytes of all files below a folder, and the passages that ragterm makes of them.
fn read(folder: &Path) -> (usize, Vec<String>) {
    let mut bytes = 0;
    let mut passages = Vec::new();
    let mut directories = vec![PathBuf::from(folder)];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("the folder is readable") {
            let path = entry.expect("the folder is readable").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let content = std::fs::read(&path).expect("the file is readable");
            bytes += content.len();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let Ok(extraction) = extract(&Input::new(&name, &content)) else { continue };
            let document = extraction.document;
            let settings = ChunkSettings { max_tokens: TOKENS };
            let title = document.title.clone();
            for chunk in chunk::chunk(DocumentId(1), &document, &settings) {
                passages.push(chunk::embedding_text(title.as_deref(), &chunk));
            }
        }
    }
    (bytes, passages)
}

fn tantivy_alone(bytes: usize, passages: &[String]) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("english")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let body = schema.add_text_field("body", TextOptions::default().set_indexing_options(indexing));
    let directory = tempfile::tempdir().expect("a temporary directory");
    let index = Index::create_in_dir(directory.path(), schema.build()).expect("an index");
    let english = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(LowerCaser)
        .filter(StopWordFilter::new(Language::English).expect("stop words"))
        .filter(Stemmer::new(Language::English))
        .build();
    index.tokenizers().register("english", english);
    let begin = Instant::now();
    let mut writer = index.writer_with_num_threads(2, 128 << 20).expect("a writer");
    for passage in passages {
        writer.add_document(doc!(body => passage.as_str())).expect("it is added");
    }
    writer.commit().expect("it is committed");
    let seconds = begin.elapsed().as_secs_f64();
    let rate = bytes as f64 / seconds / 1e6;
    println!("{{\"passages\":{},\"seconds\":{seconds:.3},\"mb_per_s\":{rate:.2}}}", passages.len());
}

fn model_alone(passages: &[String]) {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/minilm/model.onnx");
    let model = ModelOptions::with_all_ops()
        .prepack_weights(true)
        .load_file(assets)
        .expect("the model in assets loads");
    let tokenizer = Tokenizer::load().expect("the tokenizer loads");
    let readable: Vec<&String> = passages.iter().filter(|text| language::reads(text)).collect();
    let step = readable.len().div_ceil(MAX_PASSAGES).max(1);
    let chosen: Vec<&String> = readable.into_iter().step_by(step).collect();
    let begin = Instant::now();
    let next = AtomicUsize::new(0);
    let tokens = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let pool = std::sync::Arc::new(ThreadPool::with_num_threads(1));
                while let Some(text) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = tokenizer.count(text).expect("it is tokenised").min(254) + 2;
                    tokens.fetch_add(count, Ordering::Relaxed);
                    let ids = vec![2_000_i32; count];
                    let input = Value::from_shape([1, count], ids).expect("a matrix");
                    let options = RunOptions::default().with_thread_pool(Some(pool.clone()));
                    let names = ["token_ids", "embedding"].map(|name| model.node_id(name));
                    let [input_node, output_node] =
                        names.map(|node| node.expect("the node is there"));
                    model
                        .run([(input_node, input.into())].into(), &[output_node], Some(options))
                        .expect("it runs");
                }
            });
        }
    });
    let seconds = begin.elapsed().as_secs_f64();
    let mean = tokens.into_inner() as f64 / chosen.len() as f64;
    println!(
        "{{\"passages\":{},\"mean_tokens\":{mean:.0},\"seconds\":{seconds:.3},\"passages_per_s\":{:.2}}}",
        chosen.len(),
        chosen.len() as f64 / seconds
    );
}
