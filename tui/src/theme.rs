//! Themes: which style each role has, on terminals of many, sixteen and no colours.

use ratatui::style::{Color, Modifier, Style};

use crate::text::{Role, nearest};

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// None: `NO_COLOR`, or a terminal that says so.
    None,
    /// The sixteen of every terminal.
    #[default]
    Sixteen,
    /// All of them.
    Full,
}

impl Colour {
    /// What the variables `NO_COLOR`, `COLORTERM` and `TERM` say, read through `variable`.
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb" {
            return Self::None;
        }
        match variable("COLORTERM").as_deref() {
            Some("truecolor" | "24bit") => Self::Full,
            _ if term.ends_with("-mono") || term.starts_with("vt1") => Self::None,
            _ if term.ends_with("-direct") => Self::Full,
            _ => Self::Sixteen,
        }
    }
}

/// A theme by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's own sixteen colours, for dark and light backgrounds.
    Terminal,
    /// For dark backgrounds, in many colours.
    Dark,
    /// For light backgrounds, in many colours.
    Light,
    /// Without colour: bold, underlined and reversed.
    Plain,
}

/// The names of all themes, the default first.
pub const THEMES: [&str; 4] = ["terminal", "dark", "light", "plain"];

impl Theme {
    /// The theme of a name; fails with a sentence that names the nearest one.
    pub fn named(name: &str) -> Result<Self, String> {
        match name {
            "" | "terminal" => Ok(Self::Terminal),
            "dark" => Ok(Self::Dark),
            "light" => Ok(Self::Light),
            "plain" => Ok(Self::Plain),
            _ => Err(match nearest(name, THEMES.into_iter()) {
                Some(near) => format!("no such theme; did you mean `{near}`?"),
                None => format!("no such theme; valid: {}", THEMES.join(", ")),
            }),
        }
    }

    /// How a role looks on a terminal of so many colours.
    pub fn style(self, role: Role, colour: Colour) -> Style {
        match (self, colour) {
            (Self::Plain, _) | (_, Colour::None) => plain(role),
            (Self::Terminal, _) => coloured(role, SIXTEEN),
            // Sixteen colours cannot tell the shades of these apart.
            (_, Colour::Sixteen) => coloured(role, SIXTEEN),
            (Self::Dark, Colour::Full) => coloured(role, DARK),
            (Self::Light, Colour::Full) => coloured(role, LIGHT),
        }
    }
}

/// The colours of a theme; `None` is the terminal's own.
struct Palette {
    dim: Option<Color>,
    heading: Color,
    matched: Color,
    code: Color,
    keyword: Color,
    literal: Color,
    link: Color,
    accent: Color,
    good: Color,
    warning: Color,
    error: Color,
    selected: Option<Color>,
}

const SIXTEEN: Palette = Palette {
    dim: None,
    heading: Color::Blue,
    matched: Color::Yellow,
    code: Color::Cyan,
    keyword: Color::Magenta,
    literal: Color::Green,
    link: Color::Blue,
    accent: Color::Cyan,
    good: Color::Green,
    warning: Color::Yellow,
    error: Color::Red,
    selected: None,
};

const DARK: Palette = Palette {
    dim: Some(Color::Rgb(0x8b, 0x93, 0xa6)),
    heading: Color::Rgb(0x82, 0xaa, 0xff),
    matched: Color::Rgb(0xff, 0xcb, 0x6b),
    code: Color::Rgb(0x89, 0xdd, 0xff),
    keyword: Color::Rgb(0xc7, 0x92, 0xea),
    literal: Color::Rgb(0xc3, 0xe8, 0x8d),
    link: Color::Rgb(0x82, 0xaa, 0xff),
    accent: Color::Rgb(0x89, 0xdd, 0xff),
    good: Color::Rgb(0xc3, 0xe8, 0x8d),
    warning: Color::Rgb(0xff, 0xcb, 0x6b),
    error: Color::Rgb(0xff, 0x75, 0x7f),
    selected: Some(Color::Rgb(0x2b, 0x30, 0x40)),
};

const LIGHT: Palette = Palette {
    dim: Some(Color::Rgb(0x6b, 0x70, 0x7d)),
    heading: Color::Rgb(0x1d, 0x4e, 0xd8),
    matched: Color::Rgb(0xb4, 0x53, 0x09),
    code: Color::Rgb(0x0e, 0x74, 0x90),
    keyword: Color::Rgb(0x7e, 0x22, 0xce),
    literal: Color::Rgb(0x15, 0x80, 0x3d),
    link: Color::Rgb(0x1d, 0x4e, 0xd8),
    accent: Color::Rgb(0x0e, 0x74, 0x90),
    good: Color::Rgb(0x15, 0x80, 0x3d),
    warning: Color::Rgb(0xb4, 0x53, 0x09),
    error: Color::Rgb(0xb9, 0x1c, 0x1c),
    selected: Some(Color::Rgb(0xe5, 0xe9, 0xf0)),
};

fn coloured(role: Role, palette: Palette) -> Style {
    let style = Style::new();
    let dim = palette.dim.map_or(style.add_modifier(Modifier::DIM), |colour| style.fg(colour));
    match role {
        Role::Text => style,
        Role::Dim | Role::Comment => dim,
        Role::Title | Role::Strong => style.add_modifier(Modifier::BOLD),
        Role::Heading => style.fg(palette.heading).add_modifier(Modifier::BOLD),
        Role::Match => style.fg(palette.matched).add_modifier(Modifier::BOLD),
        Role::Code => style.fg(palette.code),
        Role::Keyword => style.fg(palette.keyword),
        Role::Literal => style.fg(palette.literal),
        Role::Link => style.fg(palette.link).add_modifier(Modifier::UNDERLINED),
        Role::Accent | Role::Citation => style.fg(palette.accent).add_modifier(Modifier::BOLD),
        Role::Good => style.fg(palette.good),
        Role::Warning => style.fg(palette.warning),
        Role::Error => style.fg(palette.error),
        Role::Selected => palette
            .selected
            .map_or(style.add_modifier(Modifier::REVERSED), |colour| style.bg(colour)),
        Role::Bar => dim,
    }
}

fn plain(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Title | Role::Strong | Role::Heading | Role::Keyword => {
            style.add_modifier(Modifier::BOLD)
        }
        Role::Match | Role::Link => style.add_modifier(Modifier::UNDERLINED),
        Role::Accent | Role::Citation | Role::Error => style.add_modifier(Modifier::BOLD),
        Role::Selected => style.add_modifier(Modifier::REVERSED),
        Role::Dim | Role::Comment | Role::Bar => style.add_modifier(Modifier::DIM),
        Role::Text | Role::Code | Role::Literal | Role::Good | Role::Warning => style,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_answered_with_the_nearest() {
        assert_eq!(Theme::named("drak"), Err("no such theme; did you mean `dark`?".into()));
        assert_eq!(
            Theme::named("zzz"),
            Err("no such theme; valid: terminal, dark, light, plain".into())
        );
        assert!(THEMES.iter().all(|name| Theme::named(name).is_ok()));
    }

    #[test]
    fn no_colour_means_no_colour() {
        let detect = |variables: &'static [(&str, &str)]| {
            Colour::detect(|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
            })
        };
        assert_eq!(detect(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), Colour::None);
        assert_eq!(detect(&[("NO_COLOR", ""), ("COLORTERM", "truecolor")]), Colour::Full);
        assert_eq!(detect(&[("TERM", "xterm-256color")]), Colour::Sixteen);
        assert_eq!(detect(&[("TERM", "vt100")]), Colour::None);
        for role in [Role::Match, Role::Error, Role::Selected, Role::Heading] {
            let style = Theme::Dark.style(role, Colour::None);
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
