//! Links: to pages, which leave their text; to pictures, which leave their captions; to categories.

use super::site::{CATEGORY, FILE};
use super::wikitext::Expander;

const MAX_CATEGORIES: usize = 200;

/// How a picture is shown, in the languages that are seen most.
const PICTURE_OPTIONS: [&str; 40] = [
    "baseline",
    "border",
    "bottom",
    "center",
    "centre",
    "droite",
    "enframed",
    "frame",
    "framed",
    "frameless",
    "gauche",
    "hochkant",
    "left",
    "links",
    "middle",
    "mini",
    "miniatur",
    "miniatura",
    "none",
    "ohne",
    "rahmenlos",
    "rechts",
    "right",
    "sub",
    "super",
    "text-bottom",
    "text-top",
    "thumb",
    "thumbnail",
    "top",
    "upright",
    "vignette",
    "zentriert",
    "왼쪽",
    "오른쪽",
    "섬네일",
    "가운데",
    "サムネイル",
    "右",
    "左",
];

/// Writes what readers see of a link.
pub(super) fn write_link(expander: &mut Expander<'_>, parts: &[&str]) {
    let target = parts[0].trim();
    let Some((prefix, name)) = target.split_once(':') else {
        return write_text(expander, target, parts);
    };
    match expander.site.namespace(prefix) {
        CATEGORY if expander.categories.len() < MAX_CATEGORIES => {
            expander.categories.push(name.trim().to_owned());
        }
        CATEGORY => {}
        FILE => write_caption(expander, &parts[1..]),
        _ if parts.len() == 1 && is_language(prefix) => {}
        _ => write_text(expander, target.trim_start_matches(':'), parts),
    }
}

fn write_text(expander: &mut Expander<'_>, target: &str, parts: &[&str]) {
    let text = parts[1..].join("|");
    let shown = if text.trim().is_empty() { target.trim_start_matches('#') } else { &text };
    expander.out.push_str(shown);
}

fn write_caption(expander: &mut Expander<'_>, parts: &[&str]) {
    let caption = parts.iter().rev().find(|part| !is_option(part));
    if let Some(caption) = caption.filter(|caption| !caption.trim().is_empty()) {
        expander.out.push_str(&format!("<p>{}</p>", caption.trim()));
    }
}

fn is_option(part: &str) -> bool {
    let part = part.trim().to_lowercase();
    let pixels = part.strip_suffix("px").unwrap_or("-");
    let is_size = pixels.chars().all(|char| char.is_ascii_digit() || char == 'x');
    let name = part.split_once('=').map(|(name, _)| name.trim());
    let is_set = name.is_some_and(|name| {
        matches!(
            name,
            "alt" | "link" | "page" | "lang" | "class" | "upright" | "thumb" | "hochkant"
        )
    });
    is_size || is_set || PICTURE_OPTIONS.contains(&&*part)
}

/// The same page in another language, which is shown beside the text.
fn is_language(prefix: &str) -> bool {
    let is_code =
        matches!(prefix.len(), 2 | 3) && prefix.bytes().all(|byte| byte.is_ascii_lowercase());
    is_code || matches!(prefix, "simple" | "zh-yue" | "zh-min-nan" | "zh-classical" | "be-tarask")
}
