//! What the protocols stream, event by event.

use serde_json::{Value, json};

use super::{MODEL, Then};

/// How a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `/api/chat`: one JSON document a line.
    Ollama,
    /// `/v1/chat/completions`: events.
    OpenAi,
    /// `/v1/messages`: events with names.
    Anthropic,
}

/// The counts at the end.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub prompt: u64,
    pub output: u64,
    /// Whether they were asked for.
    pub are_wanted: bool,
}

impl Protocol {
    pub const ALL: [Self; 3] = [Self::Ollama, Self::OpenAi, Self::Anthropic];

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Ollama => "application/x-ndjson",
            Self::OpenAi | Self::Anthropic => "text/event-stream",
        }
    }

    /// What comes before the first piece.
    pub fn opening(self, counts: Counts) -> String {
        match self {
            Self::Ollama => String::new(),
            Self::OpenAi => {
                ": a comment\n\n".to_owned() + &chunk(json!({ "role": "assistant" }), None)
            }
            Self::Anthropic => {
                let usage = json!({ "input_tokens": counts.prompt, "output_tokens": 1 });
                let message = json!({
                    "id": "msg_1", "type": "message", "role": "assistant", "content": [],
                    "model": MODEL, "stop_reason": null, "stop_sequence": null, "usage": usage,
                });
                let block = json!({ "type": "text", "text": "" });
                event(json!({ "type": "message_start", "message": message }))
                    + &event(json!({ "type": "content_block_start", "index": 0,
                        "content_block": block }))
                    + &event(json!({ "type": "ping" }))
            }
        }
    }

    pub fn piece(self, text: &str) -> String {
        match self {
            Self::Ollama => line(json!({ "role": "assistant", "content": text })),
            Self::OpenAi => chunk(json!({ "content": text }), None),
            Self::Anthropic => delta(json!({ "type": "text_delta", "text": text })),
        }
    }

    pub fn thought(self, text: &str) -> String {
        match self {
            Self::Ollama => line(json!({ "role": "assistant", "content": "", "thinking": text })),
            Self::OpenAi => chunk(json!({ "content": null, "reasoning_content": text }), None),
            Self::Anthropic => delta(json!({ "type": "thinking_delta", "thinking": text })),
        }
    }

    pub fn trouble(self, kind: &str, message: &str) -> String {
        match self {
            Self::Ollama => format!("{}\n", json!({ "error": message })),
            Self::OpenAi => {
                let error = json!({ "message": message, "type": kind, "code": 500 });
                format!("data: {}\n\n", json!({ "error": error }))
            }
            Self::Anthropic => {
                let error = json!({ "type": kind, "message": message });
                event(json!({ "type": "error", "error": error }))
            }
        }
    }

    /// The end, with its reason and the counts.
    pub fn closing(self, then: Then, counts: Counts) -> String {
        let reason = self.reason(then);
        match self {
            Self::Ollama => {
                let end = json!({
                    "model": MODEL, "created_at": "2026-01-02T03:04:05.678Z",
                    "message": { "role": "assistant", "content": "" }, "done": true,
                    "done_reason": reason, "total_duration": 4_883_583_458_u64,
                    "load_duration": 1_334_875, "prompt_eval_count": counts.prompt,
                    "prompt_eval_duration": 342_546_000, "eval_count": counts.output,
                    "eval_duration": 4_535_599_000_u64,
                });
                format!("{end}\n")
            }
            Self::OpenAi => {
                let total = counts.prompt + counts.output;
                let usage = json!({ "prompt_tokens": counts.prompt,
                    "completion_tokens": counts.output, "total_tokens": total });
                let last = json!({ "object": "chat.completion.chunk", "choices": [],
                    "usage": usage });
                let counted =
                    if counts.are_wanted { format!("data: {last}\n\n") } else { String::new() };
                chunk(json!({}), Some(reason)) + &counted + "data: [DONE]\n\n"
            }
            Self::Anthropic => {
                let delta = json!({ "stop_reason": reason, "stop_sequence": null });
                let usage = json!({ "output_tokens": counts.output });
                event(json!({ "type": "content_block_stop", "index": 0 }))
                    + &event(json!({ "type": "message_delta", "delta": delta, "usage": usage }))
                    + &event(json!({ "type": "message_stop" }))
            }
        }
    }

    /// An error instead of a stream.
    pub fn refusal(self, status: u16, message: &str) -> Value {
        match self {
            Self::Ollama => json!({ "error": message }),
            Self::OpenAi => json!({ "error": { "message": message, "code": status } }),
            Self::Anthropic => {
                json!({ "type": "error", "error": { "type": "an_error", "message": message } })
            }
        }
    }

    fn reason(self, then: Then) -> &'static str {
        match (self, then) {
            (Self::Anthropic, Then::Length) => "max_tokens",
            (Self::Anthropic, Then::Withheld) => "refusal",
            (Self::Anthropic, _) => "end_turn",
            (_, Then::Length) => "length",
            (Self::OpenAi, Then::Withheld) => "content_filter",
            _ => "stop",
        }
    }
}

fn line(message: Value) -> String {
    let line = json!({ "model": MODEL, "created_at": "2026-01-02T03:04:05.678Z",
        "message": message, "done": false });
    format!("{line}\n")
}

fn chunk(delta: Value, reason: Option<&str>) -> String {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": reason });
    let chunk = json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk",
        "created": 1_767_322_445, "model": MODEL, "choices": [choice], "usage": null });
    format!("data: {chunk}\n\n")
}

fn delta(delta: Value) -> String {
    event(json!({ "type": "content_block_delta", "index": 0, "delta": delta }))
}

fn event(event: Value) -> String {
    let name = event["type"].as_str().unwrap();
    format!("event: {name}\ndata: {event}\n\n")
}
