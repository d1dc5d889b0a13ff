use super::*;

const GOOD: &str = r#"
data = "d"
retention_days = 200

[[tenant]]
id = "renmin"
name = "江畔人民医院"

[[tenant.source]]
id = "fw"
pack = "fortinet/fortigate"

[[listener]]
kind = "tcp"
bind = "127.0.0.1:5514"
tenant = "renmin"
source = "fw"
"#;

fn read(text: &str) -> Result<Config, ConfigFault> {
    parse(text, Path::new("/etc/ww/w.toml"), &|_| None)
}

#[test]
fn a_good_file_is_understood_and_explained() {
    let config =
        parse(GOOD, Path::new("/etc/ww/w.toml"), &|name| (name == "WARDWATCH_PAGE").then(|| "127.0.0.1:9".to_owned()))
            .unwrap();
    assert_eq!(config.data, Path::new("/etc/ww/d"));
    assert_eq!(config.page.port(), 9);
    let origin = |key: &str| config.settings.iter().find(|s| s.key == key).unwrap().origin.clone();
    assert_eq!(origin("retention_days"), "/etc/ww/w.toml:3:18");
    assert_eq!(origin("page"), "environment WARDWATCH_PAGE");
    assert_eq!(origin("line_bytes"), "default");
    assert!(config.find("renmin", "fw").is_some() && config.find("renmin", "x").is_none());
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (from, to, place, word) in [
        ("retention_days = 200", "retention_days = 30", ":3:18", "180"),
        ("retention_days = 200", "retention_dayz = 30", ":3:1", "retention_dayz"),
        ("id = \"renmin\"", "id = \"Ren Min\"", ":6:6", "a-z"),
        ("source = \"fw\"\n", "source = \"other\"\n", ":13:1", "no source `other`"),
        ("kind = \"tcp\"", "kind = \"pigeon\"", ":13:1", "pigeon"),
        ("bind = \"127.0.0.1:5514\"", "", ":13:1", "bind"),
        ("pack = \"fortinet/fortigate\"", "zone = \"CST\u{4e2d}\"", ":11:8", "no time zone"),
        ("pack = \"fortinet/fortigate\"", "tokens_sha256 = [\"secret\"]", ":11:18", "SHA-256"),
        ("data = \"d\"", "journal = \"redis\"", ":2:11", "redis"),
    ] {
        let fault = read(&GOOD.replace(from, to)).unwrap_err();
        assert!(fault.place.ends_with(place), "{to}: {fault}");
        assert!(fault.why.contains(word), "{to}: {fault}");
    }
}

#[test]
fn a_token_of_two_sources_is_refused() {
    let hash = "ab".repeat(32);
    let two = format!(
        "[[tenant]]\nid = \"a\"\n[[tenant.source]]\nid = \"s\"\ntokens_sha256 = [\"{hash}\"]\n\
         [[tenant]]\nid = \"b\"\n[[tenant.source]]\nid = \"s\"\ntokens_sha256 = [\"{hash}\"]\n"
    );
    let fault = read(&two).unwrap_err();
    assert!(fault.why.contains("two sources") && fault.place.ends_with(":10:19"), "{fault}");
    assert!(read(&two.replacen("ab", "cd", 1)).is_ok());
}

#[test]
fn two_listeners_on_one_address_are_refused() {
    let second = "\n[[listener]]\nkind = \"tcp\"\nbind = \"127.0.0.1:5514\"\ntenant = \"renmin\"\nsource = \"fw\"\n";
    assert!(read(&format!("{GOOD}{second}")).unwrap_err().why.contains("told apart"));
    assert!(read(&format!("{GOOD}{}", second.replace("tcp", "udp"))).is_ok());
}
