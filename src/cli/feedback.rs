//! `ragterm feedback`: whether an answer helped.

use ragterm_proto::v1::GiveFeedbackRequest;

use super::Outcome;
use super::client::{self, quick};
use super::context::Context;
use super::output;
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  ragterm feedback 0192c5d7c0d07b8f8a7e helpful
  ragterm feedback 0192c5d7c0d07b8f8a7e unhelpful it cites the old policy";

/// Say whether an answer helped
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The answer's id, as `ragterm ask --json` and `ragterm sessions show` name it
    turn: String,
    /// Whether it helped
    #[arg(value_enum)]
    verdict: Verdict,
    /// What was good or wrong
    comment: Vec<String>,
}

/// What is said of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Verdict {
    /// It helped.
    Helpful,
    /// It did not.
    Unhelpful,
}

/// Runs the command.
pub async fn run(args: &Args, context: &Context) -> Result<Outcome> {
    let mut client = client::connect(context).await?;
    let request = GiveFeedbackRequest {
        turn: args.turn.clone(),
        helpful: args.verdict == Verdict::Helpful,
        comment: args.comment.join(" "),
    };
    quick(client.give_feedback(request)).await?;
    output::line("noted");
    Ok(Outcome::Done)
}
