//! Windows events in any of their shapes.

use crate::json::cut_json;
use crate::json_names::Names;
use crate::text::{Cut, Out, Text};
use crate::xml::cut_event_xml;

pub(crate) fn cut_evtx(text: Text<'_>, names: &mut Names, out: &mut Out<'_>) -> Cut {
    // XML, unless a brace comes first.
    let front = memchr::memchr(b'{', text.bytes()).and_then(|brace| text.s.get(..brace)).unwrap_or(text.s);
    if let Some(at) = front.find("<Event") {
        return cut_event_xml(text.from(at), out);
    }
    let cut = cut_json(text, names, out);
    if cut != Cut::Not {
        // Elastic Agent may send only the ECS side.
        for (name, ecs) in [("EventID", "event.code"), ("Provider_Name", "event.provider"), ("Computer", "host.name")] {
            stand_in(name, ecs, out);
        }
    }
    cut
}

/// Fills a name from another, where the event has only that.
fn stand_in(name: &str, other: &str, out: &mut Out<'_>) {
    let Some(source) = out.known_field(other) else { return };
    let Some(field) = out.field(name) else { return };
    if out.builder.get(field).is_some() {
        return;
    }
    let found = out.builder.get(source).map(|native| (native.kind, native.text.to_owned(), native.raw));
    if let Some((kind, text, raw)) = found {
        out.builder.text(field, kind, &text, raw.0, raw.1);
    }
}
