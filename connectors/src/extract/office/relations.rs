//! How the parts of an Office package refer to one another.

use std::collections::BTreeMap;

use crate::extract::parts::Package;
use crate::extract::xml::{Token, Tokens, attribute};

/// One reference of a part to another.
#[derive(Debug, Clone)]
pub(in crate::extract) struct Relation {
    /// The last word of its type, as `footnotes`.
    pub kind: String,
    /// The name of the other part.
    pub target: String,
}

/// The references of one part, by their ids.
#[derive(Debug, Default)]
pub(in crate::extract) struct Relations(BTreeMap<String, Relation>);

impl Relations {
    /// Reads those of a part; the package's own for an empty name.
    pub(in crate::extract) fn of(package: &mut Package<'_>, part: &str) -> Self {
        let (directory, name) = part.rsplit_once('/').unwrap_or(("", part));
        let path = format!("{directory}/_rels/{name}.rels");
        let xml = package.optional_xml(&path).unwrap_or_default();
        let mut relations = BTreeMap::new();
        let mut tokens = Tokens::new(&xml);
        while let Ok(Some(token)) = tokens.next() {
            let Token::Open(tag) = token else { continue };
            let is_external = attribute(&tag, "TargetMode").is_some_and(|mode| mode == "External");
            if tag.local_name().as_ref() != "Relationship" || is_external {
                continue;
            }
            let value = |name| attribute(&tag, name);
            if let (Some(id), Some(kind), Some(target)) =
                (value("Id"), value("Type"), value("Target"))
            {
                let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                let target = resolved(directory, &target);
                relations.insert(id, Relation { kind, target });
            }
        }
        Self(relations)
    }

    /// The part of this id.
    pub(in crate::extract) fn target(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|relation| &*relation.target)
    }

    /// The part of this id and kind.
    pub(in crate::extract) fn target_of_kind(&self, id: &str, kind: &str) -> Option<&str> {
        self.0.get(id).filter(|it| it.kind == kind).map(|relation| &*relation.target)
    }

    /// The ids of all references of a kind.
    pub(in crate::extract) fn ids(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(_, relation)| relation.kind == kind).map(|(id, _)| &**id)
    }

    /// All parts of a kind, without repeats.
    pub(in crate::extract) fn all(&self, kind: &str) -> Vec<&str> {
        let found = self.0.values().filter(|relation| relation.kind == kind);
        let mut targets = found.map(|relation| &*relation.target).collect::<Vec<_>>();
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    /// The first part of a kind.
    pub(in crate::extract) fn first(&self, kind: &str) -> Option<&str> {
        self.0.values().find(|relation| relation.kind == kind).map(|relation| &*relation.target)
    }
}

/// A target is relative to the directory of the part that names it.
fn resolved(directory: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path = directory.split('/').filter(|name| !name.is_empty()).collect::<Vec<_>>();
    for name in target.split('/') {
        match name {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_relative_to_their_part() {
        assert_eq!(resolved("ppt/slides", "../notesSlides/n1.xml"), "ppt/notesSlides/n1.xml");
        assert_eq!(resolved("word", "/word/styles.xml"), "word/styles.xml");
        assert_eq!(resolved("", "word/document.xml"), "word/document.xml");
    }
}
