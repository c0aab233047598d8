//! The figures of an evaluation, for people and for scripts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measure::Measured;
use crate::cli::output::{BOLD, DIM, clean};
use crate::cli::search::Mode;
use crate::cli::table::Table;
use crate::cli::units::counted;

/// Everything that was measured.
#[derive(Debug)]
pub struct Evaluation {
    /// The path of the corpus.
    pub corpus: String,
    /// Documents that were indexed.
    pub documents: u64,
    /// Questions that were asked.
    pub queries: usize,
    /// Provider and model.
    pub embedder: String,
    /// The figures by mode.
    pub modes: BTreeMap<Mode, Measured>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    corpus: &'a str,
    queries: usize,
    embedder: &'a str,
    modes: BTreeMap<&'static str, Figures>,
    documents: u64,
}

#[derive(Debug, Serialize)]
struct Figures {
    #[serde(rename = "ndcg@10")]
    ndcg_10: f64,
    #[serde(rename = "recall@10")]
    recall_10: f64,
    #[serde(rename = "recall@100")]
    recall_100: f64,
    #[serde(rename = "mrr@10")]
    mrr_10: f64,
    refused: usize,
    degraded: usize,
    p50_ms: f64,
    p95_ms: f64,
}

impl Evaluation {
    /// The figures in the shape of the contract.
    pub fn report(&self) -> impl Serialize {
        let modes = self.modes.iter().map(|(mode, measured)| (mode.name(), figures(measured)));
        Report {
            corpus: &self.corpus,
            queries: self.queries,
            embedder: &self.embedder,
            modes: modes.collect(),
            documents: self.documents,
        }
    }

    /// The figures as a table.
    pub fn render(&self) -> String {
        let headings =
            ["mode", ">ndcg@10", ">recall@10", ">recall@100", ">mrr@10", ">p50 ms", ">p95 ms"];
        let mut table = Table::new(&headings);
        for (mode, measured) in &self.modes {
            let scores = &measured.scores;
            let figures = [scores.ndcg_10, scores.recall_10, scores.recall_100, scores.mrr_10];
            let mut row = vec![mode.name().to_owned()];
            row.extend(figures.map(|figure| format!("{figure:.4}")));
            row.extend([measured.p50_ms, measured.p95_ms].map(|time_ms| format!("{time_ms:.1}")));
            table.row(&row);
        }
        let documents = counted(self.documents, "document");
        let questions = counted(self.queries as u64, "question");
        let (corpus, embedder) = (clean(&self.corpus), clean(&self.embedder));
        let about = format!("{documents}, {questions}, embedder {embedder}");
        format!("{BOLD}{corpus}{BOLD:#} {DIM}({about}){DIM:#}\n{}", table.render(""))
    }

    /// What a reader must know to judge the figures.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for (mode, measured) in &self.modes {
            let name = mode.name();
            if measured.refused > 0 {
                let questions = counted(measured.refused as u64, "question");
                remarks.push(format!(
                    "{name}: {questions} refused, for example without words; 0 each"
                ));
            }
            if measured.degraded > 0 {
                let answers = counted(measured.degraded as u64, "answer");
                remarks.push(format!("{name}: {answers} degraded"));
            }
        }
        remarks
    }
}

fn figures(measured: &Measured) -> Figures {
    let rounded = |figure: f64| (figure * 1e5).round() / 1e5;
    let scores = &measured.scores;
    Figures {
        ndcg_10: rounded(scores.ndcg_10),
        recall_10: rounded(scores.recall_10),
        recall_100: rounded(scores.recall_100),
        mrr_10: rounded(scores.mrr_10),
        refused: measured.refused,
        degraded: measured.degraded,
        p50_ms: rounded(measured.p50_ms),
        p95_ms: rounded(measured.p95_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::super::metrics::Scores;
    use super::*;
    use crate::cli::output::to_json;

    fn evaluation() -> Evaluation {
        let scores = Scores { ndcg_10: 0.566_666_66, recall_10: 0.6, recall_100: 0.9, mrr_10: 0.7 };
        let measured = Measured { scores, refused: 1, degraded: 0, p50_ms: 4.25, p95_ms: 9.0 };
        Evaluation {
            corpus: "cranfield".into(),
            documents: 1400,
            queries: 225,
            embedder: "builtin all-MiniLM-L6-v2".into(),
            modes: BTreeMap::from([(Mode::Keyword, measured.clone()), (Mode::Hybrid, measured)]),
        }
    }

    #[test]
    fn the_shape_is_the_contract() {
        let json = to_json(&evaluation().report()).unwrap();
        insta::assert_snapshot!(json, @r#"{"corpus":"cranfield","queries":225,"embedder":"builtin all-MiniLM-L6-v2","modes":{"hybrid":{"ndcg@10":0.56667,"recall@10":0.6,"recall@100":0.9,"mrr@10":0.7,"refused":1,"degraded":0,"p50_ms":4.25,"p95_ms":9.0},"keyword":{"ndcg@10":0.56667,"recall@10":0.6,"recall@100":0.9,"mrr@10":0.7,"refused":1,"degraded":0,"p50_ms":4.25,"p95_ms":9.0}},"documents":1400}"#);
    }

    #[test]
    fn the_modes_stand_below_each_other() {
        let text = anstream::adapter::strip_str(&evaluation().render()).to_string();
        insta::assert_snapshot!(text, @r"
        cranfield (1,400 documents, 225 questions, embedder builtin all-MiniLM-L6-v2)
        mode     ndcg@10  recall@10  recall@100  mrr@10  p50 ms  p95 ms
        hybrid    0.5667     0.6000      0.9000  0.7000     4.2     9.0
        keyword   0.5667     0.6000      0.9000  0.7000     4.2     9.0
        ");
        assert_eq!(evaluation().remarks().len(), 2);
    }
}
