//! Texts of definitions that are taken and refused.

use wardwatch_baseline::{DefinitionFault, Definitions};

fn one(change: &str) -> String {
    let base = [
        ("id", "\"x\""),
        ("kind", "\"first_seen\""),
        ("title", "{ zh = \"标题\", en = \"title\" }"),
        ("entity", "\"host\""),
        ("value", "\"proc_path\""),
    ];
    let changed: Vec<&str> = change.split_whitespace().take(1).collect();
    let mut text = String::from("[[baseline]]\n");
    for (key, value) in base {
        if !changed.contains(&key) && !change.starts_with(&format!("-{key}")) {
            text += &format!("{key} = {value}\n");
        }
    }
    if !change.starts_with('-') {
        text += change;
    }
    text += "\n";
    text
}

#[test]
fn texts() {
    for (change, fault) in [
        ("", None),
        ("days_min = 30", None),
        ("where = { class_uid = [\"1007\"] }", None),
        ("days_min = 13", Some("days_min")),
        ("days_min = 400", Some("days_min")),
        ("kind = \"often\"", Some("unknown variant")),
        ("colour = 1", Some("unknown field")),
        ("-value", Some("needs `value`")),
        ("-title", Some("missing field `title`")),
        ("kind = \"hours\"", Some("remove `value`")),
        ("id = \"\"", Some("1 to 128 bytes")),
        ("share_ppm_max = 50000", Some("share_ppm_max")),
        ("where = { class_uid = [] }", Some("where")),
        ("title = { zh = \"\", en = \"x\" }", Some("both languages")),
    ] {
        let read = Definitions::read(&one(change));
        match fault {
            None => assert!(read.is_ok(), "{change}: {read:?}"),
            Some(part) => {
                let why = read.unwrap_err().to_string();
                assert!(why.contains(part), "{change}: {why}");
            }
        }
    }
    assert_eq!(Definitions::read(&(one("") + &one(""))), Err(DefinitionFault::Twice("x".into())));
    assert!(Definitions::read("").unwrap().iter().next().is_none());
    let many: String = (0..17).map(|n| one("kind = \"rare\"").replace("\"x\"", &format!("\"x{n}\""))).collect();
    assert!(matches!(Definitions::read(&many), Err(DefinitionFault::TooMany { found: 17, .. })));
    let many: String = (0..65).map(|n| one("").replace("\"x\"", &format!("\"x{n}\""))).collect();
    assert!(matches!(Definitions::read(&many), Err(DefinitionFault::TooMany { found: 65, .. })));
}
