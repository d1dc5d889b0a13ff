//! The stage machine as a table, the reasons to halt, and the record across kills.

use std::collections::BTreeSet;
use std::sync::Arc;
use wardwatch_content::{
    About, Choice, Decision, Expected, Library, Place, Proposal, Record, RecordFault, Refusal, Shelf, SigningKey,
    Standing, Step, Terms, Transition, Trial, TrustedKey, TrustedKeys, VersionId, pack,
};
use wardwatch_ident::Timestamp;

const T0: Timestamp = Timestamp::from_secs(1_795_572_000);

fn id(n: u8) -> VersionId {
    VersionId::parse(&format!("{n:064x}")).expect("an id")
}

fn minutes(n: i64) -> Timestamp {
    T0.plus_micros(n * 60_000_000)
}

/// What somebody does, `m` minutes after the beginning.
#[derive(Clone, Debug)]
enum Act {
    /// Version n made at minute m, with these hospitals first.
    Stage(u8, i64, &'static [&'static str]),
    /// The same with `--rollback`.
    StageOlder(u8, i64),
    /// After so many events.
    Promote(u64),
    Halt,
    Back,
}

fn act(standing: &Standing, at: i64, act: &Act) -> Result<Transition, Refusal> {
    let who = Decision { by: "li", at: minutes(at), why: "as planned" };
    let terms = Terms::default();
    let proposal = |n: u8, made: i64, older_meant: bool, first: &[&str]| Proposal {
        version: id(n),
        made: minutes(made),
        older_meant,
        canary: first.iter().map(|&name| name.to_owned()).collect(),
        by_itself: false,
    };
    match act {
        Act::Stage(n, made, first) => standing.stage(proposal(*n, *made, false, first), &who),
        Act::StageOlder(n, made) => standing.stage(proposal(*n, *made, true, &[]), &who),
        Act::Promote(events) => standing.promote(*events, &terms, &who),
        Act::Halt => standing.halt(&who),
        Act::Back => standing.roll_back(&who),
    }
}

/// In use, tried, and how many to go back to.
fn shown(standing: &Standing) -> String {
    let name = |id: &VersionId| if id.is_builtin() { "b".to_owned() } else { id.as_str()[63..].to_owned() };
    let tried = standing.candidate.as_ref().map_or("-".to_owned(), |c| format!("{}@{}", name(&c.version), c.place));
    let earlier: String = standing.earlier.iter().map(name).collect();
    format!("{} {tried} [{earlier}]", name(&standing.in_use))
}

/// A whole history; each row: minute, act, and what stands then or why it was refused.
const HISTORY: &[(i64, Act, &str)] = &[
    (0, Act::Promote(99_999), "no version is being tried"),
    (0, Act::Halt, "no version is being tried"),
    (0, Act::Back, "no earlier version"),
    (0, Act::Stage(1, -10, &["zhongxin", "renji", "renji"]), "b 1@shadow []"),
    (1, Act::Stage(2, -5, &[]), "is being tried"),
    (29, Act::Promote(10_000), "1 more minutes"),
    (30, Act::Promote(9_999), "1 more events"),
    (30, Act::Promote(10_000), "b 1@canary []"),
    (60, Act::Promote(10_000), "90 more minutes"),
    (150, Act::Promote(10_000), "1 - [b]"),
    (151, Act::Stage(1, -10, &[]), "in use already"),
    (151, Act::Stage(2, -11, &[]), "--rollback"),
    (152, Act::StageOlder(2, -11), "1 2@shadow [b]"),
    (153, Act::Halt, "1 - [b]"),
    (160, Act::Stage(3, 155, &[]), "1 3@shadow [b]"),
    (170, Act::Back, "1 - [b]"),
    (180, Act::Stage(3, 155, &[]), "1 3@shadow [b]"),
    (210, Act::Promote(50_000), "3 - [b1]"),
    (211, Act::Back, "1 - [b]"),
    (212, Act::Back, "b - []"),
    (213, Act::Back, "no earlier version"),
    // What is in the binary has no age: anything signed is newer.
    (214, Act::Stage(2, -11, &["renji"]), "b 2@shadow []"),
    (244, Act::Promote(10_000), "b 2@canary []"),
    (245, Act::Halt, "b - []"),
];

#[test]
fn the_machine_does_what_the_table_says() {
    let mut standing = Standing::default();
    let mut all = Vec::new();
    for (row, (at, what, expect)) in HISTORY.iter().enumerate() {
        match act(&standing, *at, what) {
            Ok(transition) => {
                standing = standing.after(&transition).expect("what was decided follows");
                assert_eq!(shown(&standing), *expect, "row {row}: {what:?}");
                all.push(transition);
            }
            Err(refusal) => assert!(refusal.to_string().contains(expect), "row {row}: {what:?}: {refusal}"),
        }
    }
    assert_eq!(Standing::of(&all).expect("the sum"), standing);
    assert_eq!(standing.made.len(), 0, "ages of versions that are gone are forgotten");
    let canary = &all[0].canary;
    assert_eq!(canary, &["renji", "zhongxin"], "each hospital once");
    // No transition can be left out, repeated or moved.
    for at in 0..all.len() - 1 {
        let mut without = all.clone();
        without.remove(at);
        assert!(Standing::of(&without).is_err(), "without {at}");
        let mut twice = all.clone();
        twice.insert(at, all[at].clone());
        assert!(Standing::of(&twice).is_err(), "{at} twice");
        let mut moved = all.clone();
        moved.swap(at, at + 1);
        assert!(Standing::of(&moved).is_err(), "{at} moved");
    }
}

#[test]
fn versions_to_go_back_to_are_bounded() {
    let mut standing = Standing::default();
    for n in 1..=9u8 {
        let start = i64::from(n) * 100;
        for (at, what) in [(start, Act::Stage(n, start, &[])), (start + 30, Act::Promote(10_000))] {
            standing = standing.after(&act(&standing, at, &what).expect("allowed")).expect("follows");
        }
    }
    assert_eq!(shown(&standing), "9 - [5678]");
    assert_eq!(standing.needed().len(), 5);
    assert!(standing.is_watched(&Terms::default(), minutes(931)));
    assert!(!standing.is_watched(&Terms::default(), minutes(930 + 120)));
}

fn trial(events: u64, rows: &[(&str, u64, u64, u64)]) -> Trial {
    let mut trial = Trial::default();
    let mut event = 0u64;
    let (mut in_use, mut tried) = (Vec::new(), Vec::new());
    for (rule, both, new, gone) in rows {
        for (count, old, now) in [(both, true, true), (new, false, true), (gone, true, false)] {
            for _ in 0..*count {
                event += 1;
                in_use.extend(old.then(|| ((*rule).to_owned(), event)));
                tried.extend(now.then(|| ((*rule).to_owned(), event)));
            }
        }
    }
    trial.compare(events, in_use, tried);
    trial
}

#[test]
fn each_reason_halts_and_what_is_usual_does_not() {
    let expected =
        Expected { in_both: BTreeSet::from(["old".to_owned()]), retired: BTreeSet::from(["retired".to_owned()]) };
    let quiet = trial(100_000, &[("old", 10, 0, 0)]);
    let quarantined = Trial { quarantined: [("slow".to_owned(), "too slow".to_owned())].into(), ..quiet.clone() };
    for (what, trial, halts) in [
        ("nothing at all", Trial::default(), None),
        ("the same", quiet.clone(), None),
        ("five times and a hundred", trial(1_000, &[("old", 10, 0, 0), ("new", 0, 140, 0)]), None),
        ("one more", trial(1_000, &[("old", 10, 0, 0), ("new", 0, 141, 0)]), Some("it raises 151 alerts")),
        ("a storm where nothing was", trial(1_000, &[("new", 0, 101, 0)]), Some("it raises 101")),
        ("two gone", trial(1_000, &[("old", 0, 0, 2)]), None),
        ("three gone", trial(1_000, &[("old", 0, 0, 3)]), Some("the rule old raised 3")),
        ("some gone", trial(1_000, &[("old", 1, 0, 30)]), None),
        ("on other events", trial(1_000, &[("old", 0, 1, 30)]), None),
        ("taken out", trial(1_000, &[("other", 0, 0, 3)]), Some("not named as retired")),
        ("retired", trial(1_000, &[("retired", 0, 0, 300)]), None),
        ("quarantine", quarantined, Some("slow was set aside: too slow")),
        ("panic", Trial { events_hurt: 1, ..quiet.clone() }, Some("made the evaluation panic")),
        ("two faults", Trial { faults: 2, ..quiet.clone() }, None),
        ("three faults", Trial { faults: 3, ..quiet.clone() }, Some("could not be kept")),
        ("twice the work", Trial { work_in_use: 10, work_tried: 20, ..quiet.clone() }, None),
        ("more", Trial { work_in_use: 10, work_tried: 21, ..quiet.clone() }, Some("looks at 21 bytes")),
        ("too early to say", Trial { events: 999, work_in_use: 10, work_tried: 21, ..quiet }, None),
    ] {
        let reason = trial.reason_to_halt(&expected);
        let fits = match (&reason, halts) {
            (Some(reason), Some(part)) => reason.contains(part),
            (reason, part) => reason.is_none() && part.is_none(),
        };
        assert!(fits, "{what}: {reason:?}");
    }
}

#[test]
fn an_alert_is_named_by_rule_and_event() {
    let mut trial = Trial::default();
    let alert = |rule: &str, event: u32| (rule.to_owned(), event);
    trial.compare(4, [alert("a", 1), alert("a", 2), alert("b", 1)], [alert("a", 2), alert("a", 3), alert("b", 1)]);
    let row = |rule: &str| (trial.rules[rule].both, trial.rules[rule].new, trial.rules[rule].gone);
    assert_eq!((row("a"), row("b"), trial.alerts()), ((1, 1, 1), (1, 0, 0), (3, 3)));
}

/// What a kill may leave between any two steps of staging and deciding: the state is always one of those before or after.
#[test]
fn a_kill_between_any_two_steps_leaves_a_standing_that_was_decided() {
    let folder = tempfile::tempdir().expect("folder");
    let record = Record::open(folder.path()).expect("opened");
    let mut standings = vec![Standing::default()];
    for (at, what, _) in HISTORY {
        let before = std::fs::read(record.path()).unwrap_or_default();
        let decided = record.decide(|standing| act(standing, *at, what));
        let Ok((_, standing)) = decided else { continue };
        let after = std::fs::read(record.path()).expect("written");
        let last = standings.last().cloned().expect("one");
        // Killed while the line was written: every cut reads as before, and the next decision goes on from there.
        for cut in before.len()..after.len() {
            std::fs::write(record.path(), &after[..cut]).expect("cut");
            let again = Record::open(folder.path()).expect("opened");
            assert_eq!(again.standing().expect("readable"), last, "cut at {cut}");
        }
        std::fs::write(record.path(), &after[..after.len() - 1]).expect("cut");
        let (_, repeated) = record.decide(|standing| act(standing, *at, what)).expect("decided again");
        assert_eq!(repeated, standing);
        assert_eq!(std::fs::read(record.path()).expect("there"), after, "the torn line is gone");
        assert_eq!(Record::open(folder.path()).expect("opened").standing().expect("readable"), standing);
        standings.push(standing);
    }
    assert!(standings.len() > 10);
    // A line that was changed is named, and nothing is decided on top of it.
    let text = std::fs::read_to_string(record.path()).expect("there");
    std::fs::write(record.path(), text.replacen("promoted", "halted", 1)).expect("changed");
    let fault = record.standing().expect_err("it does not follow");
    assert!(matches!(fault, RecordFault::Line { line: 2, .. }), "{fault}");
    assert!(record.decide(|standing| act(standing, 999, &Act::Stage(7, 999, &[]))).is_err());
}

#[test]
fn kept_versions_are_checked_again_and_tidied() {
    let folder = tempfile::tempdir().expect("folder");
    let record = Record::open(&folder.path().join("content")).expect("opened");
    let key = SigningKey::create(&folder.path().join("key")).expect("a key");
    let read = |until| TrustedKey::read("provider", &key.public(), until).expect("public");
    let keys = TrustedKeys::new(vec![read(None)]).expect("few");
    let packed = |text: &str| {
        let library = Library::of([("detections/a/rule.yml".to_owned(), text.as_bytes().to_vec())]);
        let about = About { name: text.into(), made: T0, previous: None, retired: Vec::new() };
        pack(&library, about, &key).expect("packed")
    };
    let ((one, bytes), (two, other)) = (packed("one"), packed("two"));
    assert!(matches!(record.version(&one, &keys), Err(RecordFault::Missing(_))));
    record.keep(&one, &bytes).expect("kept");
    record.keep(&one, &bytes).expect("kept again");
    record.keep(&two, &other).expect("kept");
    let expired = TrustedKeys::new(vec![read(Some(T0.plus_micros(-1)))]).expect("few");
    assert_eq!(record.version(&one, &expired).expect("taken before").id, one);
    // A file under the name of another version, and one that was changed on the disk.
    let path = |id: &VersionId| folder.path().join("content/versions").join(format!("{}.wwc", id.as_str()));
    std::fs::copy(path(&two), path(&one)).expect("exchanged");
    assert!(matches!(record.version(&one, &keys), Err(RecordFault::Version { .. })));
    record.keep(&one, &bytes).expect("kept");
    // Killed while a version was written: the part is tidied away, and so is what nothing needs.
    std::fs::write(folder.path().join("content/versions/.x.part"), b"half").expect("part");
    let proposal =
        Proposal { version: one.clone(), made: T0, older_meant: false, canary: Vec::new(), by_itself: false };
    let who = Decision { by: "li", at: T0, why: "" };
    let (_, standing) = record.decide(|standing| standing.stage(proposal, &who)).expect("staged");
    assert_eq!(record.tidy(&standing).expect("tidied"), 2);
    assert!(path(&one).exists() && !path(&two).exists());
}

/// A line whose content is replaced in the middle of windows: every event is looked at by exactly one raising content,
/// and by the one that its window began with.
#[test]
fn no_event_is_looked_at_by_neither_or_by_both() {
    const EVENTS: u64 = 20_000;
    const WINDOW: u64 = 97;
    let shelf: Shelf<u64, u8> = Shelf::new(Arc::new(0));
    let (mut cursor, mut raised, mut n) = (0u64, Vec::new(), 0u64);
    while cursor < EVENTS {
        let choice = shelf.now();
        let through = (cursor + WINDOW).min(EVENTS);
        for event in cursor..through {
            if event % 31 == 0 {
                n += 1;
                let tried = (n % 3 != 0).then(|| Arc::new(n + 1_000_000));
                shelf.replace(Arc::new(n), tried, if n % 3 == 1 { Arc::new([]) } else { Arc::new([1, 3]) });
            }
            let tenant = (event % 4) as u8;
            let eyes = choice.of(&tenant);
            let is_first = choice.tried.is_some() && choice.first.contains(&tenant);
            assert_eq!((eyes.tried, **eyes.raising > 1_000_000), (is_first, is_first));
            assert!(eyes.beside.is_none_or(|beside| beside != eyes.raising), "nobody is looked at twice by the same");
            let in_shadow = choice.tried.is_some() && choice.first.is_empty();
            assert_eq!(eyes.beside.is_some(), is_first || in_shadow);
            raised.push((event, **eyes.raising % 1_000_000, choice.turn));
        }
        cursor = through;
    }
    assert_eq!(raised.len() as u64, EVENTS);
    for (at, (event, by, turn)) in raised.iter().enumerate() {
        assert_eq!((*event, *by), (at as u64, *turn), "each event once, by what is in use in its turn");
    }
    for window in raised.chunks(WINDOW as usize) {
        assert!(window.iter().all(|(_, _, turn)| *turn == window[0].2), "one turn a window");
    }
    assert!(raised.windows(2).all(|pair| pair[0].2 <= pair[1].2), "never back to an earlier choice");
    let last: Choice<u64, u8> = shelf.now();
    assert_eq!(last.turn, n);
}

#[test]
fn the_record_says_who_when_and_why_in_one_line() {
    let folder = tempfile::tempdir().expect("folder");
    let record = Record::open(folder.path()).expect("opened");
    record.decide(|standing| act(standing, 0, &Act::Stage(1, 0, &["renji"]))).expect("staged");
    let text = std::fs::read_to_string(record.path()).expect("there");
    let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (key, value) in [("by", "li"), ("why", "as planned"), ("step", "staged"), ("from", "out"), ("to", "shadow")] {
        assert_eq!(line[key], value, "{text}");
    }
    assert_eq!(record.transitions().expect("read")[0].step, Step::Staged);
    assert_eq!(record.transitions().expect("read")[0].to, Place::Shadow);
}
