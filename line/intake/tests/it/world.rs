//! What the listener tests stand on: a journal in memory that can be told to refuse, a server on the loopback.

use futures::FutureExt;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use wardwatch_event::Received;
use wardwatch_ident::{BatchKey, FixedClock, SourceId, TenantId, Timestamp};
use wardwatch_intake::{
    Bounds, Credentials, Durable, Intake, Kind, ListenerConfig, Listening, Origin, Refused, Stop, Stopper, Stored,
};
use wardwatch_pack::Join;

/// A journal in memory.
#[derive(Default)]
pub struct Memory {
    pub batches: Mutex<Vec<Received>>,
    keys: Mutex<HashMap<(SourceId, BatchKey), bytes::Bytes>>,
    /// Answers to give before the truth.
    pub refusals: Mutex<Vec<Refused>>,
    changed: Notify,
}

impl Memory {
    pub fn lines(&self) -> Vec<String> {
        let batches = self.batches.lock().unwrap();
        let lines =
            |b: &Received| (0..b.len()).map(|i| String::from_utf8_lossy(b.line(i)).into_owned()).collect::<Vec<_>>();
        batches.iter().flat_map(lines).collect()
    }

    pub fn refuse(&self, refused: Refused, times: usize) {
        self.refusals.lock().unwrap().extend(vec![refused; times]);
    }

    /// Waits for so many lines; fails the test if they do not come in half a minute.
    pub async fn until(&self, lines: usize) -> Vec<String> {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if self.lines().len() >= lines {
                    return self.lines();
                }
                changed.await;
            }
        };
        match tokio::time::timeout(Duration::from_secs(30), wait).await {
            Ok(found) => found,
            Err(_) => panic!("only {} of {lines} lines came", self.lines().len()),
        }
    }
}

impl Durable for Memory {
    fn append(&self, batch: Received) -> BoxFuture<'_, Result<Stored, Refused>> {
        async move {
            if let Some(refused) = self.refusals.lock().unwrap().pop() {
                return Err(refused);
            }
            if let Some(key) = batch.key.clone() {
                let mut keys = self.keys.lock().unwrap();
                match keys.get(&(batch.source, key.clone())) {
                    Some(body) if *body == batch.bytes => return Ok(Stored { known: true }),
                    Some(_) => return Err(Refused::KeyTaken),
                    None => keys.insert((batch.source, key), batch.bytes.clone()),
                };
            }
            self.batches.lock().unwrap().push(batch);
            self.changed.notify_waiters();
            Ok(Stored { known: false })
        }
        .boxed()
    }
}

pub const TOKEN: &str = "correct-horse";

pub fn origin() -> Origin {
    let tenant = TenantId::from_slug("renmin");
    Origin { tenant, source: SourceId::from_slug(tenant, "fw") }
}

pub fn busy() -> Refused {
    Refused::Busy { retry_after: Duration::from_millis(10) }
}

/// One server with one listener.
pub struct World {
    pub memory: Arc<Memory>,
    pub intake: Arc<Intake>,
    pub address: SocketAddr,
    stopper: Stopper,
    running: tokio::task::JoinHandle<()>,
}

pub fn config(kind: Kind) -> ListenerConfig {
    let named = !matches!(kind, Kind::Http | Kind::Https);
    ListenerConfig {
        kind,
        bind: "127.0.0.1:0".parse().unwrap(),
        framing: Default::default(),
        tls: None,
        tenant: named.then(|| origin().tenant),
        source: named.then(|| origin().source),
    }
}

pub fn intake(bounds: Bounds, credentials: Credentials) -> (Arc<Memory>, Arc<Intake>) {
    let memory = Arc::new(Memory::default());
    let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_800_000_000)));
    (memory.clone(), Arc::new(Intake::new(memory, clock, credentials).with_bounds(bounds)))
}

pub fn known() -> Credentials {
    let mut credentials = Credentials::default();
    credentials.add_token_sha256(&hex::encode(Sha256::digest(TOKEN)), origin()).unwrap();
    credentials
}

impl World {
    pub fn new(kind: Kind) -> Self {
        Self::with(config(kind), Bounds::default(), known())
    }

    pub fn with(config: ListenerConfig, bounds: Bounds, credentials: Credentials) -> Self {
        let (memory, intake) = intake(bounds, credentials);
        Self::of(config, memory, intake)
    }

    /// The lines of its one source are joined.
    pub fn joining(kind: Kind, join: Join) -> Self {
        let memory = Arc::new(Memory::default());
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_800_000_000)));
        let intake = Intake::new(memory.clone(), clock, known());
        let intake = intake.with_joins([(origin(), Arc::new(join))].into());
        Self::of(config(kind), memory, Arc::new(intake))
    }

    fn of(config: ListenerConfig, memory: Arc<Memory>, intake: Arc<Intake>) -> Self {
        let listening = Listening::bind(config, intake.clone()).unwrap();
        let address = listening.address();
        let (stopper, stop): (Stopper, Stop) = Stopper::pair();
        let running = tokio::spawn(listening.run(stop));
        Self { memory, intake, address, stopper, running }
    }

    /// Drains and gives what became durable.
    pub async fn stop(self) -> Vec<String> {
        self.stopper.stop();
        self.running.await.unwrap();
        self.memory.lines()
    }
}
