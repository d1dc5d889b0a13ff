//! All probes of one field, answered by one look at a value.

use super::ends::Ends;
use super::grams::Grams;
use super::need::{Need, number_bits};
use crate::network::Network;
use crate::number::Number;
use crate::record::ValueKind;
use aho_corasick::AhoCorasick;
use std::collections::HashMap;

/// Every how many bytes a value is looked at.
const STRIDE: usize = 2;

/// The probes of one field.
#[derive(Debug, Default)]
pub(crate) struct FieldTable {
    equal: Texts<Ends>,
    fronts: Texts<Ends>,
    backs: Texts<Ends>,
    within: Texts<Grams>,
    /// Texts too short for the grams.
    short: Texts<Option<AhoCorasick>>,
    numbers: HashMap<u64, Vec<u32>>,
    networks: Vec<(Network, u32)>,
    lengths: Vec<(usize, u32)>,
    there: Vec<u32>,
    value: Vec<u32>,
}

/// A matcher of texts and the probes that each text belongs to.
#[derive(Debug, Default)]
struct Texts<M> {
    matcher: M,
    owners: Box<[Box<[u32]>]>,
}

/// Collects texts, each once, with its probes.
#[derive(Default)]
struct Gathered<'n>(HashMap<&'n str, Vec<u32>>);

impl<'n> Gathered<'n> {
    fn add(&mut self, text: &'n str, probe: u32) {
        self.0.entry(text).or_default().push(probe);
    }

    fn build<M>(self, make: impl FnOnce(Vec<Box<[u8]>>) -> M) -> Texts<M> {
        let mut all: Vec<(&str, Vec<u32>)> = self.0.into_iter().collect();
        all.sort_unstable();
        let (texts, owners): (Vec<&str>, Vec<Vec<u32>>) = all.into_iter().unzip();
        Texts {
            matcher: make(texts.into_iter().map(|text| text.as_bytes().into()).collect()),
            owners: owners.into_iter().map(Vec::into_boxed_slice).collect(),
        }
    }
}

impl<M> Texts<M> {
    fn tell(&self, text: u32, hit: &mut impl FnMut(u32)) {
        self.owners.get(text as usize).into_iter().flatten().for_each(|probe| hit(*probe));
    }
}

/// A value as a table reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'v> {
    pub kind: ValueKind,
    /// As it stands in the event.
    pub text: &'v str,
    /// After folding; what is ASCII may stand as it is.
    pub folded: &'v str,
}

impl FieldTable {
    /// A table over probes, each with its number.
    pub(crate) fn new<'n>(probes: impl Iterator<Item = (u32, &'n Need)>) -> FieldTable {
        let mut table = FieldTable::default();
        let [mut equal, mut fronts, mut backs, mut within, mut short] =
            [const { None }; 5].map(|_: Option<()>| Gathered::default());
        for (probe, need) in probes {
            match need {
                Need::There => table.there.push(probe),
                Need::Value => table.value.push(probe),
                Need::Equal(text) => equal.add(text, probe),
                Need::Front(text) => fronts.add(text, probe),
                Need::Back(text) => backs.add(text, probe),
                Need::Within(text) if text.len() < Grams::shortest(STRIDE) => short.add(text, probe),
                Need::Within(text) => within.add(text, probe),
                Need::Number(bits) => table.numbers.entry(*bits).or_default().push(probe),
                Need::Network(network) => table.networks.push((*network, probe)),
                Need::Length(bytes) => table.lengths.push((*bytes, probe)),
            }
        }
        table.equal = equal.build(|texts| Ends::new(texts, false));
        table.fronts = fronts.build(|texts| Ends::new(texts, false));
        table.backs = backs.build(|texts| Ends::new(texts, true));
        table.within = within.build(|texts| Grams::suited(texts, STRIDE));
        table.short = short.build(|texts| match texts.is_empty() {
            true => None,
            false => AhoCorasick::builder().ascii_case_insensitive(true).build(texts).ok(),
        });
        table
    }

    /// Calls `hit` with each probe that the value meets, some more than once. Answers how many bytes were looked at.
    pub(crate) fn look(&self, look: Look<'_>, mut hit: impl FnMut(u32)) -> u64 {
        self.there.iter().for_each(|probe| hit(*probe));
        if look.kind == ValueKind::Null {
            return 1;
        }
        self.value.iter().for_each(|probe| hit(*probe));
        let bytes = look.folded.as_bytes();
        self.equal.matcher.find_whole(bytes, |text| self.equal.tell(text, &mut hit));
        let mut work = 1 + self.fronts.matcher.find(bytes, |text| self.fronts.tell(text, &mut hit));
        work += self.backs.matcher.find(bytes, |text| self.backs.tell(text, &mut hit));
        work += self.within.matcher.find(bytes, |text| self.within.tell(text, &mut hit));
        if let Some(automaton) = &self.short.matcher {
            work += bytes.len() as u64;
            let mut last = None;
            for found in automaton.find_overlapping_iter(bytes) {
                // Runs of one short text would tell the same over and over.
                if last != Some(found.pattern()) {
                    last = Some(found.pattern());
                    self.short.tell(found.pattern().as_u32(), &mut hit);
                }
            }
        }
        self.look_typed(look, &mut hit);
        work
    }

    fn look_typed(&self, look: Look<'_>, hit: &mut impl FnMut(u32)) {
        if !self.numbers.is_empty()
            && let Some(number) = Number::read(look.text)
        {
            self.numbers.get(&number_bits(number)).into_iter().flatten().for_each(|probe| hit(*probe));
        }
        if !self.networks.is_empty()
            && look.text.len() <= 45
            && let Ok(address) = look.text.parse()
        {
            let within = self.networks.iter().filter(|(network, _)| network.contains(address));
            within.for_each(|(_, probe)| hit(*probe));
        }
        self.lengths.iter().filter(|(bytes, _)| look.text.len() >= *bytes).for_each(|(_, probe)| hit(*probe));
    }

    /// Bytes of memory, nearly.
    pub(crate) fn bytes(&self) -> usize {
        let owners = |owners: &[Box<[u32]>]| owners.iter().map(|list| 16 + list.len() * 4).sum::<usize>();
        self.equal.matcher.bytes()
            + self.fronts.matcher.bytes()
            + self.backs.matcher.bytes()
            + self.within.matcher.bytes()
            + self.short.matcher.as_ref().map_or(0, AhoCorasick::memory_usage)
            + [&self.equal.owners, &self.fronts.owners, &self.backs.owners, &self.within.owners, &self.short.owners]
                .into_iter()
                .map(|list| owners(list))
                .sum::<usize>()
            + self.numbers.capacity() * 40
    }
}
