//! What a tool answers, twice: as text for models that read only text, and as structured content.

use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;

use crate::failure::Failure;

/// Neither form of an answer is longer, in bytes; agents refuse much more.
pub const MAX_BYTES: usize = 40_000;

/// Kept free for what stands around the items.
const FRAME_BYTES: usize = 6000;

/// The space that is left for items in both forms.
#[derive(Debug)]
pub struct Room {
    text: String,
    json_bytes: usize,
}

impl Room {
    /// An answer without items.
    pub fn new() -> Self {
        Self { text: String::new(), json_bytes: 0 }
    }

    /// Takes an item's text, unless the item does not fit any more.
    pub fn take(&mut self, text: &str, item: &impl Serialize) -> bool {
        let json_bytes = serde_json::to_string(item).map_or(MAX_BYTES, |json| json.len() + 1);
        let most = MAX_BYTES - FRAME_BYTES;
        let fits = self.text.len() + text.len() <= most && self.json_bytes + json_bytes <= most;
        if fits {
            self.text.push_str(text);
            self.json_bytes += json_bytes;
        }
        fits
    }

    /// The text of the items taken.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// The result of a call that did what it was asked to.
pub fn answer(text: String, report: &impl Serialize) -> Result<CallToolResult, Failure> {
    let value = serde_json::to_value(report)
        .map_err(|error| Failure::new(format!("cannot write the answer as JSON: {error}")))?;
    let mut result = CallToolResult::structured(value);
    result.content = vec![ContentBlock::text(text)];
    Ok(result)
}
