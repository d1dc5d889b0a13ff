//! Where content comes from, and what is refused.

use wardwatch_content::{ContentFault, Library, explain, find};
use wardwatch_ident::{Timestamp, Zone};

fn library(files: &[(&str, &str)]) -> Library {
    Library::of(files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())))
}

#[test]
fn a_folder_reads_like_what_is_embedded() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = folder.path().join("sources/acme/thing");
    std::fs::create_dir_all(pack.join("maps")).expect("folders");
    std::fs::write(
        pack.join("pack.toml"),
        "pack = { id = 'acme/thing', format = 1 }\nbody = { kind = 'json' }\nmap = { severity_id = { from = 'l', map = 'level' } }\n[value]\nlevel = { file = 'maps/level.csv' }\n",
    )
    .expect("manifest");
    std::fs::write(pack.join("maps/level.csv"), "text,value\n高,4\n").expect("map");
    let own = Library::folder(folder.path()).expect("a content folder");
    assert_eq!(own.pack_ids(), ["acme/thing"]);
    own.pack("acme/thing").expect("it compiles with its map");
    let both = Library::embedded().with(own);
    assert!(both.pack("acme/thing").is_ok() && both.pack("fortinet/fortigate").is_ok());
    assert!(matches!(Library::folder(&folder.path().join("sources")), Err(ContentFault::NotContent { .. })));
}

#[test]
fn a_bad_pack_takes_no_other_down() {
    let library = library(&[
        ("sources/a/good/pack.toml", "pack = { id = 'a/good', format = 1 }\n"),
        ("sources/a/bad/pack.toml", "pack = { id = 'a/bad', format = 1 }\nmap = { no_such_column = 'x' }\n"),
        ("sources/a/worse/pack.toml", "this is no TOML"),
    ]);
    let (packs, faults) = library.packs();
    assert_eq!((packs.len(), faults.len()), (1, 2));
    assert!(faults.iter().any(|fault| fault.to_string().starts_with("sources/a/bad/pack.toml:2:")), "{faults:?}");
}

#[test]
fn a_pack_extends_another_and_never_itself() {
    let library = library(&[
        (
            "sources/a/base/pack.toml",
            "pack = { id = 'a/base', format = 1 }\nbody = { kind = 'json' }\nmap = { host = 'h' }\n",
        ),
        (
            "sources/a/more/pack.toml",
            "pack = { id = 'a/more', extends = 'a/base', format = 1 }\nmap = { user = 'u' }\n",
        ),
        ("sources/a/loop/pack.toml", "pack = { id = 'a/loop', extends = 'a/loop', format = 1 }\n"),
    ]);
    assert_eq!(library.pack("a/more").expect("both together").columns().len(), 2);
    let fault = library.pack("a/loop").expect_err("it never ends");
    assert!(fault.to_string().contains("more than 8 packs"), "{fault}");
}

#[test]
fn a_line_finds_its_pack() {
    let library = Library::embedded();
    let sample = |path: &str, line: usize| {
        let bytes = library.bytes(path).expect("a sample").to_vec();
        bytes.split(|b| *b == b'\n').nth(line).expect("a line").to_vec()
    };
    for (path, line, expect) in [
        ("sources/fortinet/fortigate/samples/normal.log", 1, "fortinet/fortigate"),
        ("sources/fortinet/fortigate/samples/odd.log", 2, "fortinet/fortigate"),
        ("sources/huawei/usg/samples/gbk.log", 1, "huawei/usg"),
        ("sources/huawei/usg/samples/odd.log", 1, "huawei/usg"),
        ("sources/sangfor/sip/samples/gbk.log", 1, "sangfor/sip"),
        ("sources/sangfor/af/samples/gbk.log", 1, "sangfor/af"),
        ("sources/sangfor/sslvpn/samples/gbk.log", 1, "sangfor/sslvpn"),
        ("sources/legendsec/bastion/samples/gbk.log", 1, "legendsec/bastion"),
        ("sources/venustech/dbaudit/samples/gbk.log", 1, "venustech/dbaudit"),
        ("sources/venustech/dbaudit/samples/odd.log", 1, "venustech/dbaudit"),
        ("sources/chaitin/safeline/samples/alarm.log", 1, "chaitin/safeline"),
        ("sources/wardwatch/his-audit/samples/gbk.log", 1, "wardwatch/his-audit"),
        ("sources/oisf/suricata/samples/alarm.log", 1, "oisf/suricata"),
        ("sources/nginx/nginx/samples/normal.log", 1, "nginx/nginx"),
        ("sources/linux/auth/samples/normal.log", 1, "linux/auth"),
        ("sources/linux/auth/samples/normal.log", 3, "linux/auth"),
        ("sources/linux/auditd/samples/normal.log", 1, "linux/auditd"),
        ("sources/microsoft/windows/samples/security.log", 1, "microsoft/windows"),
        ("sources/microsoft/windows/samples/winlogbeat.log", 1, "microsoft/windows"),
        ("sources/microsoft/windows/samples/odd.log", 3, "microsoft/windows"),
        ("sources/microsoft/windows/samples/odd.log", 4, "microsoft/windows"),
        ("sources/generic/cef/samples/normal.log", 1, "generic/cef"),
        ("sources/generic/leef/samples/normal.log", 1, "generic/leef"),
        ("sources/generic/json/samples/normal.log", 1, "generic/json"),
        ("sources/generic/syslog/samples/normal.log", 1, "generic/syslog"),
    ] {
        let found = find(&library, &sample(path, line)).expect("a pack");
        assert_eq!(found.id, expect, "{path}:{line}");
    }
}

#[test]
fn a_line_is_explained() {
    let library = Library::embedded();
    let line = br#"{"his_audit_id":1,"op_time":"2026-11-25 09:30:12","action":"login","user_id":"0421","client_ip":"10.20.31.7","result":"failure"}"#;
    let received = Timestamp::from_secs(1_795_572_000);
    let told = explain(&library, "auto", line, received, Zone::china()).expect("it is explained");
    assert!(told.pack.starts_with("wardwatch/his-audit"), "{}", told.pack);
    assert_eq!(told.parsed, "whole");
    assert!(told.columns.iter().any(|column| column.column == "src_ip"));
    let fault = explain(&library, "no/pack", line, received, Zone::china()).expect_err("there is none");
    assert!(fault.to_string().contains("no pack `no/pack`"), "{fault}");
}
