//! The bots as people have them: the real program between a fake chat and a real daemon.

mod discord;
mod slack;

use std::process::{Child, Stdio};

use crate::fakes::chat::{Chat, MODEL, Protocol, Reply};
use crate::support::{Instance, path, signal};

/// A daemon with a document in each of two spaces, a model, and a bot that is run beside them.
struct Office {
    ragterm: Instance,
    chat: Chat,
    token: String,
    bot: Option<Child>,
}

impl Office {
    /// `grants` are lines of config.toml.
    fn new(platform: &str, grants: &str, reply: Reply) -> Self {
        let chat = Chat::saying(Protocol::Ollama, reply);
        let ragterm = Instance::without_embedder();
        let config = ragterm.docs().join("../config.toml");
        std::fs::write(&config, grants).unwrap();
        let ragterm = ragterm
            .with("RAGTERM_CONFIG", path(&config))
            .with("RAGTERM_LLM__PROVIDER", "ollama")
            .with("RAGTERM_LLM__MODEL", MODEL)
            .with("RAGTERM_LLM__URL", &chat.url)
            .with("RAGTERM_LLM__IDLE_TIMEOUT_S", "120");
        for (space, text) in [
            ("hr", "# Leave policy\n\nUnused vacation days are carried over: at most five.\n"),
            ("legal", "# Settlement\n\nThe swordfish vacation days of the board are secret.\n"),
        ] {
            ragterm.write(&format!("{space}/{space}.md"), text);
            let folder = ragterm.docs().join(space);
            ragterm.run(&["add", path(&folder), "--space", space, "--name", space]).expect(0);
        }
        let create = ["token", "create", platform, "--space", "*", "--acts-for", platform];
        let token = ragterm.run(&create).expect(0).stdout.trim().to_owned();
        Self { ragterm, chat, token, bot: None }
    }

    /// Starts the bot with these settings besides the usual ones.
    fn start(&mut self, platform: &str, settings: &[(&str, &str)]) {
        let mut command = self.ragterm.command(&[platform]);
        let token = format!("RAGTERM_{}__TOKEN", platform.to_uppercase());
        command.env(token, &self.token).envs(settings.iter().copied()).stdin(Stdio::null());
        self.bot = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }

    /// Kills the daemon, as a power cut would.
    fn kill_daemon(&self) {
        signal(self.ragterm.pid(), rustix::process::Signal::KILL);
    }

    /// All that the model was told so far.
    fn prompts(&self) -> String {
        self.chat.asked().iter().map(|asked| asked.body.to_string()).collect()
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Some(bot) = &mut self.bot {
            signal(bot.id() as i32, rustix::process::Signal::TERM);
            // One that did not hear it is ended.
            let _ended = bot.wait();
        }
    }
}
