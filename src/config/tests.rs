//! Promises of the configuration as a whole.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A file's text, variables and flags as inputs.
fn inputs(text: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Inputs {
    Inputs {
        file: "config.toml".into(),
        text: text.to_owned(),
        variables: variables.iter().map(|(name, value)| ((*name).into(), value.into())).collect(),
        flags: flags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        home: Some("/home/kim".into()),
    }
}

fn load(text: &str) -> Config {
    Config::load(&inputs(text, &[], &[])).unwrap().config
}

/// The lines that describe problems.
fn problems_of(inputs: &Inputs) -> Vec<String> {
    let error = Config::load(inputs).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
    error.to_string().lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

fn problems(text: &str) -> Vec<String> {
    problems_of(&inputs(text, &[], &[]))
}

/// The example with every key uncommented.
fn example_in_force() -> String {
    let uncomment = |line: &'static str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_lowercase()) => rest,
        _ => line,
    };
    example().lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_fingerprint_follows_what_a_daemon_does() {
    let fingerprint = |text: &str| {
        let inputs = Inputs { text: text.into(), ..Inputs::default() };
        Config::load(&inputs).unwrap().config.fingerprint()
    };
    assert_eq!(fingerprint(""), fingerprint("# a remark\n[daemon]\nautostart = false\n"));
    assert_ne!(fingerprint(""), fingerprint("[search]\nlimit = 3\n"));
}

#[test]
fn the_example_sets_nothing() {
    assert_eq!(load(example()), Config::default());
}

#[test]
fn the_example_shows_every_default() {
    let defaults = Config::load(&Inputs::default()).unwrap().settings;
    let shown = Config::load(&inputs(&example_in_force(), &[], &[])).unwrap().settings;
    for default in defaults {
        let setting = shown.iter().find(|setting| setting.key == default.key).unwrap();
        assert_eq!(setting.to_string(), default.to_string());
    }
}

#[test]
fn the_example_names_every_key() {
    let loaded = Config::load(&inputs(&example_in_force(), &[], &[])).unwrap();
    let missing = loaded.settings.iter().filter(|setting| setting.origin == Origin::Default);
    assert_eq!(missing.map(|setting| setting.key.as_str()).collect::<Vec<_>>(), [""; 0]);
    assert_eq!((loaded.config.sources.len(), loaded.config.spaces.len()), (1, 1));
    let minimal = load("[[sources]]\nname = 'handbook'\npath = '/srv/share/handbook'");
    assert_eq!(loaded.config.sources, minimal.sources);
}

#[test]
fn every_section_is_read() {
    let text = SECTIONS.map(|section| format!("{section} = 1\n")).concat();
    assert_eq!(problems(&text).len(), SECTIONS.len());
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let text = "[search]\nlimit = 1\ncandidates = 11\n[index]\nworkers = 2";
    let variables = [("RAGTERM_SEARCH__LIMIT", "2"), ("RAGTERM_SEARCH__CANDIDATES", "12")];
    let flags = [("search.limit", "3")];
    let loaded = Config::load(&inputs(text, &variables, &flags)).unwrap();
    assert_eq!(loaded.config.search.limit, 3);
    assert_eq!(loaded.config.search.candidates, 12);
    assert_eq!(loaded.config.index.workers, Some(2));
    let origin = |key: &str| {
        let setting = loaded.settings.iter().find(|setting| setting.key == key);
        setting.unwrap().origin.to_string()
    };
    assert_eq!(origin("search.limit"), "command line");
    assert_eq!(origin("search.candidates"), "RAGTERM_SEARCH__CANDIDATES");
    assert_eq!(origin("index.workers"), "config.toml:5");
    assert_eq!(origin("store.backend"), "default");
}

#[test]
fn variables_take_lists_and_tables() {
    let variables = [
        ("RAGTERM_INDEX__IGNORE", "*.bak, drafts/**"),
        ("RAGTERM_SEARCH__WEIGHTS", "{ keyword = 1.0 }"),
        ("RAGTERM_SEARCH__WEIGHTS__DENSE", "0.25"),
        ("RAGTERM_SOURCES", r#"[{ name = "팀-문서", path = "~/docs", exclude = ["a,b"] }]"#),
    ];
    let config = Config::load(&inputs("", &variables, &[])).unwrap().config;
    assert_eq!(config.index.ignore, ["*.bak", "drafts/**"]);
    assert_eq!(config.search.weights, Weights { keyword: 1.0, dense: 0.25 });
    let source = &config.sources[0];
    assert_eq!((source.name.as_str(), source.space.as_str()), ("팀-문서", "default"));
    assert_eq!(source.path, Path::new("/home/kim/docs"));
    assert_eq!(source.exclude, ["a,b"]);
}

#[test]
fn variables_that_are_no_keys_are_left_alone() {
    let variables =
        [("RAGTERM_CONFIG", "/x"), ("RAGTERM_LOG", "debug"), ("RAGTERM_TEST_QDRANT_URL", "http:x")];
    assert!(Config::load(&inputs("", &variables, &[])).is_ok());
}

#[test]
fn misspelt_variables_name_the_right_one() {
    let variables = [
        ("RAGTERM_DATADIR", "/x"),
        ("RAGTERM_INDEX_WORKERS", "4"),
        ("RAGTERM_INDEX__WROKERS", "4"),
    ];
    assert_eq!(
        problems_of(&inputs("", &variables, &[])),
        [
            "RAGTERM_DATADIR: no such variable; did you mean `RAGTERM_DATA_DIR`?",
            "RAGTERM_INDEX_WORKERS: no such variable; did you mean `RAGTERM_INDEX__WORKERS`?",
            "RAGTERM_INDEX__WROKERS: `index.wrokers`: no such key; \
             did you mean `RAGTERM_INDEX__WORKERS`?",
        ]
    );
}

#[test]
fn sizes_and_times_take_units() {
    let config = load(
        "[index]\nmax_file_bytes = '1.5 GiB'\nextract_memory_bytes = 134217728\n\
         extract_timeout_s = 0.5\nreconcile_interval_s = '15m'\nremoval_confirm_s = '200ms'\n",
    );
    assert_eq!(config.index.max_file_bytes, 1_610_612_736);
    assert_eq!(config.index.extract_memory_bytes, 134_217_728);
    assert_eq!(config.index.extract_timeout, Duration::from_millis(500));
    assert_eq!(config.index.reconcile_interval, Duration::from_secs(900));
    assert_eq!(config.index.removal_confirm, Duration::from_millis(200));
}

#[test]
fn workers_are_counted_or_automatic() {
    let workers = |value: &str| load(&format!("index.workers = {value}")).index.workers;
    assert_eq!(workers("\"auto\""), None);
    assert_eq!(workers("0"), None);
    assert_eq!(workers("64"), Some(64));
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_layers() {
    let text = "\
[embedder]
provider = 'olama'
[index]
wrokers = 4
chunk_tokens = 'many'
max_file_bytes = '5 pounds'
ignore = ['{']
[catalog]
url = 'mysql://db'
[sorces]
x = 1
[daemon]
autostart = 'yes'
";
    let inputs = inputs(text, &[("RAGTERM_INDEX__WORKERS", "65")], &[("search.limit", "0")]);
    assert_eq!(
        problems_of(&inputs),
        [
            "config.toml:2: `embedder.provider`: `olama` is not supported by this version; \
             use one of `builtin`, `ollama`, `openai`, `none`",
            "config.toml:4: `index.wrokers`: no such key; did you mean `index.workers`?",
            "config.toml:5: `index.chunk_tokens`: must be a whole number from 32 to 2048, \
             not `\"many\"`",
            "config.toml:6: `index.max_file_bytes`: must be a size such as \"50MB\", \
             from 1 B to 1024 GiB, not `\"5 pounds\"`",
            "config.toml:7: `index.ignore`: `{` is not a pattern: unclosed alternate group; \
             missing '}' (maybe escape '{' with '[{]'?)",
            "config.toml:9: `catalog.url`: must be `sqlite` or begin with `postgres://`",
            "config.toml:10: `sorces`: no such key; did you mean `sources`?",
            "config.toml:13: `daemon.autostart`: must be `true` or `false`, not `\"yes\"`",
            "RAGTERM_INDEX__WORKERS: `index.workers`: must be a whole number from 1 to 64, \
             or \"auto\" or 0 for one for each core, not `\"65\"`",
            "command line: `search.limit`: must be a whole number from 1 to 1000, not `0`",
        ]
    );
}

#[test]
fn a_syntax_error_names_its_line_and_hides_no_other_problem() {
    let lines = problems("[index]\nworkers = = 4\n[search]\nlimit = 0\n");
    assert!(lines[0].starts_with("config.toml:2: "), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("config.toml:4: `search.limit`")),
        "{lines:?}"
    );
    let twice = problems("[search]\nlimit = 1\nlimit = 2\n");
    assert!(twice[0].starts_with("config.toml:3: "), "{twice:?}");
}

#[test]
fn sources_are_complete_and_have_their_own_names() {
    let text = "\
[[sources]]
name = 'a'
path = '/a'
[[sources]]
name = 'a'
path = 'relative/b'
[[sources]]
name = '../c'
space = 'h r'
[[sources]]
name = 'd'
path = '/d'
paht = '/e'
";
    assert_eq!(
        problems(text),
        [
            "config.toml:5: `sources[1].name`: the name `a` is taken already",
            "config.toml:6: `sources[1].path`: `relative/b` must be an absolute path, \
             or begin with `~/`",
            "config.toml:7: `sources[2].path`: is missing",
            "config.toml:8: `sources[2].name`: `../c` is not a valid name; use 1 to 64 letters, \
             digits, `-`, `_` or `.`, beginning with a letter or a digit",
            "config.toml:9: `sources[2].space`: `h r` is not a valid name; use 1 to 64 letters, \
             digits, `-`, `_` or `.`, beginning with a letter or a digit",
            "config.toml:13: `sources[3].paht`: no such key; did you mean `sources.path`?",
        ]
    );
}

#[test]
fn a_space_that_is_not_declared_is_a_problem_once_spaces_are() {
    let source = "[[sources]]\nname = 'a'\npath = '/a'\nspace = 'rh'\n";
    assert_eq!(load(source).sources[0].space, "rh");
    let declared = format!("{source}[[spaces]]\nname = 'hr'\n[[spaces]]\nname = 'hr'\n");
    assert_eq!(
        problems(&declared),
        [
            "config.toml:4: `sources[0].space`: `rh` is not among the declared `[[spaces]]`",
            "config.toml:8: `spaces[1].name`: the name `hr` is taken already",
        ]
    );
}

#[test]
fn a_share_lies_between_0_and_1() {
    assert_eq!(load("index.removal_share = 1").index.removal_share, 1.0);
    for value in ["1.01", "-0.1", "20", "nan", "inf", "'0.5'", "[]"] {
        let lines = problems(&format!("index.removal_share = {value}"));
        assert!(lines[0].contains("must be a number from 0 to 1, not "), "{lines:?}");
    }
}

#[test]
fn two_weights_of_zero_are_a_problem() {
    let lines = problems("search.weights = { keyword = 0, dense = 0 }");
    let expected = "config.toml:1: `search.weights.dense`: must not be 0 together with \
                    `search.weights.keyword`";
    assert_eq!(lines, [expected]);
}

#[test]
fn a_value_where_a_section_belongs_is_a_problem_even_when_a_variable_covers_it() {
    let variables = [("RAGTERM_INDEX__WORKERS", "4")];
    let lines = problems_of(&inputs("index = 3", &variables, &[]));
    assert_eq!(lines, ["config.toml:1: `index`: this is a section, not a value"]);
    let lines = problems_of(&inputs("", &[("RAGTERM_SOURCES", "/srv/share")], &[]));
    let expected = "RAGTERM_SOURCES: `sources`: must be a list of tables, each below `[[sources]]`";
    assert_eq!(lines, [expected]);
}

#[test]
fn names_are_letters_of_any_script() {
    for name in ["hr", "인사팀", "v1.2_draft-3", "a"] {
        assert_eq!(check_name(name).unwrap(), name);
    }
    // The same name as a Mac writes it, decomposed.
    assert_eq!(check_name("\u{110B}\u{1175}\u{11AB}사").unwrap(), "인사");
    let long = "a".repeat(65);
    for name in ["", " ", "a b", "..", ".a", "-a", "a/b", "a\n", "a\u{0}", "💥", long.as_str()] {
        assert!(check_name(name).is_err(), "{name:?}");
    }
}

#[test]
fn a_key_with_thousands_of_parts_is_only_unknown() {
    let name = format!("RAGTERM_INDEX{}", "__X".repeat(50_000));
    assert_eq!(problems_of(&inputs("", &[(&name, "1")], &[])).len(), 1);
    let key = "index.".repeat(50_000);
    assert_eq!(problems_of(&inputs("", &[], &[(&key, "1")])).len(), 1);
    let deep = format!("index.workers = {}", "[".repeat(100_000));
    assert!(!problems(&deep).is_empty());
    let inline = format!("{}{}", "{a=".repeat(30_000), "}".repeat(30_000));
    assert!(!problems_of(&inputs("", &[("RAGTERM_SEARCH", &inline)], &[])).is_empty());
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in ".{0,200}", value in ".{0,40}") {
        let variables = [("RAGTERM_INDEX__IGNORE", value.as_str()), ("RAGTERM_SOURCES", &value)];
        let flags = [("search.weights", value.as_str()), ("index.max_file_bytes", &value)];
        let _ = Config::load(&inputs(&text, &variables, &flags)).map_err(|error| error.to_string());
    }

    #[test]
    fn no_lines_of_keys_are_a_panic(
        lines in proptest::collection::vec("(\\[{0,2}[a-z.]{0,9}\\]{0,2}|[a-z.]{1,9} ?= ?[0-9a-z\"{\\[]{0,9})", 0..9)
    ) {
        let _ = Config::load(&inputs(&lines.join("\n"), &[], &[])).map_err(|error| error.to_string());
    }
}

#[test]
fn a_server_that_runs_models_must_be_told_which() {
    let of = |text| problems(&format!("[embedder]\n{text}"));
    let [line] = of("provider = 'ollama'").try_into().unwrap();
    assert_eq!(line, "config.toml:2: `embedder.model`: must name the model that the server runs");
    assert_eq!(of("provider = 'openai'\nmodel = 'bge-m3'").len(), 1);
    let config = load("[embedder]\nprovider = 'ollama'\nmodel = 'bge-m3'");
    assert_eq!(config.embedder.model, "bge-m3");
}

#[test]
fn secrets_are_taken_and_never_shown() {
    let text = "catalog.url = 'postgres://kim:sesame@db/ragterm'\nstore.api_key = 'sesame'";
    let variables = [("RAGTERM_EMBEDDER__API_KEY_FILE", "/run/secrets/key")];
    let loaded = Config::load(&inputs(text, &variables, &[])).unwrap();
    assert_eq!(loaded.config.store.api_key, Secret::Value("sesame".into()));
    assert_eq!(
        loaded.config.embedder.api_key,
        Secret::file("embedder.api_key_file", "/run/secrets/key")
    );
    let shown: String = loaded.settings.iter().map(|setting| format!("{setting}\n")).collect();
    assert!(!shown.contains("sesame") && shown.contains("store.api_key = \"…\""), "{shown}");
    assert!(!format!("{:?}", loaded.config).contains("sesame"));
    let both = problems("store.api_key = 'a'\nstore.api_key_file = '/b'");
    assert_eq!(
        both,
        ["config.toml:2: `store.api_key_file`: must not be set together with `api_key`"]
    );
    let address = problems("store.url = 'http://kim:sesame@host'");
    assert!(address.len() == 1 && !address[0].contains("sesame"), "{address:?}");
}

#[test]
fn only_a_shared_catalog_has_daemons_of_several_roles() {
    let lines = problems("daemon.role = 'query'");
    let expected = "config.toml:1: `daemon.role`: must be `all` while the catalog is `sqlite`";
    assert_eq!(lines, [expected]);
    let shared = load("daemon.role = 'query'\ncatalog.url = 'postgres://db/ragterm'");
    assert_eq!(shared.daemon.role, Role::Query);
}

#[test]
fn a_model_that_answers_is_named_with_what_its_provider_needs() {
    let of = |text: &str| problems(&format!("[llm]\n{text}"));
    let [line] = of("provider = 'ollama'").try_into().unwrap();
    assert_eq!(line, "config.toml:2: `llm.model`: must name the model that answers");
    let [line] = of("provider = 'openai'\nmodel = 'x'").try_into().unwrap();
    assert!(line.starts_with("config.toml:2: `llm.url`: must say where"), "{line}");
    let [line] = of("provider = 'anthropic'\nmodel = 'x'").try_into().unwrap();
    assert_eq!(line, "config.toml:2: `llm.api_key`: must be set, or `api_key_file`");
    let fine = load("[llm]\nprovider = 'anthropic'\nmodel = 'x'\napi_key_file = '/run/key'");
    assert_eq!(fine.llm.api_key, Secret::file("llm.api_key_file", "/run/key"));
}

#[test]
fn the_window_of_a_model_is_told_or_large_enough_for_the_longest_answer() {
    assert_eq!(load("").llm.context_tokens, None);
    let [small] = problems("llm.context_tokens = 100").try_into().unwrap();
    assert!(small.ends_with("must be at least 512, or 0 for what the server says"), "{small}");
    let [line] = problems("llm.context_tokens = 1024").try_into().unwrap();
    assert!(line.ends_with("`llm.max_output_tokens`: must be less than `llm.context_tokens`"));
    let hot = problems("llm.temperature = 2.5");
    assert_eq!(hot, ["config.toml:1: `llm.temperature`: must be a number from 0 to 2, not `2.5`"]);
}
