//! Can every listener be opened, and can anybody send to it?

use super::{Check, Name, as_is, words};
use crate::config::Config;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// The page and each listener. A running server holds its own ports, and answers for them.
pub(super) fn sockets(config: &Config, runs: bool) -> Vec<Check> {
    const NAME: Name = ("端口", "ports");
    if runs {
        return vec![Check::good(NAME, words("由运行中的服务器使用", "in use by the running server"))];
    }
    let doors = config.listeners.iter().filter_map(|l| Some((l.kind.as_str(), l.bind?)));
    let doors: Vec<_> = [("page", config.page)].into_iter().chain(doors).collect();
    let mut checks: Vec<Check> = doors.iter().filter_map(|(kind, at)| closed(NAME, kind, *at)).collect();
    if checks.is_empty() {
        let count = doors.len();
        checks.push(Check::good(NAME, words(format!("{count} 个均可监听"), format!("all {count} can be opened"))));
    }
    checks.extend(config.listeners.iter().filter_map(|l| l.path.as_deref()).filter_map(|path| {
        let e = path.metadata().err()?;
        let next = words("请检查 `path` 及读取权限", "check `path` and who may read it");
        Some(Check::broken(("文件来源", "files"), as_is(format!("{}: {e}", path.display())), next))
    }));
    checks
}

/// Why this one cannot be opened, if it cannot.
fn closed(name: Name, kind: &str, at: SocketAddr) -> Option<Check> {
    let tried = if kind == "udp" { UdpSocket::bind(at).map(drop) } else { TcpListener::bind(at).map(drop) };
    let e = tried.err()?;
    let port = at.port();
    let next = match e.kind() {
        ErrorKind::AddrInUse => words(
            format!("看是哪个程序占用（ss -lnp | grep :{port}），停止它，或在配置里换一个端口"),
            format!(
                "see which program has it (ss -lnp | grep :{port}), stop it, or take another port in the configuration"
            ),
        ),
        ErrorKind::PermissionDenied => words(
            "1024 以下的端口需要权限：服务单元里写 AmbientCapabilities=CAP_NET_BIND_SERVICE，或换用 5514 之类的端口",
            "ports below 1024 need a right: AmbientCapabilities=CAP_NET_BIND_SERVICE in the service's unit, or a port such as 5514",
        ),
        ErrorKind::AddrNotAvailable => words(
            "本机没有这个地址：请写 0.0.0.0 或 `ip address` 列出的地址",
            "this machine has no such address: write 0.0.0.0 or one that `ip address` lists",
        ),
        _ => words("请改正配置中的 `bind`", "mend `bind` in the configuration"),
    };
    Some(Check::broken(name, as_is(format!("{kind} {at}: {e}")), next))
}

/// A listener for HTTP takes only what has a token: without one it refuses everybody.
pub(super) fn tokens(config: &Config) -> Vec<Check> {
    const NAME: Name = ("接收令牌", "tokens");
    let http: Vec<String> = config
        .listeners
        .iter()
        .filter(|l| matches!(l.kind.as_str(), "http" | "https") && l.client_ca.is_none())
        .filter_map(|l| Some(format!("{} {}", l.kind, l.bind?)))
        .collect();
    if http.is_empty() {
        return Vec::new();
    }
    let sources = config.tenants.iter().flat_map(|t| &t.sources);
    let with = sources.filter(|s| !s.tokens_sha256.is_empty()).count();
    if with > 0 {
        return vec![Check::good(NAME, words(format!("{with} 个来源有令牌"), format!("{with} sources have one")))];
    }
    let at = http.join(", ");
    vec![Check::mend(
        NAME,
        words(
            format!("{at} 在监听，但没有一个来源有令牌：所有请求都会被拒绝（401）"),
            format!("{at} listens, but no source has a token: every request is refused (401)"),
        ),
        words(
            "运行 `wardwatch token`，把散列值写进该来源的 tokens_sha256",
            "run `wardwatch token` and put the hash into tokens_sha256 of the source",
        ),
    )]
}
