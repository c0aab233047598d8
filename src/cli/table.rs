//! Tables for people: columns as wide as their widest cell, Korean included.

use unicode_width::UnicodeWidthStr;

use super::output::{DIM, clean};

/// What stands between two columns.
const GAP: &str = "  ";

/// A table with a line of headings.
#[derive(Debug, Clone)]
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows. A heading that begins with `>` makes a column of numbers, aligned
    /// to the right.
    pub fn new(headings: &[&'static str]) -> Self {
        Self { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; the cells may be untrusted text, and missing ones are empty.
    pub fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.iter().map(|cell| clean(cell)).collect());
    }

    /// The table as lines that each begin with `indent`.
    pub fn render(&self, indent: &str) -> String {
        let names = self.headings.iter().map(|heading| heading.trim_start_matches('>').to_owned());
        let names: Vec<String> = names.collect();
        let mut text = format!("{indent}{DIM}{}{DIM:#}\n", self.line(&names));
        for row in &self.rows {
            text.push_str(&format!("{indent}{}\n", self.line(row)));
        }
        text
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (column, heading) in self.headings.iter().enumerate() {
            let cell = cells.get(column).map_or("", String::as_str);
            let padding = " ".repeat(self.width(column).saturating_sub(cell.width()));
            let gap = if column == 0 { "" } else { GAP };
            match heading.starts_with('>') {
                true => line.push_str(&format!("{gap}{padding}{cell}")),
                false => line.push_str(&format!("{gap}{cell}{padding}")),
            }
        }
        line.trim_end().to_owned()
    }

    fn width(&self, column: usize) -> usize {
        let heading = self.headings[column].trim_start_matches('>').width();
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0).max(heading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_aligned_with_korean_and_hostile_names() {
        let mut table = Table::new(&["name", ">documents", "path"]);
        table.row(&["인사 규정".into(), "12".into(), "/srv/hr".into()]);
        table.row(&["a\u{1b}[2Jb".into(), "1,234".into()]);
        let text = anstream::adapter::strip_str(&table.render("  ")).to_string();
        insta::assert_snapshot!(text, @r"
        name       documents  path
        인사 규정         12  /srv/hr
        a�[2Jb         1,234
        ");
    }
}
