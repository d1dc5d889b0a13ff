//! What an indicator may be, and which columns of an event hold such values.

/// What an indicator is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// One IPv4 or IPv6 address.
    Address,
    /// A network in CIDR notation; looked up with an address, the narrowest valid one answers.
    Network,
    /// A name and everything below it.
    Domain,
    /// A URL in normal form.
    Url,
    /// MD5 of a file.
    Md5,
    /// SHA-1 of a file.
    Sha1,
    /// SHA-256 of a file.
    Sha256,
    /// A mail address.
    Mail,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Address, Self::Network, Self::Domain, Self::Url, Self::Md5, Self::Sha1, Self::Sha256, Self::Mail];

    /// The word in the column `type` of a file of indicators.
    pub fn word(self) -> &'static str {
        match self {
            Self::Address => "ip",
            Self::Network => "cidr",
            Self::Domain => "domain",
            Self::Url => "url",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Mail => "email",
        }
    }

    /// The inverse of [`Kind::word`], any case.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.word().eq_ignore_ascii_case(word))
    }

    /// The word in both languages, Chinese first.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Address => ("IP 地址", "IP address"),
            Self::Network => ("网段", "network"),
            Self::Domain => ("域名", "domain"),
            Self::Url => ("网址", "URL"),
            Self::Md5 => ("MD5 值", "MD5"),
            Self::Sha1 => ("SHA-1 值", "SHA-1"),
            Self::Sha256 => ("SHA-256 值", "SHA-256"),
            Self::Mail => ("邮箱地址", "mail address"),
        }
    }
}

/// How the text of a column is looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Probe {
    /// An address: exact, then its networks.
    Address,
    /// A name, or an address, with or without a port: suffixes of the name, or the address.
    Host,
    /// A URL: whole, without its query, then its host. A bare path has no host: see [`crate::Index::lookup_path`].
    Url,
    /// One hash; its length says which.
    Digest,
    /// Several hashes as Sysmon writes them (`SHA1=..,MD5=..`).
    Digests,
    /// Names and addresses separated by blanks, commas or semicolons (answers of a resolver).
    Hosts,
    /// Mail addresses, with or without a person's name; then their domains.
    Mail,
}

/// The probe for a typed column (`wardwatch_schema::COLUMNS`), or for the native `sha1` and `Hashes`; none for the others.
///
/// `host_ip` and `host` are the reporting device itself and are not looked up: an indicator speaks of the other side.
pub fn probe_of(column: &str) -> Option<Probe> {
    PROBES.iter().find(|(name, _)| *name == column).map(|(_, probe)| *probe)
}

/// Every column that is looked up.
pub const PROBES: &[(&str, Probe)] = &[
    ("src_ip", Probe::Address),
    ("dst_ip", Probe::Address),
    ("src_nat_ip", Probe::Address),
    ("dst_nat_ip", Probe::Address),
    ("src_host", Probe::Host),
    ("dst_host", Probe::Host),
    ("dns_query", Probe::Host),
    ("dns_answers", Probe::Hosts),
    ("sni", Probe::Host),
    ("url_host", Probe::Host),
    ("url", Probe::Url),
    ("referrer", Probe::Url),
    ("sha256", Probe::Digest),
    ("sha1", Probe::Digest),
    ("md5", Probe::Digest),
    ("Hashes", Probe::Digests),
    ("mail_from", Probe::Mail),
    ("mail_to", Probe::Mail),
];
