//! What Word's styles say of paragraphs: which are headings, and how they are numbered.

use std::collections::BTreeMap;

use crate::extract::xml::{Token, Tokens, attribute};

/// A style may rest on another one, and so on: this far it is followed.
const MAX_CHAIN: usize = 20;

/// The properties of a paragraph, its own or those of its style.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Traits {
    /// From 0; 9 is body text.
    pub outline_level: Option<u8>,
    pub is_title: bool,
    pub list: Option<String>,
    pub list_level: Option<usize>,
}

impl Traits {
    /// Takes what another one says where this one says nothing.
    pub(super) fn inherit(&mut self, other: &Self) {
        self.outline_level = self.outline_level.or(other.outline_level);
        self.is_title |= other.is_title;
        self.list = self.list.take().or_else(|| other.list.clone());
        self.list_level = self.list_level.or(other.list_level);
    }

    /// Notes what a property in `w:pPr` says.
    pub(super) fn note(&mut self, name: &str, value: Option<String>) {
        let Some(value) = value else { return };
        match name {
            "outlineLvl" => self.outline_level = value.parse().ok(),
            "numId" => self.list = Some(value),
            "ilvl" => self.list_level = value.parse().ok().filter(|level| *level < 9),
            _ => {}
        }
    }
}

#[derive(Debug, Default)]
struct Style {
    based_on: Option<String>,
    traits: Traits,
}

/// The paragraph styles, by id.
#[derive(Debug, Default)]
pub(super) struct Styles(BTreeMap<String, Style>);

impl Styles {
    /// Reads `styles.xml`; what is damaged in it counts as not there.
    pub(super) fn parse(xml: &str) -> Self {
        let mut styles = BTreeMap::new();
        let mut open: Option<(String, Style)> = None;
        let mut tokens = Tokens::new(xml);
        while let Ok(Some(token)) = tokens.next() {
            match token {
                Token::Open(tag) => {
                    let name = tag.local_name();
                    let value = attribute(&tag, "val");
                    match (name.as_ref(), &mut open) {
                        ("style", _) => {
                            open = attribute(&tag, "styleId").map(|id| (id, Style::default()));
                        }
                        ("name", Some((_, style))) => name_style(style, &value.unwrap_or_default()),
                        ("basedOn", Some((_, style))) => style.based_on = value,
                        (name, Some((_, style))) => style.traits.note(name, value),
                        _ => {}
                    }
                }
                Token::Close(tag) if tag.local_name().as_ref() == "style" => {
                    styles.extend(open.take());
                }
                _ => {}
            }
        }
        Self(styles)
    }

    /// What a style says, together with those that it rests on.
    pub(super) fn traits(&self, id: &str) -> Traits {
        let mut traits = Traits::default();
        let mut next = self.0.get(id);
        for _ in 0..MAX_CHAIN {
            let Some(style) = next else { break };
            traits.inherit(&style.traits);
            next = style.based_on.as_ref().and_then(|id| self.0.get(id));
        }
        traits
    }
}

/// Built-in styles have the same names in every language of Word.
fn name_style(style: &mut Style, name: &str) {
    let name = name.to_lowercase();
    style.traits.is_title = name == "title" || name == "제목";
    let level = ["heading ", "제목 ", "개요 "].iter().find_map(|start| name.strip_prefix(start));
    if let Some(level @ 1..=9) = level.and_then(|level| level.trim().parse::<u8>().ok()) {
        style.traits.outline_level = Some(level - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_takes_its_level_from_the_one_it_rests_on() {
        let styles = Styles::parse(
            r#"<styles><style w:styleId="1"><name w:val="heading 2"/></style>
            <style w:styleId="own"><name w:val="Own"/><basedOn w:val="1"/></style>
            <style w:styleId="a"><basedOn w:val="b"/></style>
            <style w:styleId="b"><basedOn w:val="a"/></style></styles>"#,
        );
        assert_eq!(styles.traits("own").outline_level, Some(1));
        assert_eq!(styles.traits("a"), Traits::default());
    }
}
