//! Which pipeline answers a question: that of the spaces that are asked.

use std::collections::HashMap;

use crate::config::{Config, DEFAULT_PIPELINE, Pipeline};

/// The pipelines of the configuration, and the spaces that name them.
#[derive(Debug)]
pub struct Pipelines {
    default: Pipeline,
    named: HashMap<String, Pipeline>,
    of_space: HashMap<String, String>,
}

impl Pipelines {
    /// As the configuration has them.
    pub fn new(config: &Config) -> Self {
        let named = |pipeline: &Pipeline| (pipeline.name.clone(), pipeline.clone());
        Self {
            default: config.answer.pipeline.clone(),
            named: config.pipelines.iter().map(named).collect(),
            of_space: config
                .spaces
                .iter()
                .map(|space| (space.name.clone(), space.pipeline.clone()))
                .collect(),
        }
    }

    /// Whether no space names another pipeline than the default one.
    pub fn are_all_default(&self) -> bool {
        self.of_space.values().all(|name| name == DEFAULT_PIPELINE)
    }

    /// The pipeline that all of the spaces name; the default one when they differ, or there is none.
    pub fn of(&self, spaces: &[String]) -> &Pipeline {
        let name =
            |space: &String| self.of_space.get(space).map_or(DEFAULT_PIPELINE, String::as_str);
        let mut names = spaces.iter().map(name);
        let first = names.next().unwrap_or(DEFAULT_PIPELINE);
        match names.all(|other| other == first) {
            true => self.named.get(first).unwrap_or(&self.default),
            false => &self.default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Inputs;

    #[test]
    fn spaces_are_answered_by_the_pipeline_that_they_share() {
        let text = "[[spaces]]\nname = 'hr'\npipeline = 'brief'\n[[spaces]]\nname = 'legal'\n\
                    pipeline = 'brief'\n[[spaces]]\nname = 'engineering'\n\
                    [[pipelines]]\nname = 'brief'\npassages = 3\n";
        let inputs = Inputs { text: text.into(), ..Inputs::default() };
        let pipelines = Pipelines::new(&Config::load(&inputs).unwrap().config);
        let of = |spaces: &[&str]| {
            let spaces: Vec<String> = spaces.iter().map(ToString::to_string).collect();
            pipelines.of(&spaces).name.clone()
        };
        assert_eq!(of(&["hr"]), "brief");
        assert_eq!(of(&["hr", "legal"]), "brief");
        assert_eq!(of(&["hr", "engineering"]), "default");
        assert_eq!(of(&["elsewhere"]), "default");
        assert_eq!(of(&[]), "default");
    }
}
