//! Messages of commands in Chinese: a catalogue from the English text, `{}` standing for what differs.
//!
//! Faults come from every crate and are English, as the log is. The command line alone speaks to a person in his
//! language, so the translation stands here. What is not in the catalogue is shown as it is.

/// How deep a message may quote another.
const DEPTH: usize = 4;

/// The message in Chinese, if the catalogue has it or one that it quotes after a colon.
pub fn in_chinese(english: &str) -> Option<String> {
    said(english, DEPTH)
}

fn said(english: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let fits =
        MESSAGES.iter().filter_map(|(pattern, chinese)| Some((pattern.len(), *chinese, parts(pattern, english)?)));
    if let Some((_, chinese, found)) = fits.max_by_key(|(length, _, _)| *length) {
        let mut text = String::new();
        let mut found = found.into_iter();
        for (at, piece) in chinese.split("{}").enumerate() {
            if at > 0 {
                let quoted = found.next().unwrap_or_default();
                text.push_str(&said(quoted, depth).unwrap_or_else(|| quoted.to_owned()));
            }
            text.push_str(piece);
        }
        return Some(text);
    }
    let (place, rest) = english.split_once(": ")?;
    Some(format!("{place}: {}", said(rest, depth)?))
}

/// What stands where the pattern has `{}`: the shortest that fits, brackets in pairs.
fn parts<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let Some((head, pattern)) = pattern.split_once("{}") else { return (pattern == text).then(Vec::new) };
    let text = text.strip_prefix(head)?;
    let next = pattern.split("{}").next().unwrap_or_default();
    let ends = text.match_indices(next).map(|(at, _)| at).chain([text.len()]);
    let mut fits = ends.filter_map(|end| {
        let (quoted, rest) = text.split_at_checked(end)?;
        if !is_paired(quoted) {
            return None;
        }
        let mut found = parts(pattern, rest)?;
        found.insert(0, quoted);
        Some(found)
    });
    fits.next()
}

/// Whether each bracket that opens is closed after it, and none closes before.
fn is_paired(text: &str) -> bool {
    let mut open = 0_i32;
    let ordered = text.chars().all(|c| {
        open += i32::from(c == '(') - i32::from(c == ')');
        open >= 0
    });
    ordered && open == 0
}

pub(crate) const MESSAGES: &[(&str, &str)] = &[
    // What the system says.
    ("No such file or directory (os error 2)", "没有这个文件或目录"),
    ("Permission denied (os error 13)", "没有权限"),
    ("Is a directory (os error 21)", "这是目录"),
    ("Not a directory (os error 20)", "不是目录"),
    ("Address already in use (os error 98)", "地址已被占用"),
    ("Cannot assign requested address (os error 99)", "本机没有这个地址"),
    ("Connection refused (os error 111)", "连接被拒绝"),
    ("No space left on device (os error 28)", "磁盘已满"),
    // Asking a server or a folder.
    ("no runtime: {}", "无法启动运行环境：{}"),
    ("the answer was not understood: {}", "看不懂服务器的回答：{}"),
    ("there is no data folder {}", "没有数据目录 {}"),
    (
        "`wardwatch serve` makes it; --config names another configuration",
        "`wardwatch serve` 会创建它；用 --config 指定别的配置",
    ),
    (
        "look at the server's log; `wardwatch doctor` checks this machine",
        "请查看服务器日志；`wardwatch doctor` 检查本机",
    ),
    (
        "start it with `wardwatch serve`: which rules are awake is counted while it runs",
        "请用 `wardwatch serve` 启动服务器：规则是否醒着要在运行中统计",
    ),
    ("no server answers at {}", "{} 上没有服务器应答"),
    ("talking to the server failed: {}", "与服务器通信失败：{}"),
    ("there are several hospitals: {}", "有多家医院：{}"),
    ("say which one: --tenant NAME", "请写明是哪一家：--tenant 简称"),
    ("there is no hospital `{}`: {}", "没有医院 `{}`，现有：{}"),
    ("take a short name from the configuration: --tenant NAME", "请用配置中的简称：--tenant 简称"),
    // Files and packs.
    ("writing failed: {}", "写出失败：{}"),
    ("writing the answer failed: {}", "写出结果失败：{}"),
    ("writing the manual page failed: {}", "写出手册页失败：{}"),
    ("reading failed: {}", "读取失败：{}"),
    ("reading {} failed: {}", "读取 {} 失败：{}"),
    ("writing `{}` failed: {}", "写入 `{}` 失败：{}"),
    ("check the path", "请检查路径"),
    ("check the path and the disk", "请检查路径和磁盘"),
    ("check --content and the pack that is named", "请检查 --content 和所指的解析包"),
    ("name a file with a few lines of the source", "请指定一个含有该来源若干行日志的文件"),
    ("{} has {} bytes, a draft reads at most {}", "{} 有 {} 字节，起草最多读取 {} 字节"),
    ("take the first few hundred lines: head -n 500", "请截取前几百行：head -n 500"),
    ("`wardwatch content list` shows the packs there are", "`wardwatch content list` 列出现有的解析包"),
    ("no pack {}", "没有解析包 {}"),
    ("no pack `{}`", "没有解析包 `{}`"),
    (
        "no pack `{}`; `wardwatch content list` prints those there are",
        "没有解析包 `{}`；`wardwatch content list` 列出现有的解析包",
    ),
    ("`{}` is no zone: write it as Asia/Shanghai", "`{}` 不是时区：请写成 Asia/Shanghai"),
    (
        "`{}` is no time zone: write an IANA name such as `Asia/Shanghai`, or an offset such as `+08:00`",
        "`{}` 不是时区：请写 IANA 名称（如 `Asia/Shanghai`）或偏移（如 `+08:00`）",
    ),
    ("write it as Asia/Shanghai or +08:00", "请写成 Asia/Shanghai 或 +08:00"),
    (
        "`{}` holds neither `sources` nor `detections`: it is not a content folder",
        "`{}` 里既没有 `sources` 也没有 `detections`：不是内容目录",
    ),
    (
        "reading `{}` failed: {}; give --content the folder that holds `sources` and `detections`",
        "读取 `{}` 失败：{}；请把 --content 指向含有 `sources` 和 `detections` 的目录",
    ),
    (
        "what is in the binary cannot be written: give --content the folder to write into",
        "内置内容不能改写：请用 --content 指定要写入的目录",
    ),
    ("--min-level {} is no level", "--min-level {} 不是级别"),
    ("use informational, low, medium, high or critical", "请用 informational、low、medium、high 或 critical"),
    ("check the content folder", "请检查内容目录"),
    ("rules: {}: {}", "规则：{}：{}"),
    ("name a folder of Sigma rules", "请指定 Sigma 规则目录"),
    ("standard input: {}", "标准输入：{}"),
    // Sending.
    ("name the file that holds the token", "请指定存放令牌的文件"),
    ("--compress {} is not known", "不认识的压缩方式 {}"),
    ("use none, gzip or zstd", "请用 none、gzip 或 zstd"),
    ("the check failed: {}", "核对失败：{}"),
    (
        "--config names the server's configuration, --tenant the hospital",
        "--config 指定服务器的配置，--tenant 指定医院",
    ),
    ("check --via and --to", "请检查 --via 和 --to"),
    ("check --token-file and tokens_sha256 of the source", "请检查 --token-file 和该来源的 tokens_sha256"),
    (
        "see what the receiver says; --skip goes on after what is acknowledged",
        "请看接收端的说明；可用 --skip 从已确认处继续",
    ),
    (
        "`wardwatch doctor` on the server's machine; --patience waits longer",
        "请在服务器上运行 `wardwatch doctor`；用 --patience 可以等得更久",
    ),
    ("the receiver refused for good: {} ({} of {} lines are acknowledged)", "接收端明确拒绝：{}（{} / {} 行已确认）"),
    (
        "gave up: {} ({} of {} lines are acknowledged); is the server running?",
        "已放弃：{}（{} / {} 行已确认）；服务器在运行吗？",
    ),
    ("TLS needs the authority to trust: --ca FILE", "TLS 需要所信任的颁发机构：--ca 文件"),
    // The configuration.
    ("cannot be read ({}); `wardwatch config example` prints one to start from", "无法读取（{}）"),
    (
        "`wardwatch config example` prints one to start from; --config names another file",
        "`wardwatch config example` 打印一份可供起步的配置；用 --config 指定别的文件",
    ),
    (
        "mend the place that is named; `wardwatch config example` shows every key",
        "请改正所指之处；`wardwatch config example` 列出所有的键",
    ),
    (
        "this hash stands for two sources: lines of one hospital would be filed under another",
        "这个散列值对应两个来源：一家医院的日志会记到另一家名下",
    ),
    (
        "`retention_days` is {}: logs are kept at least {} days (Cybersecurity Law art. 23)",
        "`retention_days` 为 {}：日志至少保存 {} 天（《网络安全法》）",
    ),
    ("`{}` is {}: between 1024 and {}", "`{}` 为 {}：应在 1024 与 {} 之间"),
    (
        "a journal in memory begins at line 1 after each start, below what the ledger has covered: set `ledger = \"memory\"` too",
        "内存日志每次启动都从第 1 行开始，落后于台账：请同时设置 `ledger = \"memory\"`",
    ),
    ("`{}` is `{}`: this build has `sqlite` and `memory`", "`{}` 为 `{}`：本程序支持 `sqlite` 和 `memory`"),
    ("tenant `{}` stands here twice", "医院 `{}` 写了两次"),
    ("source `{}` of tenant `{}` stands here twice", "来源 `{}`（医院 `{}`）写了两次"),
    (
        "not a SHA-256 (64 hexadecimal digits): `wardwatch token` makes a token and its hash",
        "不是 SHA-256（64 位十六进制）：`wardwatch token` 生成令牌及其散列值",
    ),
    (
        "id `{}`: use 1 to 40 of a-z, 0-9, - and _; `name` holds the name people read",
        "id `{}`：只能用 1 到 40 个 a-z、0-9、- 和 _；给人看的名称写在 `name` 里",
    ),
    ("a listener of kind `{}` needs `{}`", "`{}` 类监听需要 `{}`"),
    ("a listener of kind `{}` has no {}", "`{}` 类监听缺少 {}"),
    (
        "a listener of kind `files` needs `path`, `tenant` and `source`",
        "`files` 类监听需要 `path`、`tenant` 和 `source`",
    ),
    (
        "listener kind `{}`: use udp, tcp, tls, relp, relp-tls, http, https or files",
        "监听类型 `{}`：请用 udp、tcp、tls、relp、relp-tls、http、https 或 files",
    ),
    ("no source `{}` of tenant `{}` in this file", "文件里没有来源 `{}`（医院 `{}`）"),
    ("framing `{}`: use auto, counted or newline", "分帧方式 `{}`：请用 auto、counted 或 newline"),
    ("two listeners on {}: lines of two hospitals could not be told apart", "{} 上有两个监听：无法区分两家医院的日志"),
    ("`{}` is no value for `{}`", "`{}` 不能作为 `{}` 的值"),
    ("unknown field `{}`, expected one of {}", "不认识的键 `{}`，可用：{}"),
    ("mend the listener in the configuration", "请改正配置中的监听"),
    ("positions of followed files {}: {}", "所跟踪文件的读取位置 {}：{}"),
    ("{} is not 16 bytes long", "{} 的长度不是 16 字节"),
    (
        "put the file back from a backup, or remove it: baselines then learn anew",
        "请从备份恢复该文件，或删除它：基线会重新学习",
    ),
    // Content versions.
    (
        "`wardwatch content key new FILE` makes a key in a new file",
        "`wardwatch content key new 文件` 在新文件里生成密钥",
    ),
    ("the key file {}: {}", "密钥文件 {}：{}"),
    ("File exists (os error 17)", "文件已存在"),
    (
        "the key file {} can be read by others: chmod 600 it, and replace the key if somebody may have seen it",
        "密钥文件 {} 能被他人读取：请 chmod 600；若可能已被人看到，请更换密钥",
    ),
    (
        "the key file {} holds no Ed25519 key in PKCS#8: `wardwatch content key new FILE` makes one",
        "密钥文件 {} 里没有 PKCS#8 格式的 Ed25519 密钥：`wardwatch content key new 文件` 可生成",
    ),
    ("the system gives no random numbers for a key", "系统不提供生成密钥所需的随机数"),
    (
        "`{}` is no public key: write `ed25519:` and 64 hexadecimal digits, as `wardwatch content key new` prints",
        "`{}` 不是公钥：请写 `ed25519:` 加 64 位十六进制，即 `wardwatch content key new` 所打印的",
    ),
    ("at most {} content keys can be trusted", "最多信任 {} 个内容密钥"),
    ("`{}` is no time: write it as 2027-12-31T00:00:00Z", "`{}` 不是时间：请写成 2027-12-31T00:00:00Z"),
    ("`{}` is no version: it has 64 hexadecimal digits", "`{}` 不是版本号：应为 64 位十六进制"),
    (
        "`wardwatch content versions` shows what is in use and what is tried",
        "`wardwatch content versions` 显示在用和试用的版本",
    ),
    (
        "take only what its author signed; `wardwatch content verify` checks it again",
        "只采用作者签过名的文件；`wardwatch content verify` 可再次检查",
    ),
    (
        "this is no content version: `wardwatch content pack FOLDER -o FILE` makes one",
        "这不是内容版本：`wardwatch content pack 目录 -o 文件` 可制作",
    ),
    (
        "this content version has a format that this build does not know: update wardwatch first",
        "本程序不认识这个内容版本的格式：请先更新 wardwatch",
    ),
    ("the content version is damaged: {}; get it again from its author", "内容版本已损坏：{}；请向作者重新索取"),
    ("its second line", "第二行不对"),
    ("it is cut off", "文件不完整"),
    ("its manifest cannot be understood", "清单无法理解"),
    ("a file stands in it twice", "有文件重复"),
    ("there is more in it than was signed", "内容多于所签名的部分"),
    ("there is no file in it", "里面没有文件"),
    (
        "the file `{}` in the content version is not the one that was signed: get it again from its author",
        "内容版本中的文件 `{}` 不是签名时的那个：请向作者重新索取",
    ),
    (
        "the path `{}` cannot be in a content version: files stand in sources, detections, taxonomy, baselines or indicators, with plain names",
        "路径 `{}` 不能出现在内容版本中：文件应在 sources、detections、taxonomy、baselines 或 indicators 之下，名称中不得有特殊字符",
    ),
    ("the content is too large for a version: {}", "内容超出一个版本的上限：{}"),
    ("its manifest", "清单"),
    ("its file", "文件"),
    ("one of its files", "其中一个文件"),
    ("so many files", "文件数目"),
    ("all files together", "全部文件之和"),
    (
        "it says it was made at {}, which is ahead of this machine's clock: check both clocks",
        "它自称制作于 {}，晚于本机时钟：请核对两边的时钟",
    ),
    (
        "the configuration trusts no content key: name the author's under [[content_key]]",
        "配置没有信任任何内容密钥：请在 [[content_key]] 下写明作者的密钥",
    ),
    (
        "it is signed with the key {}, which the configuration does not trust: name it under [[content_key]], or refuse the file",
        "它由密钥 {} 签名，配置并不信任：请在 [[content_key]] 下写明，或者拒绝该文件",
    ),
    (
        "it is signed with the key {} of `{}`, which is trusted until {} only: have it signed with the new key",
        "它由 {}（`{}`）签名，该密钥的信任期到 {} 为止：请用新密钥重新签名",
    ),
    (
        "its signature is wrong: it was changed after it was signed, or by somebody else; get it again from its author",
        "签名不符：签名之后被改动过，或并非此人所签；请向作者重新索取",
    ),
    ("take short names from the configuration: --canary NAME", "请用配置中的简称：--canary 简称"),
    ("version {} may not be tried: {} (and {} more)", "版本 {} 不能试用：{}（另有 {} 处）"),
    ("`wardwatch content verify FILE` shows everything that is wrong", "`wardwatch content verify 文件` 列出全部问题"),
    ("version {} is being tried: promote it or halt it first", "版本 {} 正在试用：请先让它进入下一步，或停止试用"),
    ("version {} is in use already", "版本 {} 已经在用"),
    (
        "version {} was made at {}, before the one in use ({}): an old version may miss what was mended; if it is meant, stage it with --rollback",
        "版本 {} 制作于 {}，早于在用的版本（{}）：旧版本可能缺少已修正的内容；确要使用请加 --rollback",
    ),
    (
        "no version is being tried: `wardwatch content stage FILE` begins",
        "没有正在试用的版本：用 `wardwatch content stage 文件` 开始",
    ),
    (
        "version {} has not been tried long enough in the {}: {}; promote it then, or halt it",
        "版本 {} 在 {} 阶段试用得还不够：{}；届时再进入下一步，或停止试用",
    ),
    ("shadow", "旁观"),
    ("canary", "先行医院"),
    ("{} more minutes", "{} 分钟"),
    ("{} more events", "{} 条事件"),
    ("{} more minutes and {} more events", "{} 分钟和 {} 条事件"),
    (
        "there is no earlier version to go back to: `wardwatch content versions` shows what there is",
        "没有可退回的更早版本：`wardwatch content versions` 显示现有版本",
    ),
    ("at most {} hospitals can be the first: name fewer with --canary", "最多有 {} 家先行医院：请用 --canary 少写几家"),
    (
        "another decision came first: look at `wardwatch content versions` and say again what is meant",
        "已有别的决定在先：请先看 `wardwatch content versions`，再说明要做什么",
    ),
    ("content versions: {}: {}", "内容版本：{}：{}"),
    (
        "the record of content versions, {} line {}: {}; put the file back from a backup, or move it away to begin anew with what is in the binary",
        "内容版本的记录 {} 第 {} 行：{}；请从备份恢复该文件，或移走它而从内置内容重新开始",
    ),
    ("the record of content versions is full: move {} away", "内容版本的记录已满：请移走 {}"),
    ("the file of version {} is missing: stage it again", "版本 {} 的文件不见了：请重新试用该版本"),
    ("the file of version {}: {}", "版本 {} 的文件：{}"),
    // Starting a server.
    ("stop the other process, or name another data folder", "请停止另一个进程，或换一个数据目录"),
    ("{} is in use by {}: stop it, or choose another data folder", "{} 正由{}使用：请停止它，或换一个数据目录"),
    ("process {}", "进程 {}"),
    ("another process", "另一个进程"),
    ("{} cannot be locked: {}", "无法锁定 {}：{}"),
    ("{} is missing, but the data folder holds a lake or a journal", "缺少 {}，而数据目录里已有数据"),
    (
        "put the ledger back from a backup; to begin anew move the whole data folder away",
        "请从备份恢复台账；要从头开始，请移走整个数据目录",
    ),
    ("opening the data folder {}: {}", "打开数据目录 {}：{}"),
    ("opening the ledger {}: {}", "打开台账 {}：{}"),
    ("opening the journal {}: {}", "打开日志 {}：{}"),
    ("opening the search {}: {}", "打开检索 {}：{}"),
    ("opening the spill folder {}: {}", "打开临时目录 {}：{}"),
    ("opening the lake {}: {}", "打开数据湖 {}：{}"),
    ("check the path, its owner and the disk", "请检查路径、属主和磁盘"),
    ("the system gives no random numbers: {}", "系统不提供随机数：{}"),
    ("the disk is full: free space; nothing is lost", "磁盘已满：请腾出空间；没有丢失任何日志"),
    ("repair what is named", "请修复所指之处"),
    ("the thread {} cannot be started: {}", "无法启动线程 {}：{}"),
    (
        "another program has the port; set `page` in the configuration, or --port for the demo",
        "端口被别的程序占用；请改配置中的 `page`，演示请用 --port",
    ),
    ("the page cannot listen on {}: {}", "页面无法监听 {}：{}"),
    ("the control socket {} cannot be made: {}", "无法创建控制套接字 {}：{}"),
    // The demo.
    ("where am I? {}", "找不到自己的程序文件：{}"),
    ("{} {}: {}; use another folder with --folder", "{} {}：{}；请用 --folder 换一个目录"),
    (
        "{} is not empty and not a folder of the demo: use another one with --folder",
        "{} 不是空目录，也不是演示的目录：请用 --folder 换一个",
    ),
    ("{}: {}; start anew with --fresh", "{}：{}；请用 --fresh 重新开始"),
    ("looking for free ports on loopback: {}", "寻找空闲的本机端口：{}"),
    ("starting a sender: {}", "启动发送进程：{}"),
    ("--folder names another folder, --port another port", "用 --folder 换目录，用 --port 换端口"),
    ("{} cannot be started: {}", "无法启动 {}：{}"),
    ("the process {} has ended already", "进程 {} 已经结束"),
];
