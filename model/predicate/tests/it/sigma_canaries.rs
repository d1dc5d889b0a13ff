//! What is synthesised for each form of the language, confirmed by the plain evaluation.

use std::collections::BTreeMap;
use wardwatch_predicate::sigma::{Compiler, Document, Givable, Synthesis, Unmade, read_rules};

fn synthesised(detection: &str, givable: &[(&str, &str)]) -> Result<(Vec<String>, Synthesis), Unmade> {
    let indented: String = detection.lines().map(|line| format!("  {line}\n")).collect();
    let text = format!(
        "title: t\nid: 00000001-0000-4000-8000-000000000000\nlogsource: {{product: p}}\ndetection:\n{indented}"
    );
    let mut compiler = Compiler::new(BTreeMap::from([("admins".to_owned(), vec!["adm01".to_owned()])]));
    for document in read_rules(text.as_bytes()) {
        let Ok(Document::Rule(rule)) = document else { panic!("{detection}: {document:?}") };
        compiler.add(&rule, &[]).unwrap_or_else(|fault| panic!("{detection}: {fault:?}"));
    }
    let set = compiler.finish();
    let number = |name: &str| set.fields.iter().position(|known| known == name).unwrap() as u32;
    let givable: Givable = givable.iter().map(|(name, text)| (number(name), vec![(*text).to_owned()])).collect();
    let made = set.rules[0].synthesise(&set.fields, &givable, 0)?;
    Ok((set.fields.clone(), made))
}

/// The made values as `field=value`, arrays with `|`.
fn shown(detection: &str, givable: &[(&str, &str)]) -> String {
    match synthesised(detection, givable) {
        Ok((names, made)) => {
            let values = |values: &Vec<_>| {
                values.iter().map(|(_, text): &(_, String)| text.clone()).collect::<Vec<_>>().join("|")
            };
            let mut parts: Vec<String> = made
                .fields
                .iter()
                .map(|(number, held)| format!("{}={}", names[*number as usize], values(held)))
                .collect();
            parts.extend(made.keywords.iter().map(|text| format!("*={text}")));
            parts.join(" ; ")
        }
        Err(unmade) => format!("! {unmade}"),
    }
}

#[test]
fn each_form_has_a_value() {
    let cases: [(&str, &str); 34] = [
        ("s: {a: b}\ncondition: s", "a=b"),
        ("s: {a: 7}\ncondition: s", "a=7"),
        ("s: {a: true}\ncondition: s", "a=true"),
        ("s: {a: null, b: x}\ncondition: s", "b=x"),
        ("s: {a: ''}\ncondition: s", "a="),
        ("s: {a|contains: ''}\ncondition: s", "a="),
        ("s: {a: 'x*y?z'}\ncondition: s", "a=xyxz"),
        ("s: {a|contains|all: [one, two]}\ncondition: s", "a=onetwo"),
        ("s: {a|startswith: 'c:\\\\', b: 1}\nt: {a|endswith: '.exe'}\ncondition: s and t", "a=c:\\.exe ; b=1"),
        ("s: {a|contains|windash: ' -enc '}\ncondition: s", "a= -enc "),
        ("s: {a|base64offset|contains: abc}\ncondition: s", "a=ywjj"),
        ("s: {a|wide|base64|contains: ab}\ncondition: s", "a=yqbiaa=="),
        ("s: {a|re: '^x[0-9]{3}\\.(dll|exe)$'}\ncondition: s", "a=x000.dll"),
        ("s: {a|re|i: 'Foo\\s+bar'}\ncondition: s", "a=Foo bar"),
        ("s: {a|cidr: 10.1.0.0/16}\ncondition: s", "a=10.1.0.5"),
        ("s: {a|cidr: '2001:db8::/32'}\ncondition: s", "a=2001:db8::5"),
        ("s: {a|exists: true}\ncondition: s", "a=canary"),
        ("s: {a|exists: false, b: x}\ncondition: s", "b=x"),
        ("s: {a|gte: 10}\nt: {a|lt: 12}\ncondition: s and t", "a=10"),
        ("s: {a|gt: 1.5}\ncondition: s", "a=2"),
        ("s: {a|neq: canary}\ncondition: s", "a=1"),
        ("s: {a|fieldref: b}\ncondition: s", "b=canary ; a=canary"),
        ("s: {a|fieldref|neq: b}\ncondition: s", "b=another ; a=canary"),
        ("s: {a|fieldref|endswith: b, b: x}\ncondition: s", "b=x ; a=x"),
        ("s: {a|hour|gte: 22}\ncondition: s", "a=2026-11-25T22:30:00Z"),
        ("s: {a|week: 5}\ncondition: s", "a=2026-01-26T08:30:00Z"),
        ("s: {a|year|lt: 2000}\ncondition: s", "a=1999-01-01T08:30:00Z"),
        ("s: [mimikatz, 'sekurlsa*logon']\ncondition: s", "*=mimikatz"),
        ("s: {'|all': [one, two]}\ncondition: s", "*=one ; *=two"),
        ("s: {a|expand: '%admins%'}\ncondition: s", "a=adm01"),
        ("s: {a|x-in-set: vendors}\nt: {a|x-on-shift: it}\ncondition: s and not t", "a|x-in-set:vendors=yes"),
        ("a1: {a: 1}\na2: {b: 2}\na3: {c: 3}\ncondition: 2 of a*", "a=1 ; b=2"),
        ("s: {a: x}\nf: {b: null}\ncondition: s and not f", "a=x ; b=canary"),
        ("s:\n  - {a: 1, b: 2}\n  - {c: 3}\ncondition: s", "a=1 ; b=2"),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter(|(detection, expect)| shown(detection, &[]) != *expect)
        .map(|(detection, expect)| format!("{detection}\n  expect {expect}\n  found  {}", shown(detection, &[])))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_excluded_is_kept_away_from() {
    let cases: [&str; 5] = [
        "s: {a|endswith: '\\cmd.exe'}\nf: {a: '\\cmd.exe'}\ncondition: s and not f",
        "s: {a|contains: x}\nf: {a|endswith: x}\ng: {a|startswith: x}\ncondition: s and not 1 of f* and not g",
        "s: {a|cidr: 10.0.0.0/8}\nf: {a: 10.0.0.5}\ncondition: s and not f",
        "s: {a: [x, y]}\nf: {a: x}\ncondition: s and not f",
        "s: {a|contains|all: [' use ', ':*\\\\', '/USER:* *']}\nf: {a|endswith: ' '}\ncondition: s and not f",
    ];
    for detection in cases {
        let found = shown(detection, &[]);
        assert!(!found.starts_with('!'), "{detection}: {found}");
    }
}

#[test]
fn what_cannot_be_made_says_why() {
    assert_eq!(
        shown("s: {a: x}\nf: {a|contains: x}\ncondition: s and not f", &[]),
        "! each event that was made falls under what the rule excludes, or its items contradict each other"
    );
    assert_eq!(shown("s: {id: 1}\ncondition: s", &[("id", "4688")]), "! no event of this route has such a `id`");
    assert_eq!(shown("s: {id: [1, 4688]}\ncondition: s", &[("id", "4688")]), "id=4688");
    assert_eq!(
        shown(
            "s: {a|lt: 1}\nt: {a|neq: 0}\nu: {a|gt: 0}\nv: {a|re: '^z$'}\nw: {a|neq: z}\ncondition: all of them",
            &[]
        ),
        "! no value was found that fits all that is asked of `a`"
    );
}
