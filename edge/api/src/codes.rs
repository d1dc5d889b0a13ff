//! Every code that an answer may carry, with its words. Each has a page `docs/errors/WW-nnnn.md`.

use axum::http::StatusCode;

/// A sentence in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Words {
    /// 中文
    pub zh: String,
    /// English
    pub en: String,
}

impl Words {
    /// Both languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// Why a request was not answered. Codes never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// No session, or one that has ended.
    SignIn,
    /// A one-time link that was used, is too old or was never given.
    Link,
    /// The page was asked under a name that is not its own.
    Host,
    /// Not there, or not for this reader.
    NotFound,
    /// The query is not understood.
    Query,
    /// A parameter is not understood.
    Parameter,
    /// Too many searches or viewers at once.
    Busy,
    /// The search reached a bound of time, memory or size.
    Bounds,
    /// Something failed inside; the log says what.
    Failed,
    /// The server is starting or draining.
    NotReady,
}

/// All codes: for the test that looks for their pages.
pub const CODES: &[Code] = &[
    Code::SignIn,
    Code::Link,
    Code::Host,
    Code::NotFound,
    Code::Query,
    Code::Parameter,
    Code::Busy,
    Code::Bounds,
    Code::Failed,
    Code::NotReady,
];

/// What a code stands for.
struct Entry {
    id: &'static str,
    status: StatusCode,
    title: (&'static str, &'static str),
    next: (&'static str, &'static str),
}

impl Code {
    #[allow(clippy::too_many_lines, reason = "a table, one row a code")]
    fn entry(self) -> Entry {
        let entry = |id, status, title, next| Entry { id, status, title, next };
        match self {
            Self::SignIn => entry(
                "WW-0401",
                StatusCode::UNAUTHORIZED,
                ("需要登录", "sign in first"),
                (
                    "请打开服务器终端里打印的一次性链接；链接已用过时，重启 `wardwatch demo` 或 `wardwatch serve` 会打印新的",
                    "open the one-time link that the server printed in its terminal; restart `wardwatch demo` or `wardwatch serve` for a new one",
                ),
            ),
            Self::Link => entry(
                "WW-0402",
                StatusCode::UNAUTHORIZED,
                ("一次性链接无效", "the one-time link is not valid"),
                (
                    "链接只能用一次，十分钟内有效；请在服务器终端取新的链接",
                    "a link works once, within ten minutes; take a new one from the server's terminal",
                ),
            ),
            Self::Host => entry(
                "WW-0403",
                StatusCode::FORBIDDEN,
                ("不是本服务的地址", "not an address of this server"),
                (
                    "请用 http://localhost:端口 打开；要从别的机器访问，请在配置里设置 `page`",
                    "open it as http://localhost:PORT; to reach it from another machine set `page` in the configuration",
                ),
            ),
            Self::NotFound => entry(
                "WW-0404",
                StatusCode::NOT_FOUND,
                ("没有找到", "not found"),
                (
                    "请检查编号和医院简称；不在您权限内的内容同样显示为没有找到",
                    "check the id and the hospital's short name; what is outside your reach is answered the same way",
                ),
            ),
            Self::Query => entry(
                "WW-0410",
                StatusCode::BAD_REQUEST,
                ("查询语句看不懂", "the query is not understood"),
                (
                    "例：host:PACS01* AND dst_ip:10.0.0.0/8 AND \"hisapp\"",
                    "for example: host:PACS01* AND dst_ip:10.0.0.0/8 AND \"hisapp\"",
                ),
            ),
            Self::Parameter => entry(
                "WW-0411",
                StatusCode::BAD_REQUEST,
                ("参数不正确", "a parameter is not right"),
                ("请按说明改正该参数", "correct the parameter as the text says"),
            ),
            Self::Busy => entry(
                "WW-0429",
                StatusCode::TOO_MANY_REQUESTS,
                ("同时请求过多", "too much at once"),
                ("请稍候几秒再试", "try again in a few seconds"),
            ),
            Self::Bounds => entry(
                "WW-0413",
                StatusCode::UNPROCESSABLE_ENTITY,
                ("查询超出限度", "the search reached a bound"),
                (
                    "请缩小时间范围，或加上医院、来源、主机等条件",
                    "narrow the time range, or name a source, a host or another field",
                ),
            ),
            Self::Failed => entry(
                "WW-0500",
                StatusCode::INTERNAL_SERVER_ERROR,
                ("服务器内部出错", "something failed inside the server"),
                (
                    "请把编号和时间告诉管理员；日志里有原因",
                    "tell the administrator the code and the time; the log has the cause",
                ),
            ),
            Self::NotReady => entry(
                "WW-0503",
                StatusCode::SERVICE_UNAVAILABLE,
                ("服务器正在启动或停止", "the server is starting or stopping"),
                ("请稍候几秒再试", "try again in a few seconds"),
            ),
        }
    }

    /// `WW-0401`.
    pub fn id(self) -> &'static str {
        self.entry().id
    }

    /// HTTP status.
    pub fn status(self) -> StatusCode {
        self.entry().status
    }

    /// What happened, in general.
    pub fn title(self) -> Words {
        let (zh, en) = self.entry().title;
        Words::new(zh, en)
    }

    /// What to do next.
    pub fn next(self) -> Words {
        let (zh, en) = self.entry().next;
        Words::new(zh, en)
    }
}
