//! Server-sent events, taken from lines.

use super::lines::{Lines, MAX_LINE_BYTES};
use crate::http::Fault;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Event {
    /// What kind it is; often empty.
    pub name: String,
    /// Its lines of data.
    pub data: String,
}

/// What a server sends: events, or a line for each.
#[derive(Debug)]
pub(super) enum Events {
    /// Server-sent events.
    Sent(Lines, Event),
    /// One JSON document a line.
    Lines(Lines),
}

impl Events {
    pub(super) fn lines(&mut self) -> &mut Lines {
        match self {
            Self::Sent(lines, _) | Self::Lines(lines) => lines,
        }
    }

    /// The next event with data; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Event>, Fault> {
        loop {
            match (self.lines().next().await?, &mut *self) {
                (Some(line), Self::Lines(_)) if line.trim().is_empty() => {}
                (Some(data), Self::Lines(_)) => {
                    return Ok(Some(Event { name: String::new(), data }));
                }
                (None, Self::Lines(_)) => return Ok(None),
                (Some(line), Self::Sent(_, event)) => {
                    if let Some(event) = event.take_in(&line)? {
                        return Ok(Some(event));
                    }
                }
                // The empty line after the last event may be missing.
                (None, Self::Sent(_, event)) => return Ok(event.complete()),
            }
        }
    }
}

impl Event {
    /// Takes in one line; gives the event that is complete with it.
    fn take_in(&mut self, line: &str) -> Result<Option<Self>, Fault> {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        if line.is_empty() {
            return Ok(self.complete());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" if self.data.is_empty() => self.data.push_str(value),
            "data" => self.data.extend(["\n", value]),
            "event" => value.clone_into(&mut self.name),
            // Not in the standard: earlier versions of llama.cpp send errors so.
            "error" => *self = Self { name: field.to_owned(), data: value.to_owned() },
            // A comment, `id`, `retry`, or what a later version has.
            _ => {}
        }
        if self.data.len() > MAX_LINE_BYTES {
            return Err(Fault::garbled(format!("streams an event of over {MAX_LINE_BYTES} bytes")));
        }
        Ok(None)
    }

    /// The event if it has data; begins the next one.
    fn complete(&mut self) -> Option<Self> {
        let event = std::mem::take(self);
        (!event.data.is_empty()).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events(text: &str) -> Vec<(String, String)> {
        let mut event = Event::default();
        let mut found = Vec::new();
        for line in text.split('\n') {
            let complete = event.take_in(line).unwrap();
            found.extend(complete.map(|event| (event.name, event.data)));
        }
        found
    }

    #[test]
    fn comments_and_unknown_fields_are_left_out_and_lines_of_data_joined() {
        let text = "\u{feff}: hello\nretry: 5\n\nevent: a\ndata: {\"x\":\ndata:1}\n\ndata: b\nid: 7\n\n:\n\n";
        let expected = [("a", "{\"x\":\n1}"), ("", "b")];
        assert_eq!(events(text), expected.map(|(name, data)| (name.into(), data.into())));
    }

    #[test]
    fn only_one_space_after_the_colon_belongs_to_the_format() {
        assert_eq!(events("data:  x \n\n"), [(String::new(), " x ".into())]);
    }

    #[test]
    fn an_event_of_endless_lines_is_refused() {
        let mut event = Event::default();
        let line = format!("data: {}", "x".repeat(1_000));
        let refused = (0..2_000).find_map(|_| event.take_in(&line).err());
        assert!(refused.unwrap().message.contains("event of over"));
    }

    proptest! {
        #[test]
        fn no_lines_are_a_panic_and_none_is_an_event_without_data(
            lines in proptest::collection::vec("(data|event|error|id)?:? ?.{0,9}", 0..20),
        ) {
            for (_, data) in events(&lines.join("\n")) {
                prop_assert!(!data.is_empty());
            }
        }
    }
}
