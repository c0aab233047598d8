//! The client alone, on the daemon whose socket `RAGTERM_SOCKET` names.

use std::path::PathBuf;
use std::sync::Arc;

use ragterm_tui::{Colour, Options, Theme, Unreachable, run};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let variable = |name: &str| std::env::var(name).ok();
    let socket = PathBuf::from(variable("RAGTERM_SOCKET").ok_or("RAGTERM_SOCKET is not set")?);
    let mut options = Options::new(Arc::new(move || {
        let socket = socket.clone();
        Box::pin(async move {
            ragterm_proto::connect(&socket).await.map_err(|error| Unreachable {
                sentence: error.to_string(),
                hint: String::from("start one with `ragterm daemon`"),
            })
        })
    }));
    options.colour = Colour::detect(variable);
    options.theme = Theme::named(&variable("TUI_THEME").unwrap_or_default())?;
    options.editor = variable("VISUAL").or_else(|| variable("EDITOR"));
    options.history = variable("TUI_HISTORY").map(PathBuf::from);
    options.trace = variable("RAGTERM_TEST_TUI_TRACE").map(PathBuf::from);
    Ok(run(options).await?)
}
