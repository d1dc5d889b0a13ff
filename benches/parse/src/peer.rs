//! VRL's side: a program compiled once, resolved for each line.

use crate::clock;
use crate::ours::BATCH;
use std::collections::BTreeMap;
use vrl::compiler::runtime::Runtime;
use vrl::compiler::{Program, TargetValue, TimeZone, compile};
use vrl::value::{Secrets, Value};

/// A compiled program.
pub struct Peer {
    program: Program,
    runtime: Runtime,
    zone: TimeZone,
}

impl Peer {
    /// Panics with VRL's own words if the program does not compile.
    pub fn new(source: &str) -> Self {
        let compiled = compile(source, &vrl::stdlib::all())
            .unwrap_or_else(|faults| panic!("{}", vrl::diagnostic::Formatter::new(source, faults)));
        Self { program: compiled.program, runtime: Runtime::default(), zone: TimeZone::default() }
    }

    /// CPU seconds of one pass; targets are made before the clock starts, as many at a time as we have in a batch, and
    /// dropped before it stops, as our batches are.
    pub fn pass(&mut self, lines: &[Vec<u8>]) -> f64 {
        let mut spent = 0.0;
        for lines in lines.chunks(BATCH) {
            let targets: Vec<TargetValue> = lines.iter().map(|line| target(line)).collect();
            let before = clock();
            for mut target in targets {
                self.resolve(&mut target);
                std::hint::black_box(&target.value);
            }
            spent += clock() - before;
        }
        spent
    }

    fn resolve(&mut self, target: &mut TargetValue) {
        self.runtime.resolve(target, &self.program, &self.zone).unwrap_or_else(|fault| panic!("{fault}"));
        self.runtime.clear();
    }

    /// The fields of a line by name, as text; null is no field, an object is structured data.
    pub fn named(&mut self, line: &[u8]) -> BTreeMap<String, String> {
        let mut target = target(line);
        self.resolve(&mut target);
        let mut fields = BTreeMap::new();
        for (name, value) in target.value.as_object().expect("an object") {
            match value {
                Value::Null => {}
                Value::Object(data) => {
                    for (parameter, value) in data {
                        fields.insert(format!("sd.{name}.{parameter}"), text(value));
                    }
                }
                value => {
                    fields.insert(name.to_string(), text(value));
                }
            }
        }
        fields
    }
}

fn target(line: &[u8]) -> TargetValue {
    let message = Value::Bytes(bytes::Bytes::copy_from_slice(line));
    let value = Value::Object(BTreeMap::from([("message".into(), message)]));
    TargetValue { value, metadata: Value::Object(BTreeMap::new()), secrets: Secrets::default() }
}

fn text(value: &Value) -> String {
    match value {
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Timestamp(at) => at.timestamp_micros().to_string(),
        other => panic!("no field of ours is like this: {other:?}"),
    }
}
