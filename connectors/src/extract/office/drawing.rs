//! Text in drawings: charts as tables, diagrams as lines.

use crate::extract::cells::{Cell, Grid};
use crate::extract::xml::{Token, Tokens, attribute};

/// A chart with more is no longer read by people.
const MAX_SERIES: usize = 200;
const MAX_VALUES: usize = 10_000;

/// The title of a chart and a line for each category; the values behind the names of the series.
pub(in crate::extract) fn chart(xml: &str) -> String {
    let chart = Chart::parse(xml);
    let mut text = chart.title.trim().to_owned();
    // A header and a value for each cell: it cannot outgrow the chart by much.
    let mut budget = xml.len();
    let mut grid = Grid::default();
    let names = chart.series.iter().map(|series| Cell::new(series.name.trim()));
    let header = std::iter::once(Cell::new("")).chain(names).collect::<Vec<_>>();
    let mut lines = vec![grid.header_row(&header, &mut budget)];
    let categories = chart.series.iter().map(|series| &series.categories);
    let categories = categories.max_by_key(|it| it.len()).map(Vec::as_slice).unwrap_or_default();
    let rows = chart.series.iter().map(|series| series.values.len()).max().unwrap_or(0);
    for row in 0..rows.max(categories.len()).min(MAX_VALUES) {
        if budget == 0 {
            break;
        }
        let at = |list: &[String]| list.get(row).cloned().unwrap_or_default();
        let values = chart.series.iter().map(|series| at(&series.values));
        let texts = std::iter::once(at(categories)).chain(values).collect::<Vec<_>>();
        let cells = texts.iter().map(|text| Cell::new(text)).collect::<Vec<_>>();
        lines.push(grid.row(&cells, &mut budget));
    }
    for line in lines.iter().filter(|line| !line.is_empty()) {
        text.push('\n');
        text.push_str(line);
    }
    text
}

/// The title of a chart whose values stand elsewhere.
pub(in crate::extract) fn chart_title(xml: &str) -> String {
    Chart::parse(xml).title.trim().to_owned()
}

#[derive(Debug, Default)]
struct Chart {
    title: String,
    series: Vec<Series>,
}

#[derive(Debug, Default)]
struct Series {
    name: String,
    categories: Vec<String>,
    values: Vec<String>,
}

impl Chart {
    fn parse(xml: &str) -> Self {
        let mut chart = Self::default();
        // Which list of a series is open.
        let mut list = "";
        let mut tokens = Tokens::new(xml);
        while let Ok(Some(token)) = tokens.next() {
            let Token::Open(tag) = token else { continue };
            match tag.local_name().as_ref() {
                "ser" if chart.series.len() == MAX_SERIES => break,
                "ser" => {
                    chart.series.push(Series::default());
                    list = "";
                }
                "tx" => list = "name",
                "cat" | "xVal" => list = "categories",
                "val" | "yVal" => list = "values",
                "dLbls" | "trendline" | "errBars" if tokens.skip_element().is_err() => break,
                "t" => {
                    let Ok(text) = tokens.text_of_element() else { break };
                    chart.title.push_str(&text);
                    chart.title.push(' ');
                }
                "v" => {
                    let Ok(text) = tokens.text_of_element() else { break };
                    if let Some(series) = chart.series.last_mut() {
                        series.push(list, text);
                    }
                }
                _ => {}
            }
        }
        chart
    }
}

impl Series {
    fn push(&mut self, list: &str, text: String) {
        match list {
            "name" => self.name = text,
            "categories" => self.categories.push(text),
            "values" => {
                self.values.push(text.parse().map_or(text, crate::extract::workbook::number_text))
            }
            _ => {}
        }
    }
}

/// The paragraphs of a diagram or of any other drawing.
pub(in crate::extract) fn paragraphs(xml: &str) -> String {
    let mut text = String::new();
    let mut tokens = Tokens::new(xml);
    while let Ok(Some(token)) = tokens.next() {
        match token {
            Token::Open(tag) if tag.local_name().as_ref() == "t" => {
                let Ok(part) = tokens.text_of_element() else { break };
                text.push_str(&part);
            }
            Token::Open(tag) if tag.local_name().as_ref() == "br" => text.push('\n'),
            Token::Close(tag) if tag.local_name().as_ref() == "p" && !text.ends_with('\n') => {
                text.push('\n');
            }
            _ => {}
        }
    }
    text
}

/// The comments on a slide, of both generations of PowerPoint, each on a line.
pub(in crate::extract) fn comments(xml: &str) -> String {
    let mut text = String::new();
    let mut tokens = Tokens::new(xml);
    while let Ok(Some(token)) = tokens.next() {
        match token {
            Token::Open(tag) if matches!(tag.local_name().as_ref(), "text" | "t") => {
                let Ok(part) = tokens.text_of_element() else { break };
                text.push_str(&part);
            }
            Token::Close(tag)
                if matches!(tag.local_name().as_ref(), "cm" | "p" | "reply")
                    && !text.ends_with('\n') =>
            {
                text.push('\n');
            }
            _ => {}
        }
    }
    text
}

/// The id in the attribute by which an element refers to a chart or diagram.
pub(in crate::extract) fn reference(tag: &quick_xml::events::BytesStart<'_>) -> Option<String> {
    match tag.local_name().as_ref() {
        "chart" => attribute(tag, "id"),
        "relIds" => attribute(tag, "dm"),
        _ => None,
    }
}
