//! What does not load says where and why, and takes only those with it that stand on it.

use crate::world::compile;

fn reasons(documents: &[(&str, &str)]) -> Vec<String> {
    compile(documents).1.iter().map(|gone| format!("{} {}", gone.document, gone.fault)).collect()
}

const COUNT: &str = "type: event_count\nrules: [RULE]\ngroup-by: [u]\ntimespan: 5m\ncondition: {gte: 3}";

fn over(rule: &str) -> String {
    COUNT.replace("RULE", rule)
}

#[test]
fn names_and_ids_find_rules() {
    for rule in ["a", "id-a"] {
        assert_eq!(reasons(&[("x", &over(rule))]), [""; 0], "{rule}");
    }
    assert!(
        reasons(&[("x", &over("nobody"))])[0].contains("6:11: no rule that is evaluated has the name or id `nobody`")
    );
    assert!(reasons(&[("x", &over("a, id-a"))])[0].contains("`id-a` is a rule that is named already"));
    // A correlation that has the name of a rule: nobody knows which is meant.
    assert!(reasons(&[("a", &over("b")), ("y", &over("a"))])[0].contains("several rules are called `a`"));
    let twice = reasons(&[("x", &over("a")), ("x", &over("b"))]);
    assert!(twice.len() == 1 && twice[0].contains("the id `id-x` is another"), "{twice:?}");
}

#[test]
fn an_alias_names_a_field_for_each_rule_it_is_used_with() {
    let with =
        |aliases: &str| format!("type: temporal\nrules: [a, b]\ngroup-by: [ip]\ntimespan: 5m\naliases: {{{aliases}}}");
    assert_eq!(reasons(&[("x", &with("ip: {a: src, b: dst}"))]), [""; 0]);
    assert!(reasons(&[("x", &with("ip: {a: src}"))])[0].contains("9:13: the alias `ip` has no field for the rule `b`"));
    assert!(
        reasons(&[("x", &with("ip: {a: src, c: dst}"))])[0].contains("the alias `ip` has no field for the rule `b`")
    );
    let foreign = with("ip: {a: src, b: dst}, other: {c: x}");
    assert!(reasons(&[("x", &foreign)])[0].contains("the alias names `c`, which `rules` does not"));
}

#[test]
fn circles_and_long_chains_are_refused_and_the_rest_goes_on() {
    let got = reasons(&[("x", &over("y")), ("y", &over("x")), ("z", &over("a"))]);
    assert_eq!(got.len(), 2);
    assert!(got[0].starts_with("0 ") && got[0].contains("in a circle"), "{got:?}");
    assert!(reasons(&[("x", &over("x"))])[0].contains("in a circle"));
    let texts: Vec<String> = std::iter::once(over("a")).chain((1..7).map(|n| over(&format!("c{}", n - 1)))).collect();
    let names: Vec<String> = (0..7).map(|n| format!("c{n}")).collect();
    let chain: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    assert_eq!(reasons(&chain[..5]), [""; 0]);
    let got = reasons(&chain);
    assert!(got.iter().any(|reason| reason.starts_with("5 ") && reason.contains("more than 5")), "{got:?}");
    assert!(got.iter().all(|reason| reason.starts_with("5 ") || reason.starts_with("6 ")), "{got:?}");
}

#[test]
fn what_stands_on_a_refused_one_is_refused_with_its_own_reason() {
    let got = reasons(&[("x", &over("nobody")), ("y", &over("x")), ("z", &over("a"))]);
    assert_eq!(got.len(), 2);
    assert!(got[1].contains("the name or id `x`"), "{got:?}");
}

#[test]
fn a_group_that_nothing_fills_is_refused() {
    let inner = COUNT.replace("RULE", "a").replace("[u]", "[h]");
    let got = reasons(&[("x", &inner), ("y", &over("x"))]);
    assert!(got[0].starts_with("1 7:14: `u` is not in the `group-by` of the correlation `x`"), "{got:?}");
    let values = "type: value_count\nrules: [x]\ngroup-by: [h]\ntimespan: 5m\ncondition: {field: v, gte: 2}";
    assert!(reasons(&[("x", &inner), ("y", values)])[0].contains("`v` is not in the `group-by`"));
}

#[test]
fn a_zone_that_is_none_is_refused() {
    let text = "type: event_count\nrules: [a]\ngroup-by: [j]\ntimespan: 8h\ncondition: {lt: 1}\nx-absence: {groups: [x], daily: \
                {from: \"22:00\", to: \"06:00\", zone: Asia/Peking}}";
    assert!(reasons(&[("x", text)])[0].contains("`Asia/Peking` is no time zone"));
    let while_unknown = "type: event_count\nrules: [a]\ngroup-by: [j]\ntimespan: 8h\ncondition: {lt: 1}\nx-absence: {groups: [x], \
                         while: nobody}";
    assert!(reasons(&[("x", while_unknown)])[0].contains("`nobody`"));
}
