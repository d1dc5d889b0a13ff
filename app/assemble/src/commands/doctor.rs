//! `wardwatch doctor`: is this machine fit, is the configuration sound, and what has a sender to be told.

mod clock;
mod doors;

use crate::config::Config;
use crate::run::Session;
use serde_json::json;
use std::path::Path;
use wardwatch_cli::{Client, Complaint, DoctorArgs, Exit, Language, in_chinese};

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    Good,
    Mend,
    Broken,
}

impl Outcome {
    /// The word in JSON.
    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Mend => "mend",
            Self::Broken => "broken",
        }
    }
}

/// A sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Words {
    zh: String,
    en: String,
}

/// Chinese first, as on the page.
fn words(zh: impl Into<String>, en: impl Into<String>) -> Words {
    Words { zh: zh.into(), en: en.into() }
}

/// What is the same in both: a path, a number, what another program said.
fn as_is(text: impl std::fmt::Display) -> Words {
    let en = text.to_string();
    Words { zh: in_chinese(&en).unwrap_or_else(|| en.clone()), en }
}

impl Words {
    fn of(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }
}

/// What is looked at, in both languages; the English one is the name in JSON.
type Name = (&'static str, &'static str);

#[derive(Clone, Debug)]
struct Check {
    name: Name,
    outcome: Outcome,
    found: Words,
    /// What to do; only a good check has nothing here.
    next: Words,
}

impl Check {
    fn good(name: Name, found: Words) -> Self {
        Self { name, outcome: Outcome::Good, found, next: Words::default() }
    }

    fn mend(name: Name, found: Words, next: Words) -> Self {
        Self { name, outcome: Outcome::Mend, found, next }
    }

    fn broken(name: Name, found: Words, next: Words) -> Self {
        Self { name, outcome: Outcome::Broken, found, next }
    }
}

/// Runs every check; the worst one decides the exit code.
pub fn run(args: &DoctorArgs, session: Session) -> Result<Exit, Complaint> {
    if args.clients {
        print!("{}", session.language.pick(include_str!("clients.zh.txt"), include_str!("clients.en.txt")));
        return Ok(Exit::Ok);
    }
    let config = super::config::read(&args.config)?;
    let checks = checks(&config);
    let exit = if checks.iter().any(|c| c.outcome == Outcome::Broken) { Exit::Failed } else { Exit::Ok };
    if args.json {
        let shown: Vec<_> = checks.iter().map(|check| as_json(check, session.language)).collect();
        println!("{}", serde_json::to_string_pretty(&shown).map_err(Complaint::failed)?);
    } else {
        checks.iter().for_each(|check| print_check(check, session.language));
    }
    Ok(exit)
}

fn checks(config: &Config) -> Vec<Check> {
    let settings = config.settings.len();
    let mut checks = vec![Check::good(
        ("配置", "configuration"),
        words(format!("读取 {settings} 项设置"), format!("{settings} settings read")),
    )];
    checks.push(data_folder(config));
    checks.push(disk(&config.data));
    checks.push(open_files());
    checks.push(clock::check(&config.data));
    let (server, runs) = server(config);
    checks.extend(doors::sockets(config, runs));
    checks.extend(doors::tokens(config));
    checks.extend(udp_buffer(config));
    checks.extend(certificates(config));
    checks.push(content(config));
    checks.push(server);
    checks
}

fn as_json(check: &Check, language: Language) -> serde_json::Value {
    json!({
        "name": check.name.1,
        "outcome": check.outcome.word(),
        "found": check.found.of(language),
        "next": check.next.of(language),
    })
}

fn print_check(check: &Check, language: Language) {
    let mark = match check.outcome {
        Outcome::Good => language.pick("正常", "good  "),
        Outcome::Mend => language.pick("建议", "mend  "),
        Outcome::Broken => language.pick("故障", "broken"),
    };
    let (zh, en) = check.name;
    // A Chinese sign is as wide as two Latin ones.
    let wide = 14_usize.saturating_sub(zh.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum());
    println!(
        "{mark}  {}  {}",
        language.pick(format!("{zh}{:wide$}", ""), format!("{en:14}")),
        check.found.of(language)
    );
    if !check.next.en.is_empty() {
        println!("{:22}  → {}", "", check.next.of(language));
    }
}

fn data_folder(config: &Config) -> Check {
    const NAME: Name = ("数据目录", "data folder");
    let shown = config.data.display();
    if !config.data.is_dir() {
        return Check::good(
            NAME,
            words(format!("{shown} 将在首次启动时创建"), format!("{shown} will be made at the first start")),
        );
    }
    match std::fs::metadata(&config.data) {
        Ok(meta) if meta.permissions().readonly() => Check::broken(
            NAME,
            words(format!("{shown} 不能写入"), format!("{shown} cannot be written")),
            words("请给服务的用户写权限", "give the user of the service write access"),
        ),
        Ok(_) => Check::good(NAME, as_is(shown)),
        Err(e) => Check::broken(
            NAME,
            as_is(format!("{shown}: {e}")),
            words("请检查路径及其属主", "check the path and its owner"),
        ),
    }
}

/// The first existing folder on the way up.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"))
}

fn disk(data: &Path) -> Check {
    const NAME: Name = ("磁盘", "disk");
    let Ok(stat) = rustix::fs::statvfs(existing(data)) else {
        return Check::mend(
            NAME,
            words("无法读取剩余空间", "the free space cannot be read"),
            words("请手工检查挂载：df -h", "check the mount by hand: df -h"),
        );
    };
    let free = stat.f_bavail * stat.f_frsize;
    let gib = free as f64 / 1_073_741_824.0;
    let found = words(format!("剩余 {gib:.1} GiB"), format!("{gib:.1} GiB free"));
    if free < wardwatch_limits::DISK_RESERVE_BYTES {
        let next = words(
            "剩余不足 256 MiB 时拒收，发送端保留数据直到有空间：请扩容或清理磁盘",
            "intake refuses below 256 MiB: senders keep their data until there is room again; enlarge or clear the disk",
        );
        return Check::broken(NAME, found, next);
    }
    if free < 20 * wardwatch_limits::DISK_RESERVE_BYTES {
        let next = words(
            "不足 5 GiB，繁忙的一天就可能写满：请扩容，或用 `data` 换一个目录",
            "less than 5 GiB: a busy day may fill it; enlarge it or move `data`",
        );
        return Check::mend(NAME, found, next);
    }
    Check::good(NAME, found)
}

fn open_files() -> Check {
    const NAME: Name = ("打开文件数", "open files");
    /// 10,000 connections, segments and files of the lake.
    const NEEDED: u64 = 12_000;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let now = limit.current.unwrap_or(u64::MAX);
    if now < NEEDED && limit.maximum.is_none_or(|most| most >= NEEDED) {
        return Check::good(
            NAME,
            words(format!("当前 {now}，启动时自动提高"), format!("{now} now, raised at the start")),
        );
    }
    if now < NEEDED {
        let most = limit.maximum.unwrap_or(now);
        let next = words(
            "一万个连接需要更多：在服务单元里写 LimitNOFILE=65536，或运行 `ulimit -n 65536`",
            "10,000 connections need it: LimitNOFILE=65536 in the service's unit, or `ulimit -n 65536`",
        );
        return Check::mend(NAME, words(format!("最多 {most}"), format!("at most {most}")), next);
    }
    Check::good(NAME, as_is(now))
}

fn udp_buffer(config: &Config) -> Option<Check> {
    const NAME: Name = ("UDP 缓冲", "UDP buffer");
    config.listeners.iter().find(|l| l.kind == "udp")?;
    let text = std::fs::read_to_string("/proc/sys/net/core/rmem_max").ok()?;
    let bytes: usize = text.trim().parse().ok()?;
    if bytes < wardwatch_limits::UDP_RCVBUF_BYTES && !rustix::process::geteuid().is_root() {
        let next = words(
            "sysctl -w net.core.rmem_max=8388608（并写入 /etc/sysctl.d）：否则突发时内核会丢弃",
            "sysctl -w net.core.rmem_max=8388608 (and in /etc/sysctl.d): bursts are dropped by the kernel otherwise",
        );
        return Some(Check::mend(NAME, words(format!("最多 {bytes} 字节"), format!("{bytes} bytes at most")), next));
    }
    Some(Check::good(NAME, words(format!("{bytes} 字节"), format!("{bytes} bytes"))))
}

fn certificates(config: &Config) -> Vec<Check> {
    const NAME: Name = ("证书", "certificate");
    let files = config.listeners.iter().flat_map(|l| [&l.certificate, &l.key, &l.client_ca]).flatten();
    files
        .map(|file| match std::fs::read_to_string(file) {
            Ok(text) if text.contains("-----BEGIN") => Check::good(NAME, as_is(file.display())),
            Ok(_) => Check::broken(
                NAME,
                words(format!("{} 不是 PEM 文件", file.display()), format!("{} is no PEM file", file.display())),
                words("请转换：openssl x509 -inform der …", "convert it: openssl x509 -inform der …"),
            ),
            Err(e) => Check::broken(
                NAME,
                as_is(format!("{}: {e}", file.display())),
                words("请检查路径和读取权限", "check the path and who may read it"),
            ),
        })
        .collect()
}

fn content(config: &Config) -> Check {
    const NAME: Name = ("解析包与规则", "content");
    match crate::content::load_from(config.content.as_deref(), &config.rules, true) {
        Ok(loaded) => {
            let (packs, rules, refused) = (loaded.packs.len(), loaded.rules_loaded, loaded.rules_refused.len());
            let unknown = crate::content::unknown_packs(config, &loaded);
            if unknown.is_empty() {
                let zh = format!("{packs} 个解析包，{rules} 条规则（拒绝 {refused} 条）");
                return Check::good(NAME, words(zh, format!("{packs} packs, {rules} rules ({refused} refused)")));
            }
            let missing = unknown.join(", ");
            Check::broken(
                NAME,
                words(format!("没有解析包 {missing}"), format!("no pack {missing}")),
                words(
                    "`wardwatch content list` 列出现有的解析包",
                    "`wardwatch content list` shows the packs there are",
                ),
            )
        }
        Err(e) => Check::broken(NAME, as_is(e.what), as_is(e.next)),
    }
}

/// The server's state, and whether it runs: then it is the one that holds the ports.
fn server(config: &Config) -> (Check, bool) {
    const NAME: Name = ("服务器", "server");
    let start = || words("启动：wardwatch serve", "start it: wardwatch serve");
    let client = Client::of(&config.data);
    if !client.socket().exists() {
        return (Check::mend(NAME, words("没有运行", "not running"), start()), false);
    }
    let asked =
        super::ask::runtime().map(|runtime| runtime.block_on(client.call::<serde_json::Value>("/status", None)));
    match asked {
        Ok(Ok(health)) => {
            let state = health.pointer("/health/state").and_then(|s| s.as_str()).unwrap_or("unknown");
            let found = words(format!("运行中，状态 {state}"), format!("runs, health {state}"));
            if state == "ok" {
                return (Check::good(NAME, found), true);
            }
            let next = words(
                "请看 /health 的原因和服务器日志（docs/runbooks）",
                "see the reasons at /health and the server's log (docs/runbooks)",
            );
            (Check::mend(NAME, found, next), true)
        }
        Ok(Err(e)) => (Check::mend(NAME, as_is(e), start()), false),
        Err(e) => (
            Check::broken(
                NAME,
                as_is(e.what),
                words("请检查内存和进程数限制", "check the limits on memory and processes"),
            ),
            false,
        ),
    }
}

#[cfg(test)]
mod tests;
