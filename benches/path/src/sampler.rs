//! Looks at the server five times a second: resident memory, and CPU by thread name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use wardwatch_measure::{resident_mib, thread_seconds};

const EVERY: Duration = Duration::from_millis(200);

/// What was seen.
pub struct Sampled {
    /// The highest resident memory, MiB.
    pub rss_mib: f64,
    /// CPU seconds since the sampler started, by thread name; several threads of a name are added up.
    pub threads: BTreeMap<String, f64>,
}

/// A thread that looks.
pub struct Sampler {
    ending: Arc<AtomicBool>,
    done: JoinHandle<Sampled>,
}

impl Sampler {
    pub fn start(pid: u32) -> Self {
        let ending = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ending);
        let before: HashMap<u32, f64> = thread_seconds(pid).into_iter().map(|(id, _, seconds)| (id, seconds)).collect();
        let done = std::thread::spawn(move || {
            let (mut rss_mib, mut last) = (0.0f64, HashMap::new());
            while !flag.load(Ordering::Relaxed) {
                rss_mib = rss_mib.max(resident_mib(pid));
                for (id, name, seconds) in thread_seconds(pid) {
                    last.insert(id, (name, seconds));
                }
                std::thread::sleep(EVERY);
            }
            let mut threads = BTreeMap::new();
            for (id, (name, seconds)) in last {
                *threads.entry(name).or_insert(0.0) += seconds - before.get(&id).copied().unwrap_or(0.0);
            }
            Sampled { rss_mib, threads }
        });
        Self { ending, done }
    }

    pub fn end(self) -> Sampled {
        self.ending.store(true, Ordering::Relaxed);
        self.done.join().expect("the sampler")
    }
}
