//! Where content comes from: what is embedded in the binary, or a folder of the same shape.
//!
//! A [`Library`] holds paths and bytes (`sources/fortinet/fortigate/pack.toml`, `detections/x/rule.yml`, …) and hands
//! out texts and compiled packs. It knows no tenant, and nothing here changes a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_pack::{Pack, PackFault, PackFiles, Place};

const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// At most so many bytes of one content file, and of a whole folder: content is text written by people.
const FILE_BYTES: u64 = 4 * 1024 * 1024;
const FOLDER_FILES: usize = 20_000;
const FOLDER_DEPTH: usize = 8;

/// Why content could not be read.
#[derive(thiserror::Error, Debug)]
pub enum ContentFault {
    /// A file or folder cannot be read.
    #[error("reading `{path}` failed: {source}; give --content the folder that holds `sources` and `detections`")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("writing `{path}` failed: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Writing into what is embedded.
    #[error("what is in the binary cannot be written: give --content the folder to write into")]
    Embedded,
    /// The folder is not content.
    #[error("`{path}` holds neither `sources` nor `detections`: it is not a content folder")]
    NotContent {
        /// Which.
        path: PathBuf,
    },
    /// Too much.
    #[error("`{path}` is too large for content: at most {FILE_BYTES} bytes a file and {FOLDER_FILES} files")]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// A pack that does not exist.
    #[error("no pack `{0}`; `wardwatch content list` prints those there are")]
    NoPack(String),
    /// A pack that does not compile.
    #[error(transparent)]
    Pack(#[from] PackFault),
}

/// Content files by path; `/` between the parts on every system.
#[derive(Clone, Debug, Default)]
pub struct Library {
    files: BTreeMap<String, Vec<u8>>,
    root: Option<PathBuf>,
}

impl Library {
    /// What is in the binary.
    pub fn embedded() -> Self {
        let files = EMBEDDED.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        Self { files, root: None }
    }

    /// A folder with `sources/`, `taxonomy/`, `detections/`, `baselines/`, `indicators/` (any of them).
    ///
    /// # Errors
    /// A file that cannot be read, a folder without content, or more than content can be.
    pub fn folder(root: &Path) -> Result<Self, ContentFault> {
        let mut library = Self { files: BTreeMap::new(), root: Some(root.to_owned()) };
        for part in crate::version::PARTS {
            let folder = root.join(part);
            if folder.is_dir() {
                library.read_folder(&folder, part, 0)?;
            }
        }
        if library.files.is_empty() {
            return Err(ContentFault::NotContent { path: root.to_owned() });
        }
        Ok(library)
    }

    /// The folder if one is given, else what is in the binary.
    ///
    /// # Errors
    /// As [`Library::folder`].
    pub fn open(root: Option<&Path>) -> Result<Self, ContentFault> {
        root.map_or_else(|| Ok(Self::embedded()), Self::folder)
    }

    /// Files handed in by the caller, for tests.
    pub fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { files: files.into_iter().collect(), root: None }
    }

    /// The packs and other files of `over` on top of these; a file of the same path is replaced.
    pub fn with(mut self, over: Self) -> Self {
        self.files.extend(over.files);
        self
    }

    /// Only the files whose path is meant.
    pub fn keeping(mut self, meant: impl Fn(&str) -> bool) -> Self {
        self.files.retain(|path, _| meant(path));
        self
    }

    /// The folder it was read from; none for what is embedded.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// The bytes of a file.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The text of a file; `None` if it is not there or not UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        std::str::from_utf8(self.bytes(path)?).ok()
    }

    /// Every file below `folder/`, in order.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        let inside = move |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.files
            .range(folder.to_owned()..)
            .take_while(move |(path, _)| path.starts_with(folder))
            .filter(move |(path, _)| inside(path))
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
    }

    /// Texts of the taxonomy (`taxonomy/*.toml`): name and text.
    pub fn taxonomy(&self) -> Vec<(String, String)> {
        self.below("taxonomy")
            .filter(|(path, _)| path.ends_with(".toml"))
            .map(|(path, bytes)| (path.to_owned(), String::from_utf8_lossy(bytes).into_owned()))
            .collect()
    }

    /// Every detection rule (`detections/**/rule.yml`): path and text.
    pub fn rules(&self) -> Vec<(String, String)> {
        self.below("detections")
            .filter(|(path, _)| path.ends_with("/rule.yml"))
            .map(|(path, bytes)| (path.to_owned(), String::from_utf8_lossy(bytes).into_owned()))
            .collect()
    }

    /// Ids of all packs, by their folders.
    pub fn pack_ids(&self) -> Vec<String> {
        self.below("sources")
            .filter_map(|(path, _)| Some(path.strip_prefix("sources/")?.strip_suffix("/pack.toml")?.to_owned()))
            .collect()
    }

    /// The texts of a pack, with those of the packs it extends.
    ///
    /// # Errors
    /// No such pack, or a manifest that is no TOML.
    pub fn pack_files(&self, id: &str) -> Result<PackFiles, ContentFault> {
        self.pack_files_deep(id, 0)
    }

    fn pack_files_deep(&self, id: &str, depth: usize) -> Result<PackFiles, ContentFault> {
        let folder = format!("sources/{id}");
        let manifest = self.text(&format!("{folder}/pack.toml")).ok_or_else(|| ContentFault::NoPack(id.to_owned()))?;
        let mut files = PackFiles::of(&format!("{folder}/pack.toml"), manifest);
        let maps = format!("{folder}/maps");
        for (path, bytes) in self.below(&maps) {
            if let Some(name) = path.strip_prefix(&folder).and_then(|p| p.strip_prefix('/')) {
                files.maps.insert(name.to_owned(), String::from_utf8_lossy(bytes).into_owned());
            }
        }
        if let Some(base) = files.extends()? {
            if depth >= 8 {
                let place = Place { file: files.file, line: 1, column: 1 };
                return Err(PackFault {
                    place,
                    what: format!("more than 8 packs extend each other, `{base}` among them"),
                }
                .into());
            }
            files.base = Some(Box::new(self.pack_files_deep(&base, depth + 1)?));
        }
        Ok(files)
    }

    /// A compiled pack.
    ///
    /// # Errors
    /// No such pack, or one that contradicts itself.
    pub fn pack(&self, id: &str) -> Result<Arc<Pack>, ContentFault> {
        Ok(Arc::new(Pack::compile(&self.pack_files(id)?)?))
    }

    /// Every pack that compiles, and what is wrong with the others: one bad pack never takes the rest down.
    pub fn packs(&self) -> (Vec<Arc<Pack>>, Vec<ContentFault>) {
        let (mut packs, mut faults) = (Vec::new(), Vec::new());
        for id in self.pack_ids() {
            match self.pack(&id) {
                Ok(pack) => packs.push(pack),
                Err(fault) => faults.push(fault),
            }
        }
        (packs, faults)
    }

    fn read_folder(&mut self, folder: &Path, name: &str, depth: usize) -> Result<(), ContentFault> {
        let read = |source| ContentFault::Read { path: folder.to_owned(), source };
        let mut entries: Vec<_> = std::fs::read_dir(folder).map_err(read)?.collect::<Result<_, _>>().map_err(read)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let file_name = entry.file_name().to_string_lossy().into_owned();
            if file_name.starts_with('.') {
                continue;
            }
            let (path, name) = (entry.path(), format!("{name}/{file_name}"));
            let about = std::fs::metadata(&path).map_err(|source| ContentFault::Read { path: path.clone(), source })?;
            if about.is_dir() {
                if depth >= FOLDER_DEPTH {
                    return Err(ContentFault::TooLarge { path });
                }
                self.read_folder(&path, &name, depth + 1)?;
                continue;
            }
            // A pipe or a device has no end to read to.
            if !about.is_file() {
                continue;
            }
            if about.len() > FILE_BYTES || self.files.len() >= FOLDER_FILES {
                return Err(ContentFault::TooLarge { path });
            }
            let bytes = std::fs::read(&path).map_err(|source| ContentFault::Read { path, source })?;
            self.files.insert(name, bytes);
        }
        Ok(())
    }
}
