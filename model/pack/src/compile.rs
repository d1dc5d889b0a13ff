//! From the texts of a pack to the compiled pack, refusing what contradicts itself.

use crate::cases::{Activity, Case, CaseList, Logsource, small};
use crate::document::{Origin, Table, Value, parse_toml};
use crate::fault::PackFault;
use crate::fields::Fields;
use crate::input::{read_clues, read_input, read_time};
use crate::pack::{About, Pack, Program, header_names};
use crate::read_body::{learn_keys, read_body, read_subs};
use crate::rule::{ColumnRule, Rule, RuleContext};
use crate::value::{ValueMap, constant, read_value_map};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use toml::de::DeTable;
use wardwatch_limits::{PACK_BYTES, PACK_CASES};
use wardwatch_schema::{ColumnId, Kind, class_name, find_column};

/// The texts of a pack. Whoever loads packs reads the files; here are only their contents.
#[derive(Debug, Clone, Default)]
pub struct PackFiles {
    /// The manifest's name in messages, such as `fortinet/fortigate/pack.toml`.
    pub file: String,
    /// The manifest.
    pub manifest: String,
    /// Value map files by the path that the manifest uses (`maps/x.csv`).
    pub maps: BTreeMap<String, String>,
    /// The pack that `extends` names, if it does.
    pub base: Option<Box<PackFiles>>,
}

impl PackFiles {
    /// A manifest alone.
    pub fn of(file: &str, manifest: &str) -> Self {
        Self { file: file.to_owned(), manifest: manifest.to_owned(), ..Self::default() }
    }

    /// The id of the pack that this one extends, so that the loader can fetch it; none if it stands alone.
    pub fn extends(&self) -> Result<Option<String>, PackFault> {
        let origin = Origin { file: &self.file, text: &self.manifest };
        let root = parse_toml(origin)?;
        let mut table = Table::of(origin, 0, &root);
        let Some(pack) = table.take("pack") else { return Ok(None) };
        pack.table()?.take("extends").map(|v| v.text().map(str::to_owned)).transpose()
    }

    fn bytes(&self) -> usize {
        let own = self.manifest.len() + self.maps.values().map(String::len).sum::<usize>();
        own + self.base.as_ref().map_or(0, |base| base.bytes())
    }

    fn hash(&self, into: &mut Sha256) {
        let mut part = |text: &str| {
            into.update((text.len() as u64).to_be_bytes());
            into.update(text.as_bytes());
        };
        part(&self.manifest);
        for (path, text) in &self.maps {
            part(path);
            part(text);
        }
        if let Some(base) = &self.base {
            base.hash(into);
        }
    }

    /// This and its bases, nearest first.
    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |files| files.base.as_deref()).take(9)
    }
}

const TOP: [&str; 13] =
    ["pack", "input", "match", "body", "sub", "map", "time", "value", "case", "identity", "mask", "expect", "sigma"];

impl Pack {
    /// Compiles a pack. The first thing that is wrong is named with its place.
    pub fn compile(files: &PackFiles) -> Result<Self, PackFault> {
        let origins: Vec<_> = files.chain().map(|files| Origin { file: &files.file, text: &files.manifest }).collect();
        let start = Origin { file: &files.file, text: &files.manifest }.place(0);
        if files.bytes() > PACK_BYTES {
            return Err(start.fault(format!("the pack has more than {PACK_BYTES} bytes with its maps")));
        }
        if origins.len() > 8 {
            return Err(start.fault("more than 8 packs extend each other: does one extend itself?"));
        }
        let roots: Vec<DeTable<'_>> = origins.iter().map(|origin| parse_toml(*origin)).collect::<Result<_, _>>()?;
        let mut tables = Vec::new();
        for (origin, root) in origins.iter().zip(&roots) {
            tables.push(Table::of(*origin, 0, root));
        }
        let mut version = Sha256::new();
        files.hash(&mut version);
        let mut pack = Compiler::new(tables, files)?.compile()?;
        pack.version = hex::encode(version.finalize()).chars().take(16).collect();
        Ok(pack)
    }
}

/// One section in every file of the chain that has it, nearest first.
type Section<'t> = Vec<Value<'t>>;

struct Compiler<'t> {
    sections: BTreeMap<&'static str, Section<'t>>,
    top: crate::Place,
    pack: Pack,
}

impl<'t> Compiler<'t> {
    fn new(mut tables: Vec<Table<'t>>, files: &PackFiles) -> Result<Self, PackFault> {
        let top = tables.first().map(Table::place).unwrap_or_default();
        let mut sections: BTreeMap<&'static str, Section<'t>> = BTreeMap::new();
        for table in &mut tables {
            for key in TOP {
                if let Some(value) = table.take(key) {
                    sections.entry(key).or_default().push(value);
                }
            }
        }
        for table in tables {
            table.finish(&TOP)?;
        }
        let mut compiler = Self { sections, top, pack: Pack::bare("") };
        compiler.read_values(files)?;
        Ok(compiler)
    }

    /// The keys of a section over those of the bases.
    fn merged(&self, key: &str) -> Result<Option<Table<'t>>, PackFault> {
        let mut merged: Option<Table<'t>> = None;
        for value in self.sections.get(key).into_iter().flatten() {
            let table = value.table()?;
            merged = Some(match merged {
                None => table,
                Some(nearer) => nearer.over(table),
            });
        }
        Ok(merged)
    }

    fn nearest(&self, key: &str) -> Option<Value<'t>> {
        self.sections.get(key).and_then(|values| values.first().copied())
    }

    fn compile(mut self) -> Result<Pack, PackFault> {
        self.read_about()?;
        for name in header_names::ALL {
            self.pack.fields.intern(name);
        }
        if let Some(table) = self.merged("input")? {
            self.pack.input = read_input(table)?;
        } else {
            self.pack.input.header = crate::HeaderKind::Auto;
        }
        if let Some(value) = self.nearest("match") {
            self.pack.clues = read_clues(value.table()?)?;
        }
        let (values, fields) = (std::mem::take(&mut self.pack.values), std::mem::take(&mut self.pack.fields));
        let mut fields = fields;
        let mut cx = RuleContext { fields: &mut fields, values: &values };
        if let Some(value) = self.nearest("body") {
            let mut table = value.table()?;
            let (body, known) = read_body(&mut table, &mut cx)?;
            table.finish(&known)?;
            self.pack.body = Some(body);
        }
        self.pack.subs = read_subs(self.nearest("sub"), &mut cx, 1)?;
        if let Some(table) = self.merged("time")? {
            self.pack.time = Some(read_time(table, &mut cx)?);
        }
        self.read_columns(&mut cx)?;
        self.read_rest(&mut cx)?;
        (self.pack.values, self.pack.fields) = (values, fields);
        self.finish_bodies();
        Ok(self.pack)
    }

    fn read_about(&mut self) -> Result<(), PackFault> {
        let Some(value) = self.nearest("pack") else {
            return Err(self
                .top
                .fault("section `pack` is missing: write pack = { id = 'vendor/product', title = '…', format = 1 }"));
        };
        let mut table = value.table()?;
        let id = table.need("id")?;
        let good = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
        };
        let text = id.text()?;
        if !matches!(text.split_once('/'), Some((vendor, product)) if good(vendor) && good(product)) {
            return Err(id
                .place()
                .fault(format!("id `{text}` is not `vendor/product` in lower-case letters, digits, `-`, `_`, `.`")));
        }
        self.pack.id = text.to_owned();
        let format = table.need("format")?;
        if format.int()? != 1 {
            return Err(format.place().fault("only pack format 1 is known"));
        }
        let mut word = |key: &str| table.take(key).map(|v| v.text().map(str::to_owned)).transpose();
        self.pack.title = word("title")?.unwrap_or_else(|| text.to_owned());
        self.pack.title_zh = word("title_zh")?.unwrap_or_else(|| self.pack.title.clone());
        let (vendor, product) = (word("vendor")?.unwrap_or_default(), word("product")?.unwrap_or_default());
        let extends = word("extends")?;
        let versions = table.take("versions").map(|v| v.scalars()).transpose()?.unwrap_or_default();
        self.pack.about = About { vendor, product, versions };
        if extends.is_some() != (self.sections.get("pack").is_some_and(|all| all.len() > 1)) {
            return Err(value
                .place()
                .fault("`extends` and the base pack that was loaded do not agree: is the base pack there?"));
        }
        table.finish(&["id", "title", "title_zh", "vendor", "product", "versions", "format", "extends"])
    }

    /// Value maps first: rules name them. Maps of one name merge, the nearer file's words win; a file replaces.
    fn read_values(&mut self, files: &PackFiles) -> Result<(), PackFault> {
        let mut maps: BTreeMap<String, Vec<Value<'t>>> = BTreeMap::new();
        for value in self.sections.get("value").into_iter().flatten() {
            for (name, _, map) in value.table()?.rest() {
                maps.entry(name.to_owned()).or_default().push(map);
            }
        }
        let mut texts = BTreeMap::new();
        for files in files.chain() {
            for (path, text) in &files.maps {
                texts.entry(path.clone()).or_insert_with(|| text.clone());
            }
        }
        for (name, layers) in maps {
            let map: ValueMap = read_value_map(&name, &layers, &texts)?;
            self.pack.values.push(map);
        }
        Ok(())
    }

    fn read_columns(&mut self, cx: &mut RuleContext<'_>) -> Result<(), PackFault> {
        self.pack.sigma = self.nearest("sigma").map(read_sigma).transpose()?;
        let mut general = Rules::new();
        for value in self.sections.get("map").into_iter().flatten() {
            for (column, rule) in read_map(*value, cx)? {
                general.entry(column).or_insert(rule);
            }
        }
        let mut programs = vec![general.clone()];
        let mut all: Vec<Value<'t>> = Vec::new();
        for value in self.sections.get("case").into_iter().flatten() {
            all.extend(value.list()?);
        }
        let parent = Parent { name: "", class: None, activity: None, sigma: self.pack.sigma.clone(), rules: &general };
        let mut reader = CaseReader { cases: Vec::new(), programs: &mut programs };
        self.pack.outer = reader.read(&all, &parent, cx, 1)?;
        self.pack.cases = reader.cases;
        self.pack.programs = programs.into_iter().map(program).collect();
        Ok(())
    }

    fn read_rest(&mut self, cx: &mut RuleContext<'_>) -> Result<(), PackFault> {
        if let Some(mut table) = self.merged("identity")? {
            let key = table.need("key")?;
            self.pack.identity = key.one_or_more()?.into_iter().map(|v| cx.source(v)).collect::<Result<_, _>>()?;
            table.finish(&["key"])?;
        }
        if let Some(table) = self.merged("mask")? {
            for (name, _, kind) in table.rest() {
                self.pack.mask.push((name.to_owned(), kind.text()?.to_owned()));
            }
        }
        if let Some(mut table) = self.merged("expect")? {
            let required = table.need("required")?;
            let filled = self.pack.columns();
            for value in required.one_or_more()? {
                let column = column_named(value.text()?, &value.place())?;
                if !filled.contains(&column) {
                    return Err(value
                        .place()
                        .fault(format!("column `{}` is required, but no rule fills it", value.text()?)));
                }
                self.pack.required.push(column);
            }
            table.finish(&["required"])?;
        }
        let required = &self.pack.required;
        for program in &mut self.pack.programs {
            let place = |column: &ColumnId| program.columns.iter().position(|rule| rule.column == *column);
            program.required = required.iter().filter_map(place).collect();
        }
        Ok(())
    }

    fn finish_bodies(&mut self) {
        fn fold(subs: &mut [crate::SubSpec], fields: &Fields) {
            for sub in subs {
                learn_keys(&mut sub.body, fields);
                fold(&mut sub.sub, fields);
            }
        }
        if let Some(body) = &mut self.pack.body {
            learn_keys(body, &self.pack.fields);
        }
        fold(&mut self.pack.subs, &self.pack.fields);
        self.pack.used = self.pack.find_used();
        self.pack.told = self.pack.find_told();
    }
}

type Rules = BTreeMap<ColumnId, Rule>;

fn program(rules: Rules) -> Program {
    let columns =
        rules.into_iter().map(|(column, rule)| ColumnRule { column, kind: Pack::kind(column), rule }).collect();
    Program { columns, required: Vec::new() }
}

fn column_named(name: &str, place: &crate::Place) -> Result<ColumnId, PackFault> {
    if matches!(name, "class_uid" | "activity_id") {
        return Err(place.fault(format!("`{name}` is not mapped: a case's `class` and `activity` give it")));
    }
    if wardwatch_schema::LINE_COLUMNS.iter().any(|column| column.name == name) {
        return Err(place.fault(format!("column `{name}` is given by the line itself, a pack cannot fill it")));
    }
    find_column(name).ok_or_else(|| {
        let near: Vec<&str> = wardwatch_schema::COLUMNS
            .iter()
            .map(|column| column.name)
            .filter(|known| name.split('_').any(|part| part.len() > 2 && known.contains(part)))
            .collect();
        let hint = if near.is_empty() { String::new() } else { format!("; similar ones: {}", near.join(", ")) };
        place.fault(format!("unknown column `{name}`{hint}"))
    })
}

/// One table of columns or a list of such tables. A column stands once.
fn read_map(value: Value<'_>, cx: &mut RuleContext<'_>) -> Result<Rules, PackFault> {
    let mut rules = Rules::new();
    for group in value.one_or_more()? {
        let mut entries: Vec<_> = group.table()?.rest().collect();
        entries.sort_by_key(|(_, place, _)| (place.line, place.column));
        for (name, place, rule) in entries {
            let column = column_named(name, &place)?;
            let rule = cx.rule(rule, Pack::kind(column))?;
            if rules.insert(column, rule).is_some() {
                return Err(place.fault(format!(
                    "column `{name}` is written twice; use a list, [\"a\", \"b\"], for the first of several fields"
                )));
            }
        }
    }
    Ok(rules)
}

fn read_sigma(value: Value<'_>) -> Result<Logsource, PackFault> {
    let mut table = value.table()?;
    let mut word = |key: &str| table.take(key).map(|v| v.text().map(str::to_owned)).transpose();
    let source = Logsource { product: word("product")?, category: word("category")?, service: word("service")? };
    table.finish(&["product", "category", "service"])?;
    if source == Logsource::default() {
        return Err(value.place().fault("`sigma` needs at least one of product, category, service"));
    }
    Ok(source)
}

struct Parent<'a> {
    name: &'a str,
    class: Option<u32>,
    activity: Option<Activity>,
    sigma: Option<Logsource>,
    rules: &'a Rules,
}

struct CaseReader<'a> {
    cases: Vec<Case>,
    programs: &'a mut Vec<Rules>,
}

impl CaseReader<'_> {
    fn read(
        &mut self,
        all: &[Value<'_>],
        parent: &Parent<'_>,
        cx: &mut RuleContext<'_>,
        depth: usize,
    ) -> Result<CaseList, PackFault> {
        let mut list = CaseList::default();
        let mut taken: BTreeMap<(String, u16, Box<str>), ()> = BTreeMap::new();
        let mut always: Option<crate::Place> = None;
        for value in all {
            let place = value.place();
            if let Some(before) = &always
                && before.file == place.file
            {
                return Err(place.fault(format!("never reached: the case without `when` at {before} takes everything")));
            }
            let number = self.read_case(*value, parent, cx, depth)?;
            let Some(case) = self.cases.get(usize::from(number)) else { continue };
            match &case.when {
                None => always = always.or(Some(place)),
                Some(when) => {
                    for (field, word) in
                        when.dispatch().into_iter().flat_map(|(f, words)| words.iter().map(move |w| (f, w)))
                    {
                        if taken.insert((place.file.clone(), field.0, word.clone()), ()).is_some() {
                            return Err(
                                place.fault(format!("`{word}` is already taken by an earlier case on the same field"))
                            );
                        }
                    }
                }
            }
            list.push(number, case.when.as_ref());
        }
        Ok(list)
    }

    fn read_case(
        &mut self,
        value: Value<'_>,
        parent: &Parent<'_>,
        cx: &mut RuleContext<'_>,
        depth: usize,
    ) -> Result<u16, PackFault> {
        if depth > 2 {
            return Err(value.place().fault("cases nest once: this one lies inside a nested case"));
        }
        if self.cases.len() >= PACK_CASES {
            return Err(value.place().fault(format!(
                "more than {PACK_CASES} cases in one pack: dispatch with value maps, or split the pack"
            )));
        }
        let mut table = value.table()?;
        let when = table.take("when").map(|v| cx.when(v)).transpose()?;
        let class = table.take("class").map(read_class).transpose()?.or(parent.class);
        let activity =
            table.take("activity").map(|v| read_activity(v, cx)).transpose()?.or_else(|| parent.activity.clone());
        let sigma = table.take("sigma").map(read_sigma).transpose()?.or_else(|| parent.sigma.clone());
        let mut rules = parent.rules.clone();
        if let Some(map) = table.take("map") {
            rules.extend(read_map(map, cx)?);
        }
        let inner = table.take("case").map(|v| v.list()).transpose()?.unwrap_or_default();
        table.finish(&["when", "class", "activity", "map", "sigma", "case"])?;
        let number = self.cases.len() as u16;
        let own = when.as_ref().map_or_else(|| "else".to_owned(), |when| when.name(cx.fields));
        let name = if parent.name.is_empty() { own } else { format!("{}/{own}", parent.name) };
        self.cases.push(Case {
            name: name.clone(),
            class_uid: class.unwrap_or(0),
            activity: activity.clone().unwrap_or(Activity::Fixed(0)),
            sigma: sigma.clone(),
            when,
            inner: CaseList::default(),
        });
        self.programs.push(rules.clone());
        let here = Parent { name: &name, class, activity, sigma, rules: &rules };
        let inner = self.read(&inner, &here, cx, depth + 1)?;
        if let Some(case) = self.cases.get_mut(usize::from(number)) {
            case.inner = inner;
        }
        Ok(number)
    }
}

fn read_class(value: Value<'_>) -> Result<u32, PackFault> {
    let number = value.int()?;
    u32::try_from(number)
        .ok()
        .filter(|uid| class_name(*uid).is_some())
        .ok_or_else(|| value.place().fault(format!("{number} is no class that packs may use; see the schema's list (4001 network, 2004 detection, 3002 authentication, …)")))
}

fn read_activity(value: Value<'_>, cx: &mut RuleContext<'_>) -> Result<Activity, PackFault> {
    if value.is_table() {
        return Ok(Activity::By(Box::new(cx.rule(value, Kind::Int)?)));
    }
    let fixed = constant(value).ok().as_ref().and_then(small);
    fixed
        .map(Activity::Fixed)
        .ok_or_else(|| value.place().fault("`activity` is a number from 0 to 255, or a rule { from, map }"))
}
