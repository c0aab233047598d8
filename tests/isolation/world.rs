//! Four spaces with documents of few common words, tokens for some of them, and changes.

use std::path::PathBuf;

use ragterm_proto::v1::Asker;

use super::calls::{Call, Known};
use crate::support::{Instance, path, until};

/// The spaces. Their names stand in every path, title and text of theirs, and nowhere else.
pub const SPACES: [&str; 4] = ["zqalpha", "zqbeta", "zqgamma", "zqdelta"];

/// The words that documents of all spaces are made of.
pub const WORDS: [&str; 16] = [
    "vacation", "contract", "invoice", "budget", "travel", "report", "meeting", "holiday",
    "pension", "salary", "laptop", "badge", "연차", "휴가", "출장", "예산",
];

/// Numbers that look like chance (splitmix64), from a seed.
pub struct Random(u64);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    pub fn one<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.below(list.len())]
    }
}

/// Who calls.
pub struct Caller {
    pub secret: String,
    pub asker: Option<Asker>,
    role: &'static str,
    seen: Vec<&'static str>,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {:?}", self.role, self.seen)
    }
}

impl Caller {
    pub fn seen(&self) -> &[&'static str] {
        &self.seen
    }

    pub fn hidden(&self) -> impl Iterator<Item = &'static str> + '_ {
        SPACES.into_iter().filter(|space| !self.seen.contains(space))
    }

    pub fn pretend_to_see_nothing(&mut self) {
        self.seen.clear();
    }
}

/// Each space is seen in one channel, and by one user alone.
fn grants() -> String {
    let grant = |(number, space): (usize, &str)| {
        format!(
            "[[grants]]\nto = 'slack:T1/channel:C{number}'\nspaces = ['{space}']\n\
             [[grants]]\nto = 'slack:T1/user:U{number}'\nspaces = ['{space}']\n"
        )
    };
    SPACES.into_iter().enumerate().map(grant).collect()
}

/// A daemon with its spaces.
pub struct World {
    pub instance: Instance,
    bot: String,
    pub socket: PathBuf,
    _sockets: tempfile::TempDir,
    present: Vec<&'static str>,
    made: usize,
}

impl World {
    pub fn new(random: &mut Random) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let socket = sockets.path().join("ragterm.sock");
        let config = sockets.path().join("config.toml");
        std::fs::write(&config, grants()).unwrap();
        let instance = Instance::new()
            .with("RAGTERM_CONFIG", path(&config))
            .with("RAGTERM_ACCESS__CALLS_PER_MINUTE", "0")
            .with("RAGTERM_SOCKET", path(&socket));
        let bot = ["token", "create", "bot", "--space", "*", "--acts-for", "slack"];
        let bot = instance.run(&bot).expect(0).stdout.trim().to_owned();
        let present = Vec::new();
        let mut world = Self { instance, bot, socket, _sockets: sockets, present, made: 0 };
        for space in SPACES {
            for number in 0..6 {
                world.write(space, number, random);
            }
            world.add(space);
        }
        world.instance.settle();
        world
    }

    /// Somebody who may see one to three of the spaces: with a token, or through that of a bot.
    pub fn caller(&mut self, random: &mut Random) -> Caller {
        match random.below(3) {
            0 => self.asker(random),
            _ => self.holder(random),
        }
    }

    /// Somebody in a chat: in a channel of one space, or alone with what they see of another.
    fn asker(&self, random: &mut Random) -> Caller {
        let (channel, user) = (random.below(SPACES.len()), random.below(SPACES.len()));
        let public = random.below(2) == 0;
        let mut seen = vec![SPACES[channel]];
        if !public && user != channel {
            seen.push(SPACES[user]);
        }
        let asker = Asker {
            platform: "slack".into(),
            workspace: "T1".into(),
            channel: format!("C{channel}"),
            user: format!("U{user}"),
            roles: Vec::new(),
            public,
        };
        Caller { secret: self.bot.clone(), asker: Some(asker), role: "asker", seen }
    }

    fn holder(&mut self, random: &mut Random) -> Caller {
        let role = *random.one(&["read", "read", "write"]);
        let wanted = 1 + random.below(3);
        let mut seen: Vec<&'static str> = Vec::new();
        while seen.len() < wanted {
            let space = *random.one(&SPACES);
            if !seen.contains(&space) {
                seen.push(space);
            }
        }
        self.made += 1;
        let name = format!("caller-{}", self.made);
        let mut arguments = vec!["token", "create", &name, "--role", role];
        seen.iter().for_each(|space| arguments.extend(["--space", space]));
        let secret = self.instance.run(&arguments).expect(0).stdout.trim().to_owned();
        Caller { secret, asker: None, role, seen }
    }

    /// Calls of random words, spaces and documents, seen or not.
    pub fn calls(&self, caller: &Caller, number: usize, random: &mut Random) -> Vec<Call> {
        let known = Known { caller, documents: &self.documents() };
        (0..number).map(|_| Call::random(&known, random)).collect()
    }

    /// Writes, changes and deletes documents of the spaces that a caller does not see, and removes
    /// or adds whole sources.
    pub fn change_hidden(&mut self, caller: &Caller, random: &mut Random) {
        let hidden: Vec<&'static str> = caller.hidden().collect();
        for space in hidden {
            match (self.present.contains(&space), random.below(4)) {
                (true, 0) => {
                    self.instance.run(&["sources", "remove", space]).expect(0);
                    self.present.retain(|present| *present != space);
                }
                (true, _) => self.change(space, random),
                (false, _) => self.add(space),
            }
        }
        self.instance.settle();
    }

    fn change(&mut self, space: &str, random: &mut Random) {
        for number in 0..3 {
            self.write(space, number + random.below(8), random);
        }
        let gone = self.folder(space).join(format!("{space}-{}.md", random.below(8)));
        // It may never have been there.
        let _absent = std::fs::remove_file(gone);
        self.made += 1;
        let marker = format!("marker{}", self.made);
        self.instance.write(&format!("{space}/{space}-marker.md"), format!("{space} {marker}\n"));
        until("the change to be seen", || !self.instance.find(&marker).is_empty());
    }

    fn write(&self, space: &str, number: usize, random: &mut Random) {
        let mut text = format!("# {space} {number}\n\n");
        for _ in 0..1 + random.below(3) {
            let words: Vec<&str> = (0..4 + random.below(12)).map(|_| *random.one(&WORDS)).collect();
            text.push_str(&format!("## {space} {}\n\n{}.\n\n", words[0], words.join(" ")));
        }
        let extension = random.one(&["md", "txt"]);
        self.instance.write(&format!("{space}/{space}-{number}.{extension}"), text);
    }

    fn add(&mut self, space: &'static str) {
        let folder = self.folder(space);
        let arguments = ["add", path(&folder), "--space", space, "--name", space];
        self.instance.run(&arguments).expect(0);
        self.present.push(space);
    }

    fn folder(&self, space: &str) -> PathBuf {
        self.instance.docs().join(space)
    }

    /// The ids of all documents, whoever may see them.
    fn documents(&self) -> Vec<String> {
        let found = self.present.iter().flat_map(|space| {
            let search = ["search", "--json", "--limit", "100", "--mode", "keyword", space];
            let hits = self.instance.run(&search).expect(0).json()["hits"].take();
            let hits = hits.as_array().cloned().unwrap_or_default();
            hits.into_iter().map(|hit| hit["document"].as_str().unwrap().to_owned())
        });
        found.collect()
    }
}
