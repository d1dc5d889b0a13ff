//! Which cutter takes a text, and fields that are parsed again.

use crate::json_names::{Names, dotted};
use crate::line::Parser;
use crate::text::{Cut, Out, Text};
use wardwatch_limits::SUB_DEPTH;
use wardwatch_pack::{BodyKind, BodySpec, SubSpec, run_steps};

impl Parser<'_> {
    /// Cuts a text by its format.
    pub fn cut(&mut self, body: &BodySpec, text: Text<'_>, out: &mut Out<'_>) -> Cut {
        let out = &mut out.with_prefix(&body.prefix);
        match &body.kind {
            BodyKind::Kv(spec) => crate::kv::cut_kv(spec, text, out),
            BodyKind::Json => crate::json::cut_json(text, self.names(&body.prefix, false), out),
            BodyKind::Csv(spec) => crate::delimited::cut_csv(spec, text, out),
            BodyKind::Dissect(templates) => crate::dissect::cut_dissect(templates, text, out),
            BodyKind::Regex(expressions) => crate::dissect::cut_regex(expressions, text, out),
            BodyKind::Cef => crate::cef::cut_cef(text, out),
            BodyKind::Leef => crate::cef::cut_leef(text, out),
            BodyKind::Xml => crate::xml::cut_xml(text, self.names(&body.prefix, false), out),
            BodyKind::Evtx => crate::evtx::cut_evtx(text, self.names(&body.prefix, true), out),
            BodyKind::W3c(own) => self.cut_w3c(own, text, out),
            BodyKind::ZeekTsv(own) => self.cut_zeek(own, text, out),
        }
    }

    /// The names of nested values under this prefix.
    pub fn names(&mut self, prefix: &str, windows: bool) -> &mut Names {
        let same = |known: &str| known.len() == prefix.len() && (prefix.is_empty() || known == prefix);
        let at = self.names.iter().position(|(known, kind, _)| *kind == windows && same(known));
        let at = at.unwrap_or_else(|| {
            let naming = if windows { crate::evtx_names::windows } else { dotted };
            self.names.push((prefix.into(), windows, Names::new(naming)));
            self.names.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "found or pushed just before")]
        &mut self.names[at].2
    }

    /// Parses fields again; answers whether all that must fit did.
    pub fn subs(&mut self, subs: &[SubSpec], out: &mut Out<'_>) -> bool {
        let mut whole = true;
        for sub in subs {
            whole &= self.sub(sub, out);
        }
        whole
    }

    fn sub(&mut self, sub: &SubSpec, out: &mut Out<'_>) -> bool {
        if self.depth >= SUB_DEPTH {
            return true;
        }
        if let Some(when) = &sub.when
            && !when.holds(|field| out.builder.get(field).map(|native| native.text))
        {
            return true;
        }
        let Some(found) = out.builder.get(sub.from.field) else { return true };
        if wardwatch_pack::says_nothing(found.text) {
            return true;
        }
        let cut = match out.builder.place_of(sub.from.field).filter(|_| sub.steps.is_empty()) {
            // The value lies in the batch's text: so do the values inside it.
            Some(range) => {
                let checked = out.builder.checked().clone();
                let text = checked.get(range.clone()).unwrap_or_default();
                self.inner(sub, Text::batch(text, range.start), out)
            }
            None => {
                let (text, raw) = (found.text.to_owned(), found.raw);
                self.made(sub, &text, raw, out)
            }
        };
        if cut == Cut::Whole || sub.optional {
            return true;
        }
        let name = out.builder.pack().fields.name(sub.from.field).unwrap_or_default();
        let note = format!("unparsed:{name}");
        out.note(note);
        false
    }

    /// A value that was decoded, unescaped or is to be converted first.
    fn made(&mut self, sub: &SubSpec, text: &str, raw: (u32, u32), out: &mut Out<'_>) -> Cut {
        if sub.steps.is_empty()
            && let Some(decoded) = self.decoded.clone()
            && let Some(at) = decoded.find(text, raw.0)
        {
            let part = Text::decoded(&decoded.text, &decoded.raw_of).sub(at, at + text.len());
            return self.inner(sub, part, out);
        }
        match run_steps(&sub.steps, text) {
            Some(text) => self.inner(sub, Text::made(&text, raw), out),
            None => Cut::Not,
        }
    }

    fn inner(&mut self, sub: &SubSpec, text: Text<'_>, out: &mut Out<'_>) -> Cut {
        self.depth += 1;
        let cut = self.cut(&sub.body, text, out);
        let whole = self.subs(&sub.sub, out);
        self.depth -= 1;
        if cut == Cut::Whole && !whole { Cut::Partly("sub") } else { cut }
    }
}
