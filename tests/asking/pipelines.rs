//! Spaces that are answered in different ways, by configuration alone.

use std::fs;

use super::{configured, prompt_of, system_of};
use crate::fakes::chat::{Chat, Protocol, Reply};
use crate::support::{Instance, path};

fn with_file(ragterm: Instance, config: &str) -> Instance {
    let file = ragterm.docs().with_file_name("config.toml");
    fs::write(&file, config).unwrap();
    ragterm.with("RAGTERM_CONFIG", path(&file))
}

fn office(chat: &Chat) -> Instance {
    let config = "[[spaces]]\nname = 'hr'\npipeline = 'brief'\n\
                  [[spaces]]\nname = 'engineering'\npipeline = 'passages'\n\
                  [[pipelines]]\nname = 'brief'\npassages = 1\nlanguage = 'German'\n\
                  prompt = 'Answer in one sentence.'\nrequire_citations = true\ntypes = ['md']\n\
                  [[pipelines]]\nname = 'passages'\ngenerate = false\n";
    let ragterm = with_file(configured(chat), config);
    for (space, name, text) in [
        ("hr", "leave.md", "# Leave\n\nVacation days are carried over until March.\n"),
        ("hr", "other.txt", "Vacation days are carried over until June."),
        ("hr", "more.md", "# More\n\nVacation days are carried over by request.\n"),
        ("engineering", "oncall.md", "# On call\n\nOn-call days are carried over.\n"),
    ] {
        let directory = ragterm.docs().join(space);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(name), text).unwrap();
    }
    for space in ["hr", "engineering"] {
        let directory = ragterm.docs().join(space);
        ragterm.run(&["add", path(&directory), "--space", space]).expect(0);
    }
    ragterm
}

#[test]
fn each_space_is_answered_by_its_pipeline() {
    let chat = Chat::saying(Protocol::Ollama, Reply::of(&["Until March [1]. That is all of it."]));
    let ragterm = office(&chat);
    let ask = |space: &str| {
        let arguments = ["ask", "--json", "--space", space, "Which days are carried over?"];
        ragterm.run(&arguments).expect(0).json()
    };
    let brief = ask("hr");
    let asked = chat.asked().pop().unwrap();
    assert!(system_of(&asked).contains("Answer in German"));
    assert!(system_of(&asked).ends_with("Answer in one sentence."));
    assert_eq!(prompt_of(&asked).matches("<passage-").count(), 1);
    assert!(!prompt_of(&asked).contains("June"), "only Markdown");
    assert_eq!(brief["unsupported"], serde_json::json!([[17, 35]]));
    let passages = ask("engineering");
    assert_eq!((&passages["answer"], &passages["degraded"]), (&"".into(), &().into()));
    assert_eq!(passages["sources"][0]["path"], "oncall.md");
    let wider = ["ask", "--space", "hr", "--type", "txt", "Which days are carried over?"];
    let refused = ragterm.run(&wider).expect(2).stderr;
    assert!(refused.contains("other types: md"), "{refused}");
    assert_eq!(chat.asked().len(), 1, "the other one asks no model");
}

#[test]
fn a_question_to_all_spaces_is_answered_by_the_pipeline_that_they_share() {
    let chat = Chat::saying(Protocol::Ollama, Reply::of(&["Until March [1]."]));
    let ragterm = office(&chat);
    let ask = || {
        ragterm.run(&["ask", "Which days are carried over?"]).expect(0);
        system_of(&chat.asked().pop().unwrap()).contains("Answer in German")
    };
    assert!(!ask(), "the spaces have different ones");
    ragterm.run(&["sources", "remove", "engineering"]).expect(0);
    assert!(ask(), "the one that is left has its own");
}

#[test]
fn a_pipeline_that_cannot_be_is_refused_at_the_start() {
    let ragterm = with_file(
        Instance::without_embedder(),
        "[[spaces]]\nname = 'hr'\npipeline = 'breif'\n\
         [[pipelines]]\nname = 'brief'\nrerank = true\npassages = 0\ntypes = ['*.md']\n",
    );
    let refused = ragterm.run(&["status"]).expect(2).stderr;
    for problem in [
        "`breif` is not among the `[[pipelines]]`",
        "search.rerank_url",
        "passages",
        "an extension",
    ] {
        assert!(refused.contains(problem), "{problem}: {refused}");
    }
}
