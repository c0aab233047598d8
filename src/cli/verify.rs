//! `ragterm verify`: whether sources, catalog, keyword index and vectors agree.

use ragterm_proto::v1::{StatusRequest, VerifyReply, VerifyRequest};
use serde::Serialize;

use super::Outcome;
use super::client::{self, Client, slow};
use super::context::Context;
use super::output::{self, BAD, GOOD, clean};
use super::units::{count, counted};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm verify                        exit code 1 when something does not agree
  ragterm verify --repair               mend it from the sources and the catalog";

/// Compare the folders, the catalog, the keyword index and the vectors
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Mend what does not agree
    #[arg(long)]
    repair: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    ok: bool,
    documents: u64,
    chunks: u64,
    findings_total: u64,
    repaired: bool,
    findings: Vec<Finding<'a>>,
}

#[derive(Debug, Serialize)]
struct Finding<'a> {
    check: &'a str,
    subject: &'a str,
    problem: &'a str,
    repaired: bool,
}

/// Runs the command; the outcome is negative when something does not agree and was not mended.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let status = |mut client: Client| async move { client.status(StatusRequest::default()).await };
    // The comparison takes long; whether a daemon is there shows before it.
    let (mut client, _) = client::first(context, status).await?;
    let reply = slow(client.verify(VerifyRequest { repair: args.repair })).await?;
    match args.json {
        true => output::json(&report(&reply))?,
        false => output::data(&render(&reply))?,
    }
    // A damaged database is the one thing that only a backup mends.
    let is_mendable = reply.findings.iter().any(|finding| finding.subject != "catalog.db");
    if is_mendable && !reply.ok && !args.repair && !args.json {
        output::line("`ragterm verify --repair` mends it");
    }
    Ok(if reply.ok { Outcome::Done } else { Outcome::Negative })
}

fn report(reply: &VerifyReply) -> Report<'_> {
    Report {
        ok: reply.ok,
        documents: reply.documents,
        chunks: reply.chunks,
        findings_total: reply.findings_total,
        repaired: reply.repaired,
        findings: reply.findings.iter().map(finding).collect(),
    }
}

fn finding(finding: &ragterm_proto::v1::Finding) -> Finding<'_> {
    Finding {
        check: &finding.check,
        subject: &finding.subject,
        problem: &finding.problem,
        repaired: finding.repaired,
    }
}

fn render(reply: &VerifyReply) -> String {
    let mut text = String::new();
    for finding in &reply.findings {
        let mark = match finding.repaired {
            true => format!("{GOOD}mended{GOOD:#}"),
            false => format!("{BAD}wrong{BAD:#}"),
        };
        let (check, subject) = (clean(&finding.check), clean(&finding.subject));
        text.push_str(&format!("{mark} {check}: {subject}: {}\n", clean(&finding.problem)));
    }
    let more = reply.findings_total.saturating_sub(reply.findings.len() as u64);
    if more > 0 {
        text.push_str(&format!("and {} more\n", count(more)));
    }
    let documents = counted(reply.documents, "document");
    let chunks = counted(reply.chunks, "passage");
    let found = counted(reply.findings_total, "difference");
    let verdict = match (reply.findings_total, reply.ok) {
        (0, _) => format!("{GOOD}ok{GOOD:#}: everything agrees"),
        (_, true) => format!("{GOOD}ok{GOOD:#}: {found}, all mended"),
        (_, false) => format!("{BAD}not ok{BAD:#}: {found}"),
    };
    text.push_str(&format!("{verdict} ({documents}, {chunks})\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply() -> VerifyReply {
        let finding = ragterm_proto::v1::Finding {
            check: "keyword".into(),
            subject: "hr/leave.md".into(),
            problem: "is not in the keyword index".into(),
            repaired: false,
        };
        VerifyReply {
            ok: false,
            documents: 12,
            chunks: 80,
            findings: vec![finding],
            findings_total: 1001,
            repaired: false,
        }
    }

    #[test]
    fn each_difference_is_named() {
        let text = anstream::adapter::strip_str(&render(&reply())).to_string();
        insta::assert_snapshot!(text, @r"
        wrong keyword: hr/leave.md: is not in the keyword index
        and 1,000 more
        not ok: 1,001 differences (12 documents, 80 passages)
        ");
    }

    #[test]
    fn scripts_get_the_findings() {
        let json = output::to_json(&report(&reply())).unwrap();
        insta::assert_snapshot!(json, @r#"{"ok":false,"documents":12,"chunks":80,"findings_total":1001,"repaired":false,"findings":[{"check":"keyword","subject":"hr/leave.md","problem":"is not in the keyword index","repaired":false}]}"#);
    }
}
