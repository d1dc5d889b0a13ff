//! Reads from a Cargo.toml or Cargo.lock what the checks ask: names, dependencies, versions. It understands the
//! subset of TOML that Cargo's own files here use, not all of it.

/// One `Cargo.toml`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `package.name`.
    pub name: String,
    /// `package.description`.
    pub description: String,
    /// Names under `[dependencies]`, `[build-dependencies]` and their target forms.
    pub dependencies: Vec<String>,
    /// Names under `[dev-dependencies]`.
    pub dev_dependencies: Vec<String>,
}

/// Reads a manifest.
pub fn read(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut section = String::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if let Some(head) = line.strip_prefix('[') {
            section = head.trim_start_matches('[').trim_end_matches(']').trim().to_owned();
            // `[dependencies.name]` names one by its section.
            if let Some((kind, name)) = section.split_once("dependencies.") {
                manifest.add(kind, name);
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        match (section.as_str(), key) {
            ("package", "name") => manifest.name = unquote(value).to_owned(),
            ("package", "description") => manifest.description = unquote(value).to_owned(),
            _ => {
                if let Some(kind) = section.strip_suffix("dependencies") {
                    manifest.add(kind, key.split('.').next().unwrap_or(key));
                }
            }
        }
    }
    manifest
}

impl Manifest {
    /// `kind` is what stands before `dependencies` in the section: "", "dev-", "build-", "target.….", "workspace.".
    fn add(&mut self, kind: &str, name: &str) {
        let name = unquote(name).to_owned();
        if kind.ends_with("dev-") {
            self.dev_dependencies.push(name);
        } else if !kind.starts_with("workspace.") {
            self.dependencies.push(name);
        }
    }
}

/// The packages of a Cargo.lock: (name, version).
pub fn lock(text: &str) -> Vec<(String, String)> {
    let mut packages = Vec::new();
    let mut name = None;
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("name = ") {
            name = Some(unquote(value).to_owned());
        } else if let Some(value) = line.strip_prefix("version = ")
            && let Some(name) = name.take()
        {
            packages.push((name, unquote(value).to_owned()));
        }
    }
    packages
}

/// A basic or literal string without its quotes and a comment behind it; other text trimmed.
pub fn unquote(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some((inside, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inside;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_of_every_form_are_seen() {
        let manifest = read(
            "[package]\nname = \"wardwatch-x\"\ndescription = 'what = it does' # why\n[dependencies]\n\
             wardwatch-ident.workspace = true\nserde = { version = \"1\" }\n[dev-dependencies]\nproptest = \"1\"\n\
             [dependencies.bytes]\nversion = \"1\"\n[target.'cfg(unix)'.dependencies]\nrustix.workspace = true\n\
             [build-dependencies]\ncc = \"1\"\n[lints]\nworkspace = true\n",
        );
        assert_eq!(manifest.name, "wardwatch-x");
        assert_eq!(manifest.description, "what = it does");
        assert_eq!(manifest.dependencies, ["wardwatch-ident", "serde", "bytes", "rustix", "cc"]);
        assert_eq!(manifest.dev_dependencies, ["proptest"]);
    }

    #[test]
    fn a_workspace_table_declares_and_does_not_depend() {
        assert_eq!(read("[workspace.dependencies]\nserde = \"1\"\n").dependencies, Vec::<String>::new());
    }

    #[test]
    fn lock_gives_names_with_versions() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
        assert_eq!(lock(text), [("a".to_owned(), "1.2.3".to_owned()), ("b".to_owned(), "0.1.0".to_owned())]);
    }
}
