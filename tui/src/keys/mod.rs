//! Which key does what: the actions, their usual keys, and those of the configuration.

mod action;
mod press;

use std::collections::{BTreeMap, HashMap};

pub use action::{ACTIONS, Action};
pub use press::Press;

use crate::text::nearest;

/// The key of each action, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    actions: HashMap<Press, Action>,
}

impl Default for Keys {
    fn default() -> Self {
        let mut actions = HashMap::new();
        for described in &ACTIONS {
            for key in described.keys {
                let press = Press::parse(key).expect("the usual keys are valid");
                actions.insert(press, described.action);
            }
        }
        Self { actions }
    }
}

impl Keys {
    /// The usual keys, with those of the named actions replaced; fails with every problem, each
    /// with the name that it belongs to.
    pub fn new(chosen: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<(String, String)>> {
        let mut problems = Vec::new();
        let mut own: HashMap<Press, &str> = HashMap::new();
        let mut keys = Self::default();
        let mut replacing = Vec::new();
        for (name, presses) in chosen {
            let Some(action) = Action::named(name) else {
                problems.push((name.clone(), unknown(name)));
                continue;
            };
            keys.actions.retain(|_, bound| *bound != action);
            for text in presses {
                match checked(text, &own) {
                    Ok(press) => {
                        own.insert(press, name);
                        replacing.push((press, action));
                    }
                    Err(problem) => problems.push((name.clone(), problem)),
                }
            }
        }
        keys.actions.extend(replacing);
        for described in &ACTIONS {
            let is_own = chosen.contains_key(described.name);
            if !is_own && keys.of(described.action).is_empty() {
                let taken = described.keys.iter().find_map(|key| {
                    let press = Press::parse(key).ok()?;
                    Some((*key, own.get(&press)?))
                });
                if let Some((key, name)) = taken {
                    let problem = format!(
                        "`{key}` is the only key of `{}`; give that another one",
                        described.name
                    );
                    problems.push(((*name).to_owned(), problem));
                }
            }
        }
        if keys.of(Action::Quit).is_empty() && problems.is_empty() {
            let problem = "needs a key: nothing else ends the program for certain";
            problems.push((Action::Quit.described().name.into(), problem.into()));
        }
        if problems.is_empty() { Ok(keys) } else { Err(problems) }
    }

    /// Every action: its name in the configuration, what it does, and its usual keys.
    pub fn usual() -> impl Iterator<Item = (&'static str, &'static str, &'static [&'static str])> {
        ACTIONS.iter().map(|described| (described.name, described.help, described.keys))
    }

    /// What a key does.
    pub fn action(&self, press: Press) -> Option<Action> {
        self.actions.get(&press).copied()
    }

    /// The keys of an action, spelt, the usual one first.
    pub fn of(&self, action: Action) -> Vec<String> {
        let usual = action.described().keys;
        let mut keys: Vec<String> = self
            .actions
            .iter()
            .filter(|(_, bound)| **bound == action)
            .map(|(press, _)| press.to_string())
            .collect();
        keys.sort_by_key(|key| {
            (usual.iter().position(|usual| usual == key).unwrap_or(usize::MAX), key.clone())
        });
        keys
    }
}

fn unknown(name: &str) -> String {
    match nearest(name, ACTIONS.iter().map(|described| described.name)) {
        Some(near) => format!("no such action; did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = ACTIONS.iter().map(|described| described.name).collect();
            format!("no such action; valid: {}", names.join(", "))
        }
    }
}

fn checked(text: &str, own: &HashMap<Press, &str>) -> Result<Press, String> {
    let press = Press::parse(text)?;
    if press.is_typed() {
        return Err(format!(
            "`{text}` is typed into the input; take `ctrl-{text}` or `alt-{text}`"
        ));
    }
    match own.get(&press) {
        Some(other) => Err(format!("`{text}` is the key of `{other}` already")),
        None => Ok(press),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(entries: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        entries
            .iter()
            .map(|(name, keys)| ((*name).into(), keys.iter().map(|key| (*key).into()).collect()))
            .collect()
    }

    #[test]
    fn every_usual_key_belongs_to_one_action() {
        let count: usize = ACTIONS.iter().map(|described| described.keys.len()).sum();
        assert_eq!(Keys::default().actions.len(), count);
        assert_eq!(Keys::usual().count(), ACTIONS.len());
        for described in &ACTIONS {
            assert_eq!(Keys::default().of(described.action), described.keys);
        }
    }

    #[test]
    fn a_chosen_key_replaces_the_usual_ones_and_is_taken_from_others() {
        let keys = Keys::new(&chosen(&[("copy-path", &["ctrl-t"])])).unwrap();
        assert_eq!(keys.of(Action::CopyPath), ["ctrl-t"]);
        assert!(!keys.of(Action::FilterType).contains(&"ctrl-t".into()));
        assert_eq!(keys.action(Press::parse("ctrl-y").unwrap()), None);
    }

    #[test]
    fn every_problem_of_the_keys_is_told_at_once() {
        let wrong = chosen(&[
            ("copy-pth", &["ctrl-t"]),
            ("help", &["ctlr-h", "q", "f13", "ctrl-"]),
            ("indexing", &["alt-i"]),
            ("sessions", &["alt-i"]),
        ]);
        let problems = Keys::new(&wrong).unwrap_err();
        let told: Vec<String> =
            problems.iter().map(|(name, problem)| format!("{name}: {problem}")).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn the_only_key_of_an_action_is_not_taken_from_it_in_silence() {
        for (name, key, robbed) in [("indexing", "f1", "help"), ("filter-space", "up", "up")] {
            let problems = Keys::new(&chosen(&[(name, &[key])])).unwrap_err();
            assert_eq!(problems[0].0, name);
            assert!(problems[0].1.contains(&format!("the only key of `{robbed}`")), "{problems:?}");
        }
        assert!(Keys::new(&chosen(&[("indexing", &["f1"]), ("help", &["f2"])])).is_ok());
    }

    #[test]
    fn a_program_that_cannot_be_left_is_refused() {
        let problems = Keys::new(&chosen(&[("quit", &[])])).unwrap_err();
        assert_eq!(problems[0].0, "quit");
    }
}
