//! What the demo leaves in its folder.

use sha2::{Digest, Sha256};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use wardwatch_demo::{Ask, Carrier, DemoFault, Stage, forget, prepare};

pub fn ask(folder: &Path) -> Ask {
    Ask { folder: folder.to_owned(), page: "127.0.0.1:0".parse().unwrap(), rate: 120, search_path: None }
}

fn config(stage: &Stage) -> toml::Table {
    std::fs::read_to_string(&stage.config).unwrap().parse().unwrap()
}

#[test]
fn the_configuration_names_every_flow_once() {
    let folder = tempfile::tempdir().unwrap();
    let stage = prepare(&ask(folder.path())).unwrap();
    let config = config(&stage);
    let tenants = config["tenant"].as_array().unwrap();
    assert_eq!(tenants.len(), 3);
    let sources: usize = tenants.iter().map(|t| t["source"].as_array().unwrap().len()).sum();
    assert_eq!((sources, stage.flows.len()), (15, 15));
    let listeners = config["listener"].as_array().unwrap();
    let with_token = stage.flows.iter().filter(|f| f.source.way.has_token()).count();
    assert_eq!(listeners.len(), sources - with_token + 1, "one listener a source, one for all that have tokens");
    let binds: std::collections::HashSet<&str> = listeners.iter().map(|l| l["bind"].as_str().unwrap()).collect();
    assert_eq!(binds.len(), listeners.len());
    assert!(binds.iter().all(|b| b.starts_with("127.0.0.1:")));
    let kinds: std::collections::HashSet<&str> = listeners.iter().map(|l| l["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["udp", "tcp", "tls", "relp", "http"].into());
}

#[test]
fn tokens_are_kept_and_only_their_hashes_are_in_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let first = prepare(&ask(folder.path())).unwrap();
    let (mut hashes, mut second) = (Vec::new(), Vec::new());
    for list in [&mut hashes, &mut second] {
        let stage = prepare(&ask(folder.path())).unwrap();
        let text = std::fs::read_to_string(&stage.config).unwrap();
        for flow in stage.flows.iter().filter(|f| f.source.way.has_token()) {
            let Carrier::Send(arguments) = &flow.carrier else { panic!("tokens belong to `send`") };
            let at = arguments.iter().position(|a| a == "--token-file").unwrap();
            let path = Path::new(&arguments[at + 1]);
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            let token = std::fs::read_to_string(path).unwrap();
            assert!(!text.contains(&token));
            let hash = hex::encode(Sha256::digest(token.as_bytes()));
            assert!(text.contains(&hash));
            list.push(hash);
        }
    }
    assert_eq!(hashes, second, "a second run knows the same tokens");
    assert_eq!(first.memory.seed, prepare(&ask(folder.path())).unwrap().memory.seed);
}

#[test]
fn a_second_run_goes_on_and_a_fresh_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut memory = prepare(&ask(folder.path())).unwrap().memory;
    assert_eq!((memory.second, memory.runs), (0, 1));
    memory.second = 321;
    std::fs::write(folder.path().join("demo.json"), serde_json::to_string(&memory).unwrap()).unwrap();
    let again = prepare(&ask(folder.path())).unwrap().memory;
    assert_eq!((again.second, again.runs, again.seed), (321, 2, memory.seed));

    std::fs::write(folder.path().join("notes.txt"), "of the user").unwrap();
    std::fs::create_dir_all(folder.path().join("data")).unwrap();
    forget(folder.path()).unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.txt"], "only what is ours is removed");
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.docx"), "years").unwrap();
    assert!(matches!(prepare(&ask(folder.path())), Err(DemoFault::Foreign(_))));
    assert!(matches!(forget(folder.path()), Err(DemoFault::Foreign(_))));
    assert!(folder.path().join("thesis.docx").exists());
}

#[test]
fn damaged_memory_is_said_and_not_guessed() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["", "{}", "{\"seed\":1,\"second\":-1,\"runs\":1}"] {
        std::fs::write(folder.path().join("demo.json"), text).unwrap();
        let fault = prepare(&ask(folder.path())).unwrap_err();
        assert!(matches!(fault, DemoFault::Memory { .. }), "{text}: {fault}");
        assert!(fault.to_string().contains("--fresh"));
    }
}

#[test]
fn there_is_room_for_rules_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let stage = prepare(&ask(folder.path())).unwrap();
    assert_eq!(std::fs::read_dir(folder.path().join("rules")).unwrap().count(), 0);
    assert_eq!(config(&stage)["rules"].as_array().unwrap().len(), 1);
    // What was put there stays at the next start.
    std::fs::write(folder.path().join("rules/own.yml"), "title: own\n").unwrap();
    prepare(&ask(folder.path())).unwrap();
    assert!(folder.path().join("rules/own.yml").exists());
}
