//! The fields of a passage in the index, and the analyzer as tantivy wants it.

use tantivy::schema::{
    Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

use super::analyzer::Analyzer;
use super::remembered::{self, Remembered};

/// Part of the schema on disk: count it up when terms, weights or fields change their meaning,
/// and every older index is rebuilt.
pub(super) const ANALYSIS: &str = "ragterm-2";

/// The fields of one passage. Text is not stored: it lives in the catalog.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Title, file name, headings and body in one field, the former repeated by their weights:
    /// a term's frequencies are added up before they saturate (BM25F).
    pub text: Field,
    pub document: Field,
    pub ordinal: Field,
    pub seq: Field,
    pub source: Field,
    pub kind: Field,
    pub modified: Field,
}

/// The columns by name, as fast fields are opened.
pub(super) const DOCUMENT: &str = "document";
pub(super) const ORDINAL: &str = "ordinal";
pub(super) const SEQ: &str = "seq";
pub(super) const SOURCE: &str = "source";
pub(super) const KIND: &str = "kind";
pub(super) const MODIFIED: &str = "modified";

/// The schema and its fields; equal on every call.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(ANALYSIS)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let column = NumericOptions::default().set_fast();
    let fields = Fields {
        text: builder.add_text_field("text", TextOptions::default().set_indexing_options(indexing)),
        document: builder.add_u64_field(DOCUMENT, column.clone().set_indexed()),
        ordinal: builder.add_u64_field(ORDINAL, column.clone()),
        seq: builder.add_u64_field(SEQ, column.clone()),
        source: builder.add_u64_field(SOURCE, column.clone()),
        kind: builder.add_text_field(KIND, TextOptions::default().set_fast("raw")),
        modified: builder.add_i64_field(MODIFIED, column),
    };
    (builder.build(), fields)
}

/// The analyzer under the name [`ANALYSIS`].
pub(super) fn text_analyzer() -> TextAnalyzer {
    TextAnalyzer::from(PassageTokenizer::default())
}

#[derive(Default)]
struct PassageTokenizer {
    analyzer: Analyzer,
    remembered: Remembered,
}

impl Clone for PassageTokenizer {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Tokenizer for PassageTokenizer {
    type TokenStream<'a> = PassageTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> PassageTokens<'a> {
        PassageTokens { tokenizer: self, text, token: Token::default(), pulled: None }
    }
}

/// Pushes tokens straight into the index; collects them first only for callers that pull.
struct PassageTokens<'a> {
    tokenizer: &'a mut PassageTokenizer,
    text: &'a str,
    token: Token,
    pulled: Option<std::vec::IntoIter<Token>>,
}

impl TokenStream for PassageTokens<'_> {
    fn advance(&mut self) -> bool {
        if self.pulled.is_none() {
            let mut tokens = Vec::new();
            self.process(&mut |token| tokens.push(token.clone()));
            self.pulled = Some(tokens.into_iter());
        }
        match self.pulled.as_mut().and_then(Iterator::next) {
            Some(token) => {
                self.token = token;
                true
            }
            None => false,
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }

    fn process(&mut self, sink: &mut dyn FnMut(&Token)) {
        let token = &mut self.token;
        let mut push = |term: &str, position: u32, (start, end): (usize, usize)| {
            token.text.clear();
            token.text.push_str(term);
            token.position = position as usize;
            (token.offset_from, token.offset_to) = (start, end);
            sink(token);
        };
        let PassageTokenizer { analyzer, remembered } = &mut *self.tokenizer;
        if self.text.len() <= remembered::MAX_BYTES {
            return remembered.terms(self.text, analyzer).each(push);
        }
        analyzer.tokens(self.text, &mut |found| {
            push(found.term, found.position, (found.start, found.end));
        });
    }
}
