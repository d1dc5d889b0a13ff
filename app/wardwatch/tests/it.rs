//! The binary's own words: help, wrong usage, exit codes. Having a test here also makes cargo build the binary that the
//! tests in `proving` start.
#![allow(clippy::expect_used, reason = "a test that meets what it did not expect has to stop")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn wardwatch(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wardwatch")).args(args).env("LANG", "en").output().expect("the binary runs")
}

#[test]
fn wrong_usage_is_told_with_a_stable_code_and_what_to_do_next() {
    let missing = "/nowhere/at/all";
    for (args, code, words) in [
        (&["--help"][..], 0, "wardwatch"),
        (&["serve", "--help"], 0, "--config"),
        (&["frobnicate"], 2, "unrecognized subcommand"),
        (&["search", "--limit", "many"], 2, "invalid value"),
        (&["serve", "--config", missing], 3, "config example"),
        (&["search", "x", "--config", missing], 3, "config example"),
        (&["verify", "--config", missing], 3, "config example"),
        (&["detect", missing], 3, "check the path"),
        (&["detect", ".", "--min-level", "terrible"], 2, "informational"),
        (&["detect", ".", "--rules", missing], 3, "rules"),
        (&["parse", missing], 3, "check the path"),
        (&["parse", "--pack", "no/such"], 3, "content list"),
        (&["content", "draft", missing], 3, "few lines"),
        (&["content", "explain", "no/such", "line"], 3, "content list"),
        (&["send", missing, "--via", "tcp", "--to", "nowhere"], 2, ""),
        (&["send", missing, "--via", "tcp", "--to", "127.0.0.1:9"], 3, "check the path"),
        (&["parse", "--zone", "Mars/Olympus"], 2, "time zone"),
    ] {
        let out = wardwatch(args);
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
}

#[test]
fn a_guarded_program_ends_with_its_parent() {
    let script = format!("{} guard $$ sleep 600 & echo $!; wait", env!("CARGO_BIN_EXE_wardwatch"));
    let mut parent = Command::new("sh").args(["-c", &script]).stdout(Stdio::piped()).spawn().expect("a shell");
    let mut line = String::new();
    BufReader::new(parent.stdout.take().expect("its output")).read_line(&mut line).expect("a process id");
    let child = line.trim().to_owned();
    let state = || std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
    while !state().contains("(sleep)") {
        std::thread::sleep(Duration::from_millis(20));
    }
    parent.kill().expect("killed");
    parent.wait().expect("waited for");
    // Gone, or waiting for the system to collect it; a guard that does not work runs into the test's own time limit.
    while !(state().is_empty() || state().contains(") Z ")) {
        std::thread::sleep(Duration::from_millis(20));
    }
    // A parent that is gone already is told, and nothing is started.
    assert_eq!(wardwatch(&["guard", "1", "sleep", "600"]).status.code(), Some(5));
}

#[test]
fn what_is_refused_is_refused_in_the_language_that_was_asked_for() {
    for (lang, args, code, words) in [
        ("zh_CN.UTF-8", &["frobnicate"][..], 2, &["错误: 没有命令“frobnicate”", "下一步: "][..]),
        ("zh_CN.UTF-8", &["verfy"], 2, &["是不是“verify”"]),
        ("zh_CN.UTF-8", &["search", "--limit", "many"], 2, &["“--limit <LIMIT>”的值“many”不正确"]),
        ("zh_CN.UTF-8", &["send"], 2, &["缺少必需的参数", "<FILE>"]),
        ("zh_CN.UTF-8", &["search", "--since", "1h", "--from", "x"], 2, &["不能与", "同时使用"]),
        ("zh_CN.UTF-8", &["parse", "--wat"], 2, &["不认识的参数“--wat”"]),
        ("zh_CN.UTF-8", &["send", "x", "--via", "pigeon", "--to", "y"], 2, &["可选的值：udp、tcp"]),
        ("zh_CN.UTF-8", &["--lang", "fr", "token"], 2, &["“--lang <LANG>”的值“fr”不正确", "可选的值：zh、en"]),
        (
            "zh_CN.UTF-8",
            &["search", "x", "--config", "/nowhere"],
            3,
            &["/nowhere: 无法读取（没有这个文件或目录）", "下一步: "],
        ),
        ("zh_CN.UTF-8", &["parse", "--zone", "Mars/Olympus"], 2, &["错误: ", "时区"]),
        ("en_US.UTF-8", &["--lang", "fr", "token"], 2, &["invalid value 'fr'", "possible values: zh, en"]),
        ("zh_CN.UTF-8", &["--lang", "en", "frobnicate"], 2, &["unrecognized subcommand"]),
        ("C", &["search", "x", "--config", "/nowhere"], 3, &["error: /nowhere: cannot be read", "next: "]),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_wardwatch")).args(args).env("LANG", lang).output().expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "{args:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {said}");
    }
}

#[test]
fn messages_are_chinese_when_asked() {
    let out = wardwatch(&["serve", "--lang", "zh", "--config", "/nowhere"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.starts_with("错误") && said.contains("下一步"), "{said}");
}

#[test]
fn completions_and_the_manual_are_printed() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(wardwatch(&["completions", shell]).stdout.len() > 1_000, "{shell}");
    }
    let manual = String::from_utf8_lossy(&wardwatch(&["man"]).stdout).into_owned();
    assert!(manual.contains(".TH wardwatch") && manual.contains("wardwatch-search"), "all commands are in it");
}

#[test]
fn the_example_configuration_is_one_that_loads() {
    let folder = std::env::temp_dir().join(format!("wardwatch-example-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("w.toml");
    std::fs::write(&file, wardwatch(&["config", "example"]).stdout).expect("written");
    let out = wardwatch(&["config", "explain", "--config", &file.to_string_lossy()]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success() && said.contains("w.toml:") && said.contains("default"), "{said}");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn a_token_and_its_hash_belong_together() {
    let said = String::from_utf8_lossy(&wardwatch(&["token"]).stdout).into_owned();
    let words: Vec<&str> = said.split_whitespace().collect();
    let after = |name: &str| words.iter().position(|w| *w == name).and_then(|at| words.get(at + 1)).copied();
    assert!(after("token").is_some_and(|t| t.starts_with("ww_") && t.len() == 51), "{said}");
    assert!(after("tokens_sha256").is_some_and(|h| h.len() == 64), "{said}");
}
