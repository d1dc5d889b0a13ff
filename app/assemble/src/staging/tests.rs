//! A version's whole way over the real line, with a clock that stands still until it is moved.

use super::{Around, Staging, Status};
use crate::config;
use crate::line;
use crate::machine::Machine;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use wardwatch_access::{Actor, OpContext, Purpose, TraceId};
use wardwatch_content::{
    About, Decision, Library, Place, Proposal, Record, RecordFault, Refusal, SigningKey, Step, Version, VersionId, pack,
};
use wardwatch_event::Received;
use wardwatch_ident::{FixedClock, TenantId, Timestamp};

const T0: Timestamp = Timestamp::from_secs(1_795_572_000);
const ALPHA: &str = "6d0c2f0e-0000-4000-8000-00000000000a";
const LOCAL: &str = "6d0c2f0e-0000-4000-8000-00000000000c";

const CONFIG: &str = r#"
data = "data"
journal = "memory"
ledger = "memory"
rules = ["rules"]
[staging]
shadow_minutes = 1
shadow_events = 4
canary_minutes = 1
canary_events = 2
[[content_key]]
name = "provider"
public = "PUBLIC"
[[tenant]]
id = "lakeside"
[[tenant.source]]
id = "linux"
pack = "linux/auth"
[[tenant]]
id = "hillside"
[[tenant.source]]
id = "linux"
pack = "linux/auth"
"#;

fn rule(id: &str, word: &str) -> String {
    format!(
        "title: {word}\nid: {id}\nstatus: test\nlevel: high\nlogsource:\n    product: linux\n    service: sshd\n\
         detection:\n    words:\n        - '{word}'\n    condition: words\n"
    )
}

/// A machine with its line at work.
struct House {
    folder: PathBuf,
    machine: Arc<Machine>,
    clock: Arc<FixedClock>,
    key: SigningKey,
    record: Record,
    minutes: i64,
    closing: watch::Sender<bool>,
    worker: Option<std::thread::JoinHandle<()>>,
}

impl House {
    async fn open(name: &str) -> House {
        let folder = std::env::temp_dir().join(format!("wardwatch-staging-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("rules")).expect("a folder");
        std::fs::write(folder.join("rules/local.yml"), rule(LOCAL, "gamma")).expect("written");
        let key = SigningKey::create(&folder.join("key")).expect("a key");
        let text = CONFIG.replace("PUBLIC", &key.public());
        let config = config::parse(&text, &folder.join("wardwatch.toml"), &|_| None).expect("a configuration");
        let clock = Arc::new(FixedClock::new(T0));
        let machine = Arc::new(Machine::open(config, clock.clone()).expect("opens"));
        let record = Record::open(&folder.join("data/content")).expect("opened");
        let (closing, closed) = watch::channel(false);
        let (handle, of_line) = (tokio::runtime::Handle::current(), Arc::clone(&machine));
        let worker = Some(std::thread::spawn(move || handle.block_on(line::work(of_line, closed))));
        House { folder, machine, clock, key, record, minutes: 0, closing, worker }
    }

    fn pass(&mut self, minutes: i64) {
        self.minutes += minutes;
        self.clock.set(self.now());
    }

    fn now(&self) -> Timestamp {
        T0.plus_micros(self.minutes * 60_000_000)
    }

    fn around(&self) -> Around<'_> {
        let (config, context, samples) = (&self.machine.config, &*self.machine.context, &self.machine.samples);
        Around { config, context, samples, now: self.now(), faults: 0 }
    }

    fn look(&self) {
        self.machine.staging.look(self.around());
    }

    /// A version whose only rule is `alpha`, looking for this word.
    fn version(&self, word: &str) -> (Version, Vec<u8>) {
        let file = ("detections/x/alpha/rule.yml".to_owned(), rule(ALPHA, word).into_bytes());
        let about = About { name: word.into(), made: self.now(), previous: None, retired: Vec::new() };
        let (_, bytes) = pack(&Library::of([file]), about, &self.key).expect("packed");
        let version = Version::read(&bytes, &self.machine.config.content_keys, Some(self.now()));
        (version.expect("signed by somebody trusted"), bytes)
    }

    fn stage(&self, word: &str, canary: &[&str]) -> VersionId {
        let (version, bytes) = self.version(word);
        let proposal = Proposal {
            version: version.id.clone(),
            made: version.manifest.made,
            older_meant: false,
            canary: canary.iter().map(|&name| name.to_owned()).collect(),
            by_itself: false,
        };
        let who = Decision { by: "li", at: self.now(), why: word };
        self.record.keep(&version.id, &bytes).expect("kept");
        self.record.decide(|standing| standing.stage(proposal, &who)).expect("staged");
        self.look();
        version.id
    }

    fn promote(&self) -> Result<Place, RecordFault> {
        let (events, terms) = (self.machine.staging.status().events, self.machine.config.staging);
        let who = Decision { by: "li", at: self.now(), why: "as planned" };
        let decided = self.record.decide(|standing| standing.promote(events, &terms, &who))?;
        self.look();
        Ok(decided.0.to)
    }

    /// So many lines with this word to both hospitals, looked at.
    async fn send(&self, word: &str, lines: usize) {
        for slug in ["lakeside", "hillside"] {
            let tenant = TenantId::from_slug(slug);
            let source = self.machine.config.find(slug, "linux").expect("configured").1.id;
            let line = |n: usize| format!("<38>Nov 25 10:00:00 lisapp01 sshd[{n}]: {word} {n}");
            let lines: Vec<String> = (1..=lines).map(line).collect();
            self.machine.journal.append(Received::of_lines(tenant, source, self.now(), &lines)).await.expect("stored");
        }
        for _ in 0..3_000 {
            if self.machine.alerts.cursor().expect("a cursor") == self.machine.journal.end() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the lines were not looked at within a minute");
    }

    /// Alerts of a rule at each hospital since the start; none is there twice.
    fn raised(&self, rule: &str) -> (usize, usize) {
        let of = |slug: &str| {
            let scope = self.machine.mint.tenant(TenantId::from_slug(slug));
            let (who, why, until) =
                (Actor::Operator, Purpose("a test".into()), Timestamp::from_secs(i64::from(u32::MAX)));
            let cx = OpContext { who, scope, why, until, trace: TraceId(1) };
            let alerts = self.machine.alerts.recent(&cx, 10_000).expect("readable");
            let mut by_event: BTreeMap<_, usize> = BTreeMap::new();
            for alert in alerts.iter().filter(|alert| alert.rule.as_ref().is_some_and(|r| r.id == rule)) {
                *by_event.entry(alert.event).or_default() += 1;
            }
            assert!(by_event.values().all(|times| *times == 1), "an alert stands there twice: {by_event:?}");
            by_event.len()
        };
        (of("lakeside"), of("hillside"))
    }

    fn close(mut self) -> PathBuf {
        self.closing.send_replace(true);
        self.worker.take().map(std::thread::JoinHandle::join).transpose().expect("ended");
        self.folder.clone()
    }
}

fn story(tell: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(tell);
}

#[test]
fn a_version_goes_from_the_shadow_to_one_hospital_to_all_and_back() {
    story(async {
        let mut house = House::open("way").await;
        house.send("alpha", 3).await;
        let version = house.stage("alpha", &["lakeside"]);
        house.send("alpha", 3).await;
        assert_eq!(house.raised(ALPHA), (0, 0), "the shadow raises nothing");
        let status = house.machine.staging.status();
        assert_eq!((status.events, status.rules[ALPHA].new, status.reason), (6, 6, None));
        assert!(matches!(house.promote(), Err(RecordFault::Refused(Refusal::Early { .. }))));
        house.pass(1);
        assert_eq!(house.promote().expect("long enough"), Place::Canary);
        house.send("alpha", 3).await;
        assert_eq!(house.raised(ALPHA), (3, 0), "only the first hospital has it");
        house.pass(1);
        assert_eq!(house.promote().expect("long enough"), Place::All);
        house.send("alpha", 2).await;
        assert_eq!(house.raised(ALPHA), (5, 2));
        assert_eq!(house.machine.staging.status().in_use, Some(version));
        // Back to what is in the binary, which is still compiled.
        let who = Decision { by: "li", at: house.now(), why: "too loud" };
        house.record.decide(|standing| standing.roll_back(&who)).expect("taken back");
        house.look();
        assert!(house.machine.content().rules_loaded > 10, "the library of the binary is in use again");
        house.send("alpha", 4).await;
        assert_eq!(house.raised(ALPHA), (5, 2), "nothing is raised that was not meant, nothing twice");
        let written = Status::read(&house.record).expect("written");
        assert_eq!(written, house.machine.staging.status());
        let _ = std::fs::remove_dir_all(house.close());
    });
}

#[test]
fn a_version_that_goes_blind_or_storms_is_halted_and_nothing_is_missed() {
    story(async {
        let mut house = House::open("halt").await;
        let good = house.stage("alpha", &[]);
        house.send("delta", 2).await;
        house.pass(1);
        assert_eq!(house.promote().expect("long enough"), Place::All);
        house.pass(200);
        for (word, canary, sent) in [("other", &[][..], 2), ("sshd", &["lakeside"][..], 60)] {
            house.pass(1);
            let before = house.raised(ALPHA);
            house.stage(word, canary);
            house.send("alpha", 2).await;
            house.send("delta", sent).await;
            house.look();
            let last = house.record.transitions().expect("read").pop().expect("one");
            assert_eq!((last.step, last.by.as_str()), (Step::Halted, "wardwatch"), "{word}: {last:?}");
            assert!(house.machine.staging.choice().tried.is_none());
            assert_eq!(house.machine.staging.status().in_use.as_ref(), Some(&good));
            house.send("alpha", 1).await;
            assert_eq!(house.raised(ALPHA), (before.0 + 3, before.1 + 3), "{word}: the one in use never stopped");
        }
        let _ = std::fs::remove_dir_all(house.close());
    });
}

#[test]
fn changed_rules_of_the_hospital_are_taken_and_broken_ones_are_not() {
    story(async {
        let house = House::open("folders").await;
        let path = house.folder.join("rules/local.yml");
        let looks = |house: &House| (0..12).for_each(|_| house.look());
        house.send("gamma", 1).await;
        assert_eq!(house.raised(LOCAL), (1, 1));
        std::fs::write(&path, rule(LOCAL, "epsilon")).expect("written");
        looks(&house);
        house.send("gamma", 1).await;
        house.send("epsilon", 2).await;
        assert_eq!(house.raised(LOCAL), (3, 3), "the new word is looked for, the old one is not");
        std::fs::write(&path, "title: broken\ndetection: [\n").expect("written");
        looks(&house);
        let problems = house.machine.staging.status().problems;
        assert!(problems.iter().any(|p| p.contains("local.yml") && p.contains("stay in use")), "{problems:?}");
        house.send("epsilon", 1).await;
        assert_eq!(house.raised(LOCAL), (4, 4), "the old rules stay in use");
        std::fs::write(&path, rule(LOCAL, "zeta")).expect("written");
        looks(&house);
        assert_eq!(house.machine.staging.status().problems, Vec::<String>::new());
        house.send("zeta", 1).await;
        assert_eq!(house.raised(LOCAL), (5, 5));
        let _ = std::fs::remove_dir_all(house.close());
    });
}

#[test]
fn what_was_decided_stands_after_a_start_and_a_damaged_version_is_taken_back() {
    story(async {
        let mut house = House::open("start").await;
        let one = house.stage("alpha", &["lakeside"]);
        house.send("delta", 2).await;
        house.pass(1);
        house.promote().expect("long enough");
        let again = |house: &House| Staging::open(house.around()).expect("opens");
        let (staging, found) = again(&house);
        let choice = staging.choice();
        assert_eq!((found, choice.first.len(), choice.tried.is_some()), (Vec::new(), 1, true));
        house.send("delta", 2).await;
        house.pass(1);
        house.promote().expect("long enough");
        let (staging, found) = again(&house);
        assert_eq!((found, staging.status().in_use), (Vec::new(), Some(one.clone())));
        assert_eq!(staging.in_use().rules_loaded, 2);
        // The file is changed on the disk while the server does not run.
        let path = house.folder.join("data/content/versions").join(format!("{}.wwc", one.as_str()));
        damage(&path);
        let (staging, found) = again(&house);
        assert_eq!(staging.status().in_use, Some(VersionId::builtin()));
        assert!(found.iter().any(|found| found.contains("is in use")), "{found:?}");
        let last = house.record.transitions().expect("read").pop().expect("one");
        assert_eq!((last.step, last.by.as_str(), last.version), (Step::RolledBack, "wardwatch", one));
        // A record that cannot be read stops no server.
        std::fs::write(house.record.path(), "{}\n").expect("written");
        let (staging, found) = again(&house);
        assert_eq!((staging.status().in_use, found.len()), (Some(VersionId::builtin()), 1));
        let _ = std::fs::remove_dir_all(house.close());
    });
}

fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).expect("there");
    let last = bytes.last_mut().expect("a byte");
    *last ^= 1;
    std::fs::write(path, bytes).expect("written");
}
