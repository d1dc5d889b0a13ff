//! Why a row is no indicator.

use crate::Kind;

/// A row that was not taken, with its place in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Row of the file, the header is 1; or the number the row was given.
    pub row: u64,
    /// What the row says, cut at 128 bytes.
    pub value: String,
    /// Why.
    pub reason: Reason,
}

/// Why a row is refused. Displayed in English; [`Reason::chinese`] is the other language.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The row has another number of cells than the header.
    #[error("{found} cells where the header has {expected}: quote values that contain commas")]
    Cells {
        /// Cells of the row.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// The row is no UTF-8.
    #[error("the row is not UTF-8: save the file as UTF-8")]
    NotText,
    /// A word in `type` that is none.
    #[error("type `{0}` is unknown: write ip, cidr, domain, url, md5, sha1, sha256 or email")]
    UnknownType(String),
    /// A cell that must not be empty.
    #[error("`{0}` is empty: fill it in")]
    Empty(&'static str),
    /// A cell that is too long.
    #[error("`{cell}` has more than {bytes} bytes: no such indicator exists, check the quotes")]
    TooLong {
        /// Its name.
        cell: &'static str,
        /// The limit.
        bytes: usize,
    },
    /// Not a value of its type.
    #[error("not a valid {}: correct the value or its type", .0.words().1)]
    Malformed(Kind),
    /// An address with zeros in front of a number.
    #[error("an address with leading zeros is octal to some systems and decimal to others: write it without them")]
    ZeroPadded,
    /// A network whose address has bits beyond the prefix.
    #[error("bits beyond the prefix are set: write the network's first address, or the address without a prefix")]
    HostBits,
    /// A network that is too large.
    #[error("a network wider than /{0} would match a good part of the internet: name narrower ones, or set override")]
    TooWide(u8),
    /// An address that is inside every hospital or belongs to nobody.
    #[error("such addresses are {0} and mean something else in every network: set override if this one is meant")]
    InsideAddress(&'static str),
    /// A local name.
    #[error("a local name means something else in every network: set override if this one is meant")]
    LocalName,
    /// A public suffix.
    #[error("everybody registers names below this one: name what is below it, or set override")]
    PublicSuffix,
    /// One of the names that everybody uses.
    #[error("half the world uses this name: give the URL or the name below it, or set override")]
    TopDomain,
    /// Hash of the empty file, or all zeros.
    #[error("the hash of an empty file, or of nothing: remove the row, or set override")]
    EmptyFile,
    /// Confidence is no number from 0 to 100.
    #[error("confidence `{0}` is not a whole number from 0 to 100")]
    Confidence(String),
    /// A time that is none.
    #[error("`{cell}` is not a time between 1970 and 2106: write RFC 3339 with its zone, or a date")]
    Time {
        /// The cell's name.
        cell: &'static str,
    },
    /// It ends before it starts.
    #[error("it expires before it is valid: exchange the two times")]
    Never,
    /// `override` is neither.
    #[error("override `{0}` is neither true nor false")]
    Override(String),
    /// More rows than allowed.
    #[error("more than {0} rows: split by what the hospital needs")]
    TooManyRows(usize),
    /// More sources than allowed.
    #[error("more than {0} different sources: name the feed, not the report")]
    TooManySources(usize),
    /// One value has too many records.
    #[error("more than {0} records for one value: keep one a source")]
    TooManyRecords(usize),
}

impl Reason {
    /// The reason in Chinese.
    pub fn chinese(&self) -> String {
        match self {
            Self::Cells { found, expected } => format!("本行有 {found} 列,表头有 {expected} 列:含逗号的值请加引号"),
            Self::NotText => "本行不是 UTF-8 编码:请将文件另存为 UTF-8".to_owned(),
            Self::UnknownType(word) => {
                format!("类型“{word}”未知:请写 ip、cidr、domain、url、md5、sha1、sha256 或 email")
            }
            Self::Empty(cell) => format!("“{cell}”为空:请填写"),
            Self::TooLong { cell, bytes } => format!("“{cell}”超过 {bytes} 字节:没有这样的指标,请检查引号"),
            Self::Malformed(kind) => format!("不是有效的{}:请更正值或类型", kind.words().0),
            Self::ZeroPadded => "地址含前导零,有的系统按八进制解释:请去掉前导零".to_owned(),
            Self::HostBits => "网段前缀之外的位不为零:请写网段首地址,或不带前缀的单个地址".to_owned(),
            Self::TooWide(prefix) => format!("比 /{prefix} 更大的网段会命中大片互联网:请写更小的网段,或设置 override"),
            Self::InsideAddress(why) => format!("保留或内网地址({why}),各院含义不同:确需使用请设置 override"),
            Self::LocalName => "本地域名,各网络含义不同:确需使用请设置 override".to_owned(),
            Self::PublicSuffix => "公共后缀,任何人都可在其下注册:请写其下的具体域名,或设置 override".to_owned(),
            Self::TopDomain => "极常用的域名:请写具体网址或其下的域名,或设置 override".to_owned(),
            Self::EmptyFile => "空文件的散列值:请删除本行,或设置 override".to_owned(),
            Self::Confidence(text) => format!("可信度“{text}”不是 0 到 100 的整数"),
            Self::Time { cell } => format!("“{cell}”不是 1970 至 2106 年间的时间:请写带时区的 RFC 3339 时间或日期"),
            Self::Never => "失效时间早于生效时间:请对调".to_owned(),
            Self::Override(text) => format!("override“{text}”既不是 true 也不是 false"),
            Self::TooManyRows(rows) => format!("超过 {rows} 行:请按医院需要拆分"),
            Self::TooManySources(sources) => format!("来源超过 {sources} 个:请写情报源名称,而非报告名称"),
            Self::TooManyRecords(records) => format!("同一个值超过 {records} 条记录:每个来源保留一条"),
        }
    }
}
