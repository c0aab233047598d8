//! Daemons that share a catalog on a real PostgreSQL: one indexes, others only answer.

use ragterm_proto::v1::StatusRequest;
use sqlx::{Connection, Executor, PgConnection};

use crate::relay::{Relay, Way};
use crate::support::{Instance, path, signal, skipped, until};

/// A database of its own, gone when dropped; `None` where no server is named.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    pub fn create(test: &str) -> Option<Self> {
        let Ok(server) = std::env::var("RAGTERM_TEST_POSTGRES_URL") else {
            skipped("RAGTERM_TEST_POSTGRES_URL names no server");
            return None;
        };
        let database = Self { server, name: format!("{test}_{}", std::process::id()) };
        database.command(&format!("CREATE DATABASE {}", database.name));
        Some(database)
    }

    pub fn url(&self) -> String {
        format!("{}/{}", self.server.rsplit_once('/').unwrap().0, self.name)
    }

    fn command(&self, command: &str) {
        let command = command.to_owned();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&self.server).await.unwrap();
            connection.execute(sqlx::AssertSqlSafe(command)).await.unwrap();
        });
    }

    /// Runs statements in the database itself.
    fn inside(&self, statements: &str) {
        let (url, statements) = (self.url(), statements.to_owned());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            connection.execute(sqlx::AssertSqlSafe(statements)).await.unwrap();
        });
    }

    /// The one number that a query in the database tells.
    fn count(&self, query: &'static str) -> i64 {
        let url = self.url();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
        })
    }

    /// A way to the server that can be cut, and the URL of the database over it.
    fn relay(&self) -> (Relay, String) {
        let (_, address) = self.server.rsplit_once('@').unwrap();
        let address = address.split('/').next().unwrap();
        let relay = Relay::new(&format!("http://{address}"), Way::Open);
        let url = self.url().replace(address, relay.url.trim_start_matches("http://"));
        (relay, url)
    }

    /// An instance with its catalog here.
    pub fn instance(&self, role: &str) -> Instance {
        Instance::without_embedder()
            .with("RAGTERM_CATALOG__URL", &self.url())
            .with("RAGTERM_DAEMON__ROLE", role)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.command(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

#[test]
fn a_daemon_that_only_answers_sees_each_change_of_the_one_that_indexes() {
    let Some(database) = Database::create("answers") else { return };
    let indexer = database.instance("index");
    indexer.write("plan.md", "# Plan\n\nThe heron moves in March.");
    indexer.add();
    let reader = database.instance("query");
    until("the first document", || reader.find("heron") == ["plan.md"]);
    indexer.write("왜가리.md", "왜가리는 3월에 이사한다.");
    until("a change", || reader.find("왜가리") == ["왜가리.md"]);
    std::fs::remove_file(indexer.docs().join("plan.md")).unwrap();
    until("a removal", || reader.find("heron").is_empty());
    let status = reader.status();
    assert_eq!(status["sources"][0]["state"], "elsewhere");
    assert_eq!(status["catalog"]["backend"], "postgres");
    let refused = reader.run(&["add", path(&reader.docs())]).expect(2);
    assert!(refused.stderr.contains("only answers"), "{}", refused.stderr);
    indexer.verify();
}

#[test]
fn a_second_daemon_that_indexes_is_refused_and_takes_over_after_a_kill() {
    let Some(database) = Database::create("one_writer") else { return };
    let first = database.instance("all");
    first.write("plan.md", "The heron moves in March.");
    first.add();
    let second = database.instance("all");
    let refused = second.run(&["daemon"]).expect(2);
    assert!(refused.stderr.contains("another daemon"), "{}", refused.stderr);
    signal(first.pid(), rustix::process::Signal::KILL);
    until("the takeover", || second.run(&["search", "heron"]).code == 0);
}

#[test]
fn a_server_that_goes_away_is_told_and_all_goes_on_when_it_is_back() {
    let Some(database) = Database::create("outage") else { return };
    let (relay, url) = database.relay();
    let ragterm = Instance::without_embedder().with("RAGTERM_CATALOG__URL", &url);
    ragterm.write("plan.md", "The heron moves in March.");
    ragterm.add();
    relay.set(Way::Cut);
    ragterm.write("late.md", "A late heron.");
    let told = ragterm.wait("the outage", |status| status["catalog"]["healthy"] == false);
    assert_eq!((&told["idle"], &told["sources"][0]["state"]), (&false.into(), &"paused".into()));
    let refused = ragterm.run(&["search", "heron"]).expect(3);
    assert!(refused.stderr.contains("catalog"), "{}", refused.stderr);
    relay.set(Way::Open);
    until("the late document", || {
        let search = ragterm.run(&["search", "--json", "late"]);
        search.code == 0 && search.json()["hits"][0]["path"] == "late.md"
    });
    ragterm.settle();
    ragterm.verify();
}

#[test]
fn a_server_that_is_down_at_the_start_is_waited_for() {
    let Some(database) = Database::create("late_server") else { return };
    let (relay, url) = database.relay();
    relay.set(Way::Cut);
    let ragterm = Instance::without_embedder().with("RAGTERM_CATALOG__URL", &url);
    let mut daemon =
        ragterm.command(&["daemon"]).stderr(std::process::Stdio::null()).spawn().unwrap();
    until("the daemon to wait", || ragterm.run(&["health", "--alive"]).code == 0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut client = runtime.block_on(async {
        let socket = ragterm.data().join("run/ragterm.sock");
        let mut client = ragterm_proto::connect(&socket).await.unwrap();
        let refused = client.status(StatusRequest::default()).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused}");
        assert!(refused.message().contains("waits for the catalog at 127.0.0.1"), "{refused}");
        relay.set(Way::Open);
        client
    });
    // The connection goes on: who was told to wait is served over it.
    let mut served = None;
    until("the status", || {
        match runtime.block_on(client.status(StatusRequest::default())) {
            Ok(status) => served = Some(status.into_inner()),
            Err(status) => assert!(status.message().starts_with("the daemon "), "{status}"),
        }
        served.is_some()
    });
    assert_eq!(served.unwrap().catalog.unwrap().backend, "postgres");
    ragterm.run(&["health"]).expect(0);
    signal(daemon.id() as i32, rustix::process::Signal::TERM);
    assert!(daemon.wait().unwrap().success());
}

/// A daemon that has opened its catalog and whose start waits for a table; what it says goes to a
/// file.
fn starting(database: &Database, ragterm: &Instance) -> (std::process::Child, std::path::PathBuf) {
    let log = ragterm.data().with_file_name("said");
    let mut daemon = ragterm.command(&["daemon"]);
    let daemon = daemon.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    // It listens once the catalog is open.
    until("the catalog to be open", || ragterm.data().join("run/ragterm.sock").exists());
    until("the start to wait", || {
        let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock'";
        database.count(waiting) > 0
    });
    (daemon, log)
}

#[test]
fn a_daemon_that_cannot_finish_its_start_ends_everything_on_a_signal_or_an_outage() {
    let Some(database) = Database::create("unstarted") else { return };
    let (relay, url) = database.relay();
    let ragterm = Instance::without_embedder().with("RAGTERM_CATALOG__URL", &url);
    ragterm.write("plan.md", "The heron moves in March.");
    ragterm.add();
    ragterm.run(&["stop"]).expect(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let holder = runtime.block_on(async {
        let mut connection = PgConnection::connect(&database.url()).await.unwrap();
        connection.execute("BEGIN; LOCK TABLE sources IN ACCESS EXCLUSIVE MODE").await.unwrap();
        connection
    });
    let (mut daemon, log) = starting(&database, &ragterm);
    signal(daemon.id() as i32, rustix::process::Signal::TERM);
    let ended = |daemon: &mut std::process::Child| {
        let mut status = None;
        until("the daemon to end", || {
            status = daemon.try_wait().unwrap();
            status.is_some()
        });
        let said = std::fs::read_to_string(&log).unwrap();
        assert!(said.contains(r#""message":"ended""#), "its tasks were waited for: {said}");
        status.unwrap().code()
    };
    assert_eq!(ended(&mut daemon), Some(0));
    let (mut daemon, _) = starting(&database, &ragterm);
    relay.set(Way::Cut);
    assert_eq!(ended(&mut daemon), Some(3));
    assert!(!ragterm.data().join("run/ragterm.sock").exists());
    drop(holder);
    relay.set(Way::Open);
    until("the next start", || ragterm.run(&["search", "heron"]).code == 0);
}

#[test]
fn a_moved_catalog_embeds_nothing_again() {
    let Some(database) = Database::create("moved") else { return };
    let ragterm = Instance::new();
    for number in 0..5 {
        ragterm.write(&format!("{number}.md"), format!("Heron report {number}: it was seen."));
    }
    ragterm.add();
    ragterm.settle();
    let moved = ragterm.run(&["catalog", "migrate", "--to", &database.url()]).expect(0);
    assert!(moved.stderr.contains("5 documents and 5 vectors"), "{}", moved.stderr);
    ragterm.run(&["stop"]).expect(0);
    ragterm.write("late.md", "A late heron report.");
    let ragterm = ragterm.with("RAGTERM_CATALOG__URL", &database.url());
    let status = ragterm.settle();
    assert_eq!(
        (&status["documents"]["indexed"], &status["store"]["points"]),
        (&6.into(), &6.into())
    );
    assert_eq!(status["embedder"]["embedded_texts"], 1);
    ragterm.verify();
    ragterm.run(&["catalog", "migrate", "--to", "mysql://db"]).expect(2);
}

/// What an instance finds, and what it has besides documents.
fn herons(ragterm: &Instance) -> Vec<String> {
    ragterm.settle();
    ragterm.find("heron")
}

#[test]
fn a_backup_of_a_file_is_restored_into_a_database_and_back() {
    let Some(database) = Database::create("from_file") else { return };
    let ragterm = Instance::new();
    ragterm.write("heron.md", "The heron moves in March.");
    ragterm.add();
    ragterm.settle();
    let file = ragterm.data().with_file_name("a.backup");
    ragterm.run(&["backup", path(&file)]).expect(0);
    let other = Instance::new().with("RAGTERM_CATALOG__URL", &database.url());
    other.run(&["restore", path(&file)]).expect(0);
    assert_eq!(herons(&other), ["heron.md"]);
    assert_eq!(other.status()["embedder"]["embedded_texts"], 0);
    other.verify();
    let taken = other.run(&["restore", "--force", path(&file)]).expect(2);
    assert!(taken.stderr.contains("ragterm stop"), "{}", taken.stderr);
    other.run(&["stop"]).expect(0);
    let occupied = other.run(&["restore", path(&file)]).expect(2);
    assert!(occupied.stderr.contains("holds a catalog already"), "{}", occupied.stderr);
    other.run(&["restore", "--force", path(&file)]).expect(0);
    assert_eq!(herons(&other), ["heron.md"]);

    let portable = other.data().with_file_name("b.backup");
    other.run(&["backup", "--portable", path(&portable)]).expect(0);
    let back = Instance::new();
    let json = back.run(&["restore", "--json", path(&portable)]).expect(0).json();
    assert_eq!((&json["database"], &json["catalog"]), (&"postgres".into(), &"catalog.db".into()));
    assert_eq!(herons(&back), ["heron.md"]);
    assert_eq!(back.status()["embedder"]["embedded_texts"], 0);
    back.verify();
}

#[test]
fn a_dump_is_restored_into_a_database_and_its_readers_start_anew() {
    let Some(database) = Database::create("dumped") else { return };
    let Some(second) = Database::create("dumped_into") else { return };
    let indexer = database.instance("index");
    indexer.write("heron.md", "The heron moves in March.\tA\\tab.");
    indexer.write("왜가리.md", "왜가리는 3월에 이사한다.");
    indexer.add();
    let file = indexer.data().with_file_name("a.backup");
    let json = indexer.run(&["backup", "--json", path(&file)]).expect(0).json();
    if json["catalog"] == "catalog.db" {
        return skipped("pg_dump is missing or too old");
    }
    assert_eq!(json["catalog"], "catalog.pgdump");
    indexer.run(&["backup", "--verify", path(&file)]).expect(0);
    let onto_file = Instance::without_embedder().run(&["restore", path(&file)]).expect(2);
    assert!(onto_file.stderr.contains("--portable"), "{}", onto_file.stderr);

    let other = second.instance("all");
    other.run(&["restore", path(&file)]).expect(0);
    assert_eq!(herons(&other), ["heron.md"]);
    assert_eq!(other.find("왜가리"), ["왜가리.md"]);
    other.verify();

    // What a reader knows of the later history ends with the restore.
    let reader = database.instance("query");
    indexer.write("late.md", "A late heron.");
    until("the late document", || reader.find("late") == ["late.md"]);
    let pid = reader.pid();
    indexer.run(&["stop"]).expect(0);
    std::fs::remove_file(indexer.docs().join("late.md")).unwrap();
    let occupied = indexer.run(&["restore", path(&file)]).expect(2);
    assert!(occupied.stderr.contains("holds a catalog already"), "{}", occupied.stderr);
    indexer.run(&["restore", "--force", path(&file)]).expect(0);
    // While it ends, a command may hear so.
    until("the reader to end", || {
        let status = reader.run(&["status", "--json"]);
        status.code == 0 && status.json()["daemon"]["pid"] != pid
    });
    until("the earlier state", || reader.find("heron") == ["heron.md"]);
    assert!(reader.find("late").is_empty());
}

/// Has each commit that fills a table of settings last a minute, as a slow server may.
const SLOW_COMMIT: &str = "
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
    CREATE FUNCTION arm() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_regclass('public.settings') IS NOT NULL
            AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'wait') THEN
            CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON settings
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
        END IF;
    END $$;
    CREATE EVENT TRIGGER arm ON ddl_command_end EXECUTE FUNCTION arm();";

#[test]
fn ctrl_c_while_the_server_commits_a_restore_says_that_it_may_be_restored() {
    let Some(database) = Database::create("commits") else { return };
    let ragterm = Instance::without_embedder();
    ragterm.write("heron.md", "A heron.");
    ragterm.add();
    let file = crate::backup::backup(&ragterm);
    let other = database.instance("all");
    database.inside(SLOW_COMMIT);
    let mut command = other.command(&["restore", path(&file)]);
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    until("the commit", || {
        let commits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND state = 'active' AND query = 'COMMIT'";
        database.count(commits) == 1
    });
    signal(child.id() as i32, rustix::process::Signal::INT);
    let ended = child.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(130), "{said}");
    assert!(said.contains("the catalog may be restored"), "{said}");
    assert!(said.contains("`ragterm status`") && !said.contains("nothing was"), "{said}");
}

#[test]
fn a_wrong_password_names_the_key_and_its_file_and_never_the_password() {
    let Some(database) = Database::create("password") else { return };
    // The server of the tests asks this user alone for a password.
    database.command("DROP ROLE IF EXISTS guarded");
    database.command("CREATE ROLE guarded LOGIN PASSWORD 'right'");
    let ragterm = Instance::without_embedder();
    let file = ragterm.docs().with_file_name("catalog_url");
    let url = database.url().replace("ragterm@", "guarded:sesame@");
    std::fs::write(&file, url).unwrap();
    let ragterm = ragterm.with("RAGTERM_CATALOG__URL_FILE", path(&file));
    let refused = ragterm.run(&["daemon"]).expect(2).stderr;
    database.command("DROP ROLE guarded");
    assert!(refused.contains("password authentication failed"), "{refused}");
    assert!(refused.contains(&format!("`catalog.url_file` = {}", path(&file))), "{refused}");
    assert!(!refused.contains("sesame"), "{refused}");
}
