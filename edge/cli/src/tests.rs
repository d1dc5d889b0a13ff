//! Every text in both languages.

use crate::chinese::{TEXTS, chinese};
use crate::messages::MESSAGES;
use crate::{Answer, Language, command, in_chinese, read};
use clap::Command;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| {
        ('\u{3400}'..='\u{9fff}').contains(&c)
            || ('\u{3000}'..='\u{303f}').contains(&c)
            || ('\u{ff00}'..='\u{ffef}').contains(&c)
    })
}

/// English prose: three words of small letters in a row.
fn has_english(text: &str) -> bool {
    let prose = |w: &&str| w.len() > 1 && w.chars().all(|c| c.is_ascii_lowercase());
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).any(|three| three.iter().all(prose))
}

/// Each command with its path, as it is typed after `wardwatch`.
fn each(command: &Command, path: &str, visit: &mut dyn FnMut(&Command, &str)) {
    visit(command, path);
    for child in command.get_subcommands() {
        let path = if path.is_empty() { child.get_name().to_owned() } else { format!("{path} {}", child.get_name()) };
        each(child, &path, visit);
    }
}

fn shown(path: &str, flag: &str, language: Language) -> String {
    let words = path.split_whitespace().chain([flag]).map(OsString::from).collect();
    match read(words, language) {
        Err(Answer::Text(text)) => text.to_string(),
        other => panic!("{path} {flag}: {other:?}"),
    }
}

#[test]
fn the_help_of_every_command_is_whole_in_both_languages() {
    let mut used = BTreeSet::from(["wardwatch".to_owned(), "exit codes".to_owned()]);
    let mut paths = Vec::new();
    each(&command(Language::En), "", &mut |command, path| {
        paths.push(path.to_owned());
        used.extend((!path.is_empty()).then(|| path.to_owned()));
        for arg in command.get_arguments() {
            let id = arg.get_id();
            let everywhere = ["lang", "quiet", "help", "version"].contains(&id.as_str());
            used.insert(if everywhere { id.to_string() } else { format!("{path}.{id}") });
            let shells = id == "shell";
            used.extend(
                arg.get_possible_values()
                    .iter()
                    .filter(|_| !shells && arg.get_action().takes_values())
                    .map(|v| format!("{id}={}", v.get_name())),
            );
        }
    });
    let there: BTreeSet<String> = TEXTS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(used.difference(&there).collect::<Vec<_>>(), Vec::<&String>::new(), "without a Chinese text");
    assert_eq!(there.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "Chinese texts of nothing");
    assert_eq!(there.len(), TEXTS.len(), "a key stands twice");
    assert!(paths.len() > 18, "{paths:?}");
    for path in &paths {
        for flag in ["-h", "--help"] {
            let english = shown(path, flag, Language::En);
            assert!(!has_chinese(&english) && english.contains("Usage:"), "{path} {flag}: {english}");
            let text = shown(path, flag, Language::Zh);
            for words in [
                "Usage",
                "Commands",
                "Options",
                "Arguments",
                "[default",
                "[env",
                "ossible values",
                "Print ",
                "OPTIONS",
                "COMMAND",
            ] {
                assert!(!text.contains(words), "{path} {flag} says `{words}`: {text}");
            }
            assert!(text.contains("用法：") && text.contains("选项"), "{path} {flag}: {text}");
            let english_line = text.lines().find(|line| has_english(&line.replace(path.as_str(), "")));
            assert_eq!(english_line, None, "{path} {flag}");
        }
    }
}

#[test]
fn every_command_s_help_names_the_exit_codes_or_the_first_page_does() {
    for (language, words) in
        [(Language::En, ["Exit codes", "7 done in part"]), (Language::Zh, ["退出码", "7 部分完成"])]
    {
        for path in ["", "detect", "content test"] {
            let text = shown(path, "--help", language);
            assert!(words.iter().all(|word| text.contains(word)), "{path}: {text}");
        }
    }
}

#[test]
fn wrong_usage_is_told_in_chinese() {
    for (words, expect) in [
        ("frobnicate", &["没有命令“frobnicate”", "--help"][..]),
        ("verfy", &["没有命令“verfy”", "是不是“verify”"]),
        ("search --limit many", &["“--limit <LIMIT>”的值“many”不正确"]),
        ("search --limit", &["“--limit <LIMIT>”缺少值"]),
        ("search --since 1h --from x", &["不能与", "同时使用"]),
        ("send", &["缺少必需的参数", "<FILE>"]),
        ("parse --wat", &["不认识的参数“--wat”"]),
        ("token extra", &["不认识的参数“extra”"]),
        ("send x --via pigeon --to y", &["“--via <VIA>”的值“pigeon”不正确", "可选的值：udp、tcp"]),
        ("--lang fr token", &["“--lang <LANG>”的值“fr”不正确", "可选的值：zh、en"]),
        ("content lint --write", &["不认识的参数“--write”"]),
    ] {
        let said = match read(words.split(' ').map(OsString::from).collect(), Language::Zh) {
            Err(Answer::Complaint(complaint)) => complaint.text(Language::Zh),
            other => panic!("{words}: {other:?}"),
        };
        assert!(expect.iter().all(|part| said.contains(part)) && said.starts_with("错误: "), "{words}: {said}");
        assert!(!has_english(&said), "{words}: {said}");
    }
    // Without a command the help is shown, in the language that was asked for.
    match read(Vec::new(), Language::Zh) {
        Err(Answer::Usage(text)) => assert!(text.to_string().contains("用法："), "{text}"),
        Err(Answer::Complaint(complaint)) => assert!(complaint.text(Language::Zh).contains("缺少命令")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_and_messages_are_in_their_language() {
    for (key, text) in TEXTS {
        assert!(has_chinese(text), "{key}: {text}");
        assert_eq!(chinese(key), Some(*text));
    }
    for (english, text) in MESSAGES {
        assert!(!has_chinese(english) && has_chinese(text), "{english}: {text}");
        assert_eq!(english.matches("{}").count(), text.matches("{}").count(), "{english}");
        assert!(in_chinese(&english.replace("{}", "x")).is_some_and(|t| has_chinese(&t)), "{english}");
    }
}

#[test]
fn a_message_keeps_what_differs_and_what_it_quotes() {
    for (english, expect) in [
        ("no pack `a/b`", Some("没有解析包 `a/b`")),
        (
            "w.toml: cannot be read (No such file or directory (os error 2)); `wardwatch config example` prints one to start from",
            Some("w.toml: 无法读取（没有这个文件或目录）"),
        ),
        (
            "version 0123456789ab has not been tried long enough in the shadow: 3 more minutes and 7 more events; promote it then, or halt it",
            Some("版本 0123456789ab 在 旁观 阶段试用得还不够：3 分钟和 7 条事件；届时再进入下一步，或停止试用"),
        ),
        (
            "the content version is damaged: it is cut off; get it again from its author",
            Some("内容版本已损坏：文件不完整；请向作者重新索取"),
        ),
        ("w.toml:3:1: tenant `x` stands here twice", Some("w.toml:3:1: 医院 `x` 写了两次")),
        (
            "gave up: Connection refused (os error 111) (0 of 7 lines are acknowledged); is the server running?",
            Some("已放弃：连接被拒绝（0 / 7 行已确认）；服务器在运行吗？"),
        ),
        ("something nobody has said before", None),
    ] {
        assert_eq!(in_chinese(english).as_deref(), expect, "{english}");
    }
}

/// The complaints that `app/assemble` writes are all in the catalogue: read from its source, so that a new one is missed here.
#[test]
fn every_complaint_of_a_command_has_a_chinese_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../app/assemble/src");
    let mut folders = vec![root];
    let mut texts = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())).flatten() {
            let path = entry.path();
            // The doctor's sentences stand beside each other in both languages.
            if path.file_stem().is_some_and(|name| name == "doctor") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let source = std::fs::read_to_string(&path).unwrap_or_default();
                let source = source.split("#[cfg(test)]").next().unwrap_or_default();
                for start in ["Complaint::new(", "Complaint::failed(", "let next = "] {
                    texts.extend(source.split(start).skip(1).flat_map(literals));
                }
            }
        }
    }
    assert!(texts.len() > 25, "{texts:?}");
    let lacking: Vec<_> = texts
        .iter()
        .filter(|text| text.chars().filter(char::is_ascii_alphabetic).count() > 1 && !has_chinese(text))
        // Words that stand in the same statement and are shown to nobody; `opening …` has a text for each part.
        .filter(|text| {
            !["sqlite", "opening the {} {}: {}", "configuration is read here, and `config explain` says so"]
                .contains(&text.as_str())
        })
        .filter(|text| in_chinese(text).is_none())
        .collect();
    assert!(lacking.is_empty(), "not in the catalogue: {lacking:#?}");
}

/// String literals up to the end of the statement, `{…}` of a format made `{}`.
fn literals(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', ';']) {
        if rest[at..].starts_with(';') {
            break;
        }
        let body = &rest[at + 1..];
        let mut end = 0;
        let bytes = body.as_bytes();
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let mut text = String::new();
        for (n, piece) in body[..end].replace("\\\"", "\"").split('{').enumerate() {
            text.push_str(if n == 0 { piece } else { "{}" });
            text.push_str(if n == 0 { "" } else { piece.split_once('}').map_or("", |(_, after)| after) });
        }
        texts.push(text);
        rest = body.get(end + 1..).unwrap_or_default();
    }
    texts
}
