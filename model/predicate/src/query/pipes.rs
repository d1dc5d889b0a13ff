//! What stands behind the first `|`: stats, sort, head, fields.

use super::fault::QueryFault;
use super::plan::{Function, Measure, Pipe, SortKey};
use super::scan::Scan;
use crate::place::Place;
use wardwatch_limits::{QUERY_PIPE_FIELDS, QUERY_PIPES};

/// Reads everything that is left.
pub(super) fn read_pipes(scan: &mut Scan<'_>) -> Result<Vec<Pipe>, QueryFault> {
    let mut pipes = Vec::new();
    let mut known: Option<Vec<String>> = None;
    loop {
        scan.blanks();
        if scan.at_end() {
            return Ok(pipes);
        }
        let place = scan.place();
        if !scan.eat('|') {
            return Err(QueryFault::new(place, "a `|` is expected before the next step"));
        }
        if pipes.len() >= QUERY_PIPES {
            return Err(QueryFault::new(place, format!("more than {QUERY_PIPES} steps: join some")));
        }
        let pipe = read_pipe(scan)?;
        check_columns(&pipe, known.as_deref(), place)?;
        match &pipe {
            Pipe::Stats { measures, by } => {
                if pipes.iter().any(|pipe| matches!(pipe, Pipe::Stats { .. })) {
                    return Err(QueryFault::new(place, "one `stats` per query: ask for all figures in one"));
                }
                known = Some(by.iter().cloned().chain(measures.iter().map(|m| m.name.clone())).collect());
            }
            Pipe::Fields(fields) => known = Some(fields.clone()),
            Pipe::Sort(_) | Pipe::Head(_) => {}
        }
        pipes.push(pipe);
    }
}

fn check_columns(pipe: &Pipe, known: Option<&[String]>, place: Place) -> Result<(), QueryFault> {
    let Some(known) = known else { return Ok(()) };
    let named: Vec<&String> = match pipe {
        Pipe::Stats { measures, by } => by.iter().chain(measures.iter().filter_map(|m| m.field.as_ref())).collect(),
        Pipe::Sort(keys) => keys.iter().map(|key| &key.field).collect(),
        Pipe::Fields(fields) => fields.iter().collect(),
        Pipe::Head(_) => Vec::new(),
    };
    match named.into_iter().find(|field| !known.contains(field)) {
        Some(gone) => {
            let reason = format!("there is no column `{gone}` any more at this step: there are {}", known.join(", "));
            Err(QueryFault::new(place, reason))
        }
        None => Ok(()),
    }
}

fn read_pipe(scan: &mut Scan<'_>) -> Result<Pipe, QueryFault> {
    scan.blanks();
    let place = scan.place();
    let word = scan.while_fits(|c| c.is_alphanumeric() || c == '_').to_lowercase();
    match word.as_str() {
        "stats" => read_stats(scan, place),
        "sort" => read_sort(scan),
        "head" | "limit" => read_head(scan),
        "fields" | "table" => {
            let fields = read_list(scan, read_name)?;
            Ok(Pipe::Fields(fields))
        }
        "" => Err(QueryFault::new(place, "a step is expected behind `|`: stats, sort, head or fields")),
        other => {
            let reason = format!("`{other}` is no step: there are stats, sort, head and fields");
            Err(QueryFault::new(place, reason))
        }
    }
}

fn read_stats(scan: &mut Scan<'_>, place: Place) -> Result<Pipe, QueryFault> {
    let measures = read_list(scan, read_measure)?;
    scan.blanks();
    let by = if scan.eat_word("by") { read_list(scan, read_name)? } else { Vec::new() };
    let mut names: Vec<&String> = measures.iter().map(|measure| &measure.name).chain(&by).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    }) {
        return Err(QueryFault::new(place, format!("two columns are called `{twice}`: name one with `as`")));
    }
    Ok(Pipe::Stats { measures, by })
}

fn read_measure(scan: &mut Scan<'_>) -> Result<Measure, QueryFault> {
    let place = scan.place();
    let word = scan.while_fits(|c| c.is_alphanumeric() || c == '_');
    let Some(function) = Function::of_word(&word) else {
        let reason = format!("`{word}` is no figure: there are count, dc, sum, avg, min and max");
        return Err(QueryFault::new(place, reason));
    };
    let mut field = None;
    if scan.eat('(') {
        scan.blanks();
        if scan.peek() != Some(')') {
            field = Some(read_name(scan)?);
        }
        scan.blanks();
        if !scan.eat(')') {
            return Err(QueryFault::new(place, format!("the bracket of `{word}` is not closed: add `)`")));
        }
    }
    if field.is_none() && function != Function::Count {
        return Err(QueryFault::new(place, format!("`{word}` needs a field: write `{word}(field)`")));
    }
    scan.blanks();
    let name = if scan.eat_word("as") {
        scan.blanks();
        read_name(scan)?
    } else {
        match &field {
            Some(field) => format!("{}({field})", function.word()),
            None => function.word().to_owned(),
        }
    };
    Ok(Measure { function, field, name })
}

fn read_sort(scan: &mut Scan<'_>) -> Result<Pipe, QueryFault> {
    let key = |scan: &mut Scan<'_>| {
        let minus = scan.eat('-');
        let _ = !minus && scan.eat('+');
        let field = read_column(scan)?;
        scan.blanks();
        let descending = scan.eat_word("desc") || (minus && !scan.eat_word("asc"));
        let _ = !descending && scan.eat_word("asc");
        Ok(SortKey { field, descending })
    };
    read_list(scan, key).map(Pipe::Sort)
}

fn read_head(scan: &mut Scan<'_>) -> Result<Pipe, QueryFault> {
    scan.blanks();
    let place = scan.place();
    let digits = scan.while_fits(|c| c.is_ascii_digit());
    match digits.parse::<u64>() {
        Ok(rows) if rows > 0 => Ok(Pipe::Head(rows)),
        _ => Err(QueryFault::new(place, "`head` takes how many rows: `head 20`")),
    }
}

/// At least one, separated by commas.
fn read_list<T>(
    scan: &mut Scan<'_>,
    mut read: impl FnMut(&mut Scan<'_>) -> Result<T, QueryFault>,
) -> Result<Vec<T>, QueryFault> {
    let mut found = Vec::new();
    loop {
        scan.blanks();
        if found.len() >= QUERY_PIPE_FIELDS {
            return Err(QueryFault::new(scan.place(), format!("more than {QUERY_PIPE_FIELDS} in one step: drop some")));
        }
        found.push(read(scan)?);
        scan.blanks();
        if !scan.eat(',') {
            return Ok(found);
        }
    }
}

fn read_name(scan: &mut Scan<'_>) -> Result<String, QueryFault> {
    let place = scan.place();
    let name = if scan.peek() == Some('"') {
        scan.quoted()?.written
    } else {
        scan.while_fits(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '.' | '-' | '#' | '/'))
    };
    if name.is_empty() {
        return Err(QueryFault::new(place, "a field name is expected here"));
    }
    Ok(name)
}

/// A field, or the column of a figure such as `dc(user)`.
fn read_column(scan: &mut Scan<'_>) -> Result<String, QueryFault> {
    let name = read_name(scan)?;
    if Function::of_word(&name).is_some() && scan.eat('(') {
        let field = read_name(scan)?;
        let place = scan.place();
        if !scan.eat(')') {
            return Err(QueryFault::new(place, "the bracket is not closed: add `)`"));
        }
        return Ok(format!("{}({field})", name.to_lowercase()));
    }
    Ok(name)
}
