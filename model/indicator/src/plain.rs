//! Texts written so that nobody clicks on them (`hxxp://a[.]example`), back in plain form.

/// What stands for what, tried in this order at each place; compared without case.
const TOKENS: [(&str, &str); 12] = [
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("{dot}", "."),
    ("[:]", ":"),
    ("[://]", "://"),
    ("[@]", "@"),
    ("[at]", "@"),
    ("(at)", "@"),
    ("[/]", "/"),
];

/// The plain form; the same text if nothing was changed.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let token = matches!(first, '[' | '(' | '{').then(|| TOKENS.iter().find(|(t, _)| starts(rest, t))).flatten();
        match token {
            Some((from, to)) => {
                out.push_str(to);
                rest = rest.get(from.len()..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    for (from, to) in [("hxxps://", "https://"), ("hxxp://", "http://"), ("fxp://", "ftp://")] {
        if starts(&out, from) {
            out.replace_range(..from.len(), to);
        }
    }
    out
}

fn starts(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}
