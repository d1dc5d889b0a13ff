// The first page: live counts, alerts with their evidence, search. No library, no build, Chromium 99 and later.
// Whatever came from a line is only ever put into text nodes and attributes through `el`; nothing here makes HTML of text.
"use strict";

/* ---------- words ---------- */
const WORDS = {
  zh: {
    skip: "跳到告警列表", demo: "演示数据", views: "视图", alerts: "告警", search: "检索", sources: "来源", flow: "数据流", rate: "速率", per_second: "条/秒", lag: "滞后", seconds: "秒", silent: "静默来源", today: "累计接收", hospitals_sources: "医院与来源", severity: "级别", hospital: "医院", origin: "判定方", filter: "筛选", filter_hint: "筛选标题、主机、地址、用户（/）", fold: "合并相同", time: "时间", what: "告警", who: "涉及", claim_short: "设备称", older: "更早的告警", detail: "告警详情", query: "查询语句", run: "检索", hints: "j/k 上下 · Enter 打开 · s 前后检索 · / 筛选 · Esc 关闭 · ? 快捷键", dataset: "范围", range: "时间", rows: "行数", all_columns: "全部列", csv: "下载 CSV", examples: "示例", results: "结果", from: "从", to: "到", keys: "快捷键",
    critical: "严重", high: "高", medium: "中", low: "低", info: "信息", all: "全部", and_up: "及以上", all_hospitals: "全部医院", all_origins: "全部判定方", device: "设备", rule: "规则", baseline: "基线", indicator: "情报", decoy: "诱捕", person: "人工", connecting: "正在连接", alive: "数据正常", behind: "处理滞后", quiet_flow: "没有新数据", broken: "连接中断，正在重连",
    never: "从未收到", silent_for: (t) => `静默 ${t}`, unparsed: "未解析", rejected: "拒收", quarantined: "隔离", lines: "条", ago: (t) => `${t}前`, s: "秒", m: "分", h: "小时", d: "天", unsent: "未发送", own_rule: "由本平台规则判定，设备没有就此表态", d1: "已放行", d2: "已拦截", d17: "仅告警", d99: "其他", status: { 1: "成功", 2: "失败", 99: "其他" }, logon: { 2: "交互", 3: "网络", 4: "批处理", 5: "服务", 7: "解锁", 8: "网络明文", 9: "新凭据", 10: "远程桌面", 11: "缓存凭据" }, result: { success: "成功", failure: "未成功", attempt: "尝试" },
    direction: { 1: "由外到内", 2: "由内到外", 3: "横向" }, confidence: { 1: "低", 2: "中", 3: "高" }, nothing: "没有符合条件的告警。", nothing_yet: "还没有告警。有告警时会自动出现在这里。", loading: "正在读取……", shown: (n, g) => (n === g ? `${n} 条告警` : `${n} 条告警，合并为 ${g} 行`), new_alerts: (n) => `↑ ${n} 条新告警`, said: (n, c) => `新增 ${n} 条告警` + (c ? `，其中严重 ${c} 条` : ""), close: "关闭", happened: "发生", received: "接收", clock_off: (t, early) => `设备时间比接收时间${early ? "早" : "晚"} ${t}`, source: "来源", entities: "涉及", why: "为什么告警", guide: "怎么看、怎么办", rule_id: "规则编号",
    version: "版本", level: "级别", tags: "标签", bytes: "字节", keyword: "关键词", claim: "设备自己的说法", raw: "原始日志", pack: "解析包", copy: "复制原文", copied: "已复制", around: "检索前后 5 分钟", copy_link: "复制链接", same: (n) => `同类 ${n} 条`, not_in_raw: "不在原文中", device_why: "设备报告了这条告警；规则名和结论均来自设备，见下。", host: "上报主机", src_ip: "源地址", dst_ip: "目的地址", user: "用户",
    claims: { rule_uid: "设备规则号", rule_name: "设备规则名", threat: "威胁", threat_class: "威胁类别", attack_id: "ATT&CK", severity_id: "设备级别", disposition_id: "处置", attack_stage: "攻击阶段", attack_result: "攻击结果", confidence_id: "置信度", direction_id: "方向", count: "合并次数", excerpt: "载荷摘录" }, severities: { 1: "信息", 2: "低", 3: "中", 4: "高", 5: "严重", 6: "致命" }, events: "日志", quarantine: "隔离区", last: (t) => `最近 ${t}`, custom: "自定义", found: (n, more, ms) => `${more ? "前 " : ""}${n} 行 · ${ms} 毫秒` + (more ? " · 还有更多，请缩小范围或增加行数" : ""),
    no_rows: "没有找到。可以放宽时间范围，或去掉一个条件。", searching: "正在检索……", matches_over_time: "随时间的分布", include: "加入条件", exclude: "排除", session_over: "会话已结束。请用服务器终端里新的一次性链接登录。", gone: "没有找到这条告警，可能已不在权限内。", next: "下一步", error: "出错了", key_list: [["j / ↓", "下一条"], ["k / ↑", "上一条"], ["Enter", "打开或关闭详情"], ["s", "检索这条告警前后 5 分钟"], ["/", "筛选，或检索框"], ["1 – 5", "级别：全部、低、中、高、严重及以上"], ["g", "告警与检索切换"], ["Esc", "关闭详情"], ["?", "本页"]],
    asks: [['host:PACS01* AND dst_ip:10.0.0.0/8 AND "hisapp"', "24h"], ['"vssadmin"', "7d"], ["status_id:2 AND user:*", "24h"], ["disposition_id:2 | stats count by threat", "24h"], ["dst_ip:10.0.0.0/8 AND NOT dst_port:443", "1h"], ["parsed:unparsed", "24h"]],
  },
  en: {
    skip: "Skip to the alerts", demo: "Demo data", views: "Views", alerts: "Alerts", search: "Search", sources: "Sources", flow: "Flow", rate: "Rate", per_second: "lines/s", lag: "Lag", seconds: "s", silent: "Silent sources", today: "Received", hospitals_sources: "Hospitals and sources", severity: "Severity", hospital: "Hospital", origin: "Claimed by", filter: "Filter", filter_hint: "Filter title, host, address, user ( / )", fold: "Fold repeats", time: "Time", what: "Alert", who: "Involved", claim_short: "Device says", older: "Earlier alerts", detail: "Alert", query: "Query", run: "Search", hints: "j/k move · Enter open · s search around · / filter · Esc close · ? keys", dataset: "In", range: "Time", rows: "Rows", all_columns: "all columns", csv: "Download CSV", examples: "Examples", results: "Results", from: "from", to: "to", keys: "Keyboard", critical: "Critical", high: "High", medium: "Medium", low: "Low", info: "Info", all: "All", and_up: " and up", all_hospitals: "All hospitals", all_origins: "Any origin", device: "Device", rule: "Rule", baseline: "Baseline", indicator: "Intel", decoy: "Decoy", person: "Person",
    connecting: "Connecting", alive: "Flowing", behind: "Behind", quiet_flow: "Nothing arrives", broken: "Connection lost, trying again", never: "never", silent_for: (t) => `silent ${t}`, unparsed: "unparsed", rejected: "rejected", quarantined: "quarantined", lines: "lines", ago: (t) => `${t} ago`, s: " s", m: " min", h: " h", d: " d", unsent: "not sent", own_rule: "Found by a rule of ours; the device said nothing about it", d1: "allowed", d2: "blocked", d17: "alert only", d99: "other", status: { 1: "success", 2: "failure", 99: "other" }, logon: { 2: "interactive", 3: "network", 4: "batch", 5: "service", 7: "unlock", 8: "network, clear text", 9: "new credentials", 10: "remote desktop", 11: "cached" }, result: { success: "success", failure: "failed", attempt: "attempt" }, direction: { 1: "inbound", 2: "outbound", 3: "lateral" }, confidence: { 1: "low", 2: "medium", 3: "high" }, nothing: "No alert passes these filters.", nothing_yet: "No alerts yet. They appear here by themselves.", loading: "Loading…",
    shown: (n, g) => (n === g ? `${n} alerts` : `${n} alerts in ${g} rows`), new_alerts: (n) => `↑ ${n} new`, said: (n, c) => `${n} new alerts` + (c ? `, ${c} of them critical` : ""), close: "Close", happened: "Happened", received: "Received", clock_off: (t, early) => `the device's clock is ${t} ${early ? "behind" : "ahead of"} the time of reception`, source: "Source", entities: "Involved", why: "Why this alert", guide: "What to look at and do", rule_id: "Rule id", version: "version", level: "Level", tags: "Tags", bytes: "bytes", keyword: "keyword", claim: "What the device says itself", raw: "Raw line", pack: "Pack", copy: "Copy raw line", copied: "Copied", around: "Search ± 5 minutes", copy_link: "Copy link", same: (n) => `${n} of this kind`, not_in_raw: "not in the raw line", device_why: "The device raised this alert; rule name and verdict are its own, see below.", host: "Reporting host", src_ip: "Source address", dst_ip: "Destination", user: "User",
    claims: { rule_uid: "Device rule id", rule_name: "Device rule", threat: "Threat", threat_class: "Kind of threat", attack_id: "ATT&CK", severity_id: "Device severity", disposition_id: "Action", attack_stage: "Stage", attack_result: "Result", confidence_id: "Confidence", direction_id: "Direction", count: "Merged count", excerpt: "Payload excerpt" }, severities: { 1: "info", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "fatal" }, events: "Lines", quarantine: "Quarantine", last: (t) => `last ${t}`, custom: "custom", found: (n, more, ms) => `${more ? "first " : ""}${n} rows · ${ms} ms` + (more ? " · there are more: narrow the range or ask for more rows" : ""), no_rows: "Nothing found. Widen the time range or drop a condition.", searching: "Searching…", matches_over_time: "Matches over time", include: "add as condition", exclude: "exclude",
    session_over: "The session has ended. Use a new one-time link from the server's terminal.", gone: "This alert was not found; it may be outside your reach.", next: "Next", error: "Something failed", key_list: [["j / ↓", "next alert"], ["k / ↑", "previous alert"], ["Enter", "open or close the details"], ["s", "search 5 minutes around the alert"], ["/", "filter, or the query box"], ["1 – 5", "severity: all, low, medium, high, critical and up"], ["g", "alerts or search"], ["Esc", "close the details"], ["?", "this list"]],
    asks: [['host:PACS01* AND dst_ip:10.0.0.0/8 AND "hisapp"', "24h"], ['"vssadmin"', "7d"], ["status_id:2 AND user:*", "24h"], ["disposition_id:2 | stats count by threat", "24h"], ["dst_ip:10.0.0.0/8 AND NOT dst_port:443", "1h"], ["parsed:unparsed", "24h"]],
  },
};
// Columns as people call them; the name a query needs is the tooltip. A column that is not here keeps its name.
const COLUMNS = { zh: { event_id: "编号", time: "时间", time_received: "接收时间", hospital: "医院", tenant: "医院", source: "来源", pack: "解析包", peer: "发送方地址", parsed: "解析结果", notes: "解析备注", unmapped: "设备原生字段", raw: "原始日志", class_uid: "事件类", activity_id: "活动", severity: "级别", severity_id: "级别", status_id: "结果", disposition_id: "处置", code: "事件代码", provider: "提供者", channel: "通道", record_no: "记录号", count: "次数", message: "消息", title: "告警", host: "主机", host_ip: "主机地址", user: "用户", user_domain: "用户域", user_uid: "用户标识", target_user: "目标用户", target_domain: "目标域", target_uid: "目标标识", logon_type_id: "登录类型", session_uid: "会话", auth_protocol: "认证协议", group_name: "组", privileges: "权限", proc_path: "进程", proc_pid: "进程号", proc_uid: "进程标识", cmd_line: "命令行", cwd: "工作目录", orig_name: "原文件名", integrity: "完整性级别", parent_path: "父进程", parent_pid: "父进程号", parent_cmd: "父进程命令行", target_proc_path: "目标进程", file_path: "文件", file_size: "文件大小", sha256: "SHA-256", md5: "MD5", imphash: "导入表散列", reg_path: "注册表项", reg_data: "注册表值", script: "脚本", service: "服务", service_path: "服务程序", task: "计划任务", pipe: "管道", src_ip: "源地址", src_port: "源端口", src_host: "源主机", src_mac: "源 MAC", src_zone: "源区域", src_nat_ip: "源转换地址", dst_ip: "目的地址", dst_port: "目的端口", dst_host: "目的主机", dst_mac: "目的 MAC", dst_zone: "目的区域", dst_nat_ip: "目的转换地址", proto: "协议", app: "应用", direction_id: "方向", flow_uid: "流编号", bytes_in: "收到字节", bytes_out: "发出字节", packets_in: "收到包数", packets_out: "发出包数", duration_ms: "时长（毫秒）", rule_uid: "设备规则号", rule_name: "设备规则", threat: "威胁", threat_class: "威胁类别", attack_id: "ATT&CK", attack_stage: "攻击阶段", attack_result: "攻击结果", confidence_id: "置信度", excerpt: "载荷摘录", dns_query: "查询域名", dns_type: "查询类型", dns_answers: "域名应答", dns_rcode: "应答码", url: "网址", url_host: "网站", method: "请求方法", http_status: "状态码", user_agent: "客户端", referrer: "来源页", sni: "TLS 域名", ja3: "JA3", ja4: "JA4", mail_from: "发件人", mail_to: "收件人", mail_subject: "主题", db_name: "数据库", db_table: "数据表", sql: "SQL 语句", db_rows: "行数", patient: "患者", encounter: "就诊", study: "检查", called_ae: "被叫 AE", calling_ae: "主叫 AE" },
  en: { event_id: "Id", time: "Time", time_received: "Received", hospital: "Hospital", tenant: "Hospital", source: "Source", pack: "Pack", peer: "Sender", parsed: "Parsed", notes: "Parser notes", unmapped: "Native fields", raw: "Raw line", class_uid: "Event class", activity_id: "Activity", severity: "Severity", severity_id: "Severity", status_id: "Outcome", disposition_id: "Action", code: "Event code", provider: "Provider", channel: "Channel", record_no: "Record number", count: "Count", message: "Message", title: "Alert", host: "Host", host_ip: "Host address", user: "User", user_domain: "User domain", user_uid: "User id", target_user: "Target user", target_domain: "Target domain", target_uid: "Target id", logon_type_id: "Logon type", session_uid: "Session", auth_protocol: "Authentication", group_name: "Group", privileges: "Privileges", proc_path: "Process", proc_pid: "Process id", proc_uid: "Process uid", cmd_line: "Command line", cwd: "Working folder", orig_name: "Original name", integrity: "Integrity", parent_path: "Parent process", parent_pid: "Parent id", parent_cmd: "Parent command", target_proc_path: "Target process", file_path: "File", file_size: "File size", sha256: "SHA-256", md5: "MD5", imphash: "Import hash", reg_path: "Registry key", reg_data: "Registry value", script: "Script", service: "Service", service_path: "Service program", task: "Task", pipe: "Pipe", src_ip: "Source address", src_port: "Source port", src_host: "Source host", src_mac: "Source MAC", src_zone: "Source zone", src_nat_ip: "Source NAT address", dst_ip: "Destination", dst_port: "Destination port", dst_host: "Destination host", dst_mac: "Destination MAC", dst_zone: "Destination zone", dst_nat_ip: "Destination NAT address", proto: "Protocol", app: "Application", direction_id: "Direction", flow_uid: "Flow id", bytes_in: "Bytes in", bytes_out: "Bytes out", packets_in: "Packets in", packets_out: "Packets out", duration_ms: "Duration (ms)", rule_uid: "Device rule id", rule_name: "Device rule", threat: "Threat", threat_class: "Kind of threat", attack_id: "ATT&CK", attack_stage: "Stage", attack_result: "Result", confidence_id: "Confidence", excerpt: "Payload excerpt", dns_query: "DNS query", dns_type: "DNS type", dns_answers: "DNS answers", dns_rcode: "DNS code", url: "URL", url_host: "Site", method: "Method", http_status: "Status", user_agent: "Client", referrer: "Referrer", sni: "TLS name", ja3: "JA3", ja4: "JA4", mail_from: "From", mail_to: "To", mail_subject: "Subject", db_name: "Database", db_table: "Table", sql: "SQL", db_rows: "Rows", patient: "Patient", encounter: "Encounter", study: "Study", called_ae: "Called AE", calling_ae: "Calling AE" } };
const SEVERITIES = ["info", "low", "medium", "high", "critical"];
const SHAPES = { critical: "◆", high: "▲", medium: "●", low: "■", info: "○" };
const CLAIMS = Object.keys(WORDS.zh.claims);
const KEEP = 2000; // alerts in memory; older ones come from the server again

/* ---------- state ---------- */
const state = {
  lang: localStorage.getItem("wardwatch.lang") === "en" ? "en" : "zh",
  view: "alerts", hospitals: [], counts: new Map(), history: new Map(), at: 0, offset: 0, lag: 0, waiting: 0, live: null, connected: false,
  alerts: new Map(), groups: [], rowOf: new Map(), selected: null, open: null, members: [], more: false, unseen: 0, loaded: false,
  severity: "", tenant: "", origin: "", source: "", text: "",
};
let t = WORDS[state.lang];
const $ = (id) => document.getElementById(id);

/** Makes an element: attributes, handlers (on…), children (text or nodes). Text stays text. */
function el(tag, attributes, ...children) {
  const svg = tag === "svg" || tag === "polyline" || tag === "rect" || tag === "title";
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== "").map((c) => (c instanceof Node ? c : String(c))));
  return node;
}

/** Replaces what is inside, only if it would differ: keeps selections and focus of the reader alone. */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/* ---------- times and numbers ---------- */
const two = (n) => String(n).padStart(2, "0");
function clockTime(ms, withDay) {
  const d = new Date(ms);
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const today = new Date(now()).toDateString() === d.toDateString();
  if (today && !withDay) return time;
  const day = `${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return withDay ? `${d.getFullYear()}-${day} ${time}` : `${day} ${time.slice(0, 5)}`;
}
const now = () => Date.now() + state.offset;
function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s}${state.lang === "zh" ? " " : ""}${t.s}`;
  const [n, unit] = s < 3600 ? [Math.floor(s / 60), t.m] : s < 86400 ? [Math.floor(s / 3600), t.h] : [Math.floor(s / 86400), t.d];
  return `${n}${state.lang === "zh" ? " " : ""}${unit}`;
}
function big(n) {
  if (n < 10000) return String(n);
  if (state.lang === "zh") return n < 1e8 ? `${(n / 1e4).toFixed(n < 1e5 ? 1 : 0)} 万` : `${(n / 1e8).toFixed(2)} 亿`;
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} k` : `${(n / 1e6).toFixed(1)} M`;
}
const rateText = (r) => (r >= 100 ? String(Math.round(r)) : r >= 10 ? r.toFixed(0) : r.toFixed(1));

/* ---------- the server ---------- */
async function get(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters || {})) if (value !== "" && value !== null && value !== undefined) query.set(name, value);
  const answer = await fetch(`${path}?${query}`, { headers: { "Accept-Language": state.lang === "zh" ? "zh-CN" : "en" } });
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401) {
    if (state.live) state.live.close();
    state.live = null;
    banner(t.session_over);
  }
  const fault = new Error(problem.detail || `HTTP ${answer.status}`);
  fault.problem = problem;
  throw fault;
}
function banner(text) {
  $("banner").hidden = !text;
  setText($("banner"), text || "");
}

function listen() {
  const live = new EventSource("/api/v1/live");
  state.live = live;
  live.addEventListener("pulse", (event) => pulse(JSON.parse(event.data)));
  live.addEventListener("open", () => { state.connected = true; });
  live.addEventListener("error", () => {
    state.connected = false;
    drawFlow();
    if (live.readyState !== EventSource.CLOSED || state.live !== live) return;
    // Refused outright (the server restarted, or the session ended): ask a plain route, which tells the two apart.
    setTimeout(() => get("/api/v1/counts").then(() => { listen(); loadAlerts(); }, () => { if (state.live === live) listen(); }), 3000);
  });
}

function pulse(p) {
  state.connected = true;
  state.at = Date.parse(p.at);
  state.offset = state.at - Date.now();
  state.lag = p.lag_seconds;
  state.waiting = p.waiting;
  for (const count of p.counts) state.counts.set(`${count.tenant}/${count.source}`, count);
  for (const [key, count] of state.counts) {
    const past = state.history.get(key) || [];
    past.push([state.at, count.received]);
    if (past.length > 61) past.shift();
    state.history.set(key, past);
  }
  if (p.missed && state.loaded) loadAlerts();
  else if (p.alerts.length) arrive(p.alerts);
  drawFlow();
  drawCounts();
}
/** Lines a second over the last five beats; null while it cannot be known. */
function rateOf(key) {
  const past = state.history.get(key) || [];
  const last = past[past.length - 1];
  const first = past[Math.max(0, past.length - 6)];
  if (!last || last[0] <= first[0]) return null;
  return Math.max(0, ((last[1] - first[1]) * 1000) / (last[0] - first[0]));
}
const isSilent = (source, count) => Boolean(count.last_received) && now() - Date.parse(count.last_received) > source.silent_seconds * 1000;

/* ---------- top line ---------- */
function drawFlow() {
  let rate = null, silent = 0, total = 0;
  for (const hospital of state.hospitals) for (const source of hospital.sources) {
    const key = `${hospital.id}/${source.id}`;
    const count = state.counts.get(key) || source.count;
    const one = rateOf(key);
    if (one !== null) rate = (rate || 0) + one;
    if (isSilent(source, count)) silent += 1;
    total += count.received;
  }
  const behind = state.lag > 10;
  const [dot, word] = !state.connected ? ["bad", state.at ? t.broken : t.connecting] : behind ? ["warn", t.behind] : rate === 0 ? ["warn", t.quiet_flow] : ["ok", t.alive];
  $("flow-dot").className = `dot ${state.at || !state.connected ? dot : "none"}`;
  setText($("flow-word"), word);
  setText($("flow-rate"), rate === null ? "…" : rateText(rate));
  setText($("flow-lag"), state.at ? state.lag.toFixed(1) : "…");
  $("flow-lag").className = behind ? "bad" : "";
  setText($("flow-silent"), String(silent));
  $("flow-silent").className = silent ? "bad" : "";
  setText($("flow-total"), big(total));
  const critical = [...state.alerts.values()].filter((a) => a.severity === "critical").length;
  document.title = `${state.connected ? "" : "✕ "}${critical ? `(${critical}) ` : ""}Wardwatch`;
}

/* ---------- hospitals and sources ---------- */
function drawSources() {
  const zh = state.lang === "zh";
  $("sources").replaceChildren(...state.hospitals.map((hospital) => {
    const name = zh ? hospital.name : hospital.name_en;
    const head = el("button", { type: "button", "data-tenant": hospital.id, title: `${hospital.name}\n${hospital.name_en}`, onclick: () => choose(state.tenant === hospital.id && !state.source ? "" : hospital.id, "") },
      el("span", { class: "one" }, name), el("span", { class: "sub right rate" }), el("span", { class: "sub one" }, zh ? hospital.name_en : hospital.name), el("span", { class: "sub right alerts-now" }));
    return el("section", { class: "hospital", "aria-label": name }, el("h2", {}, head), ...hospital.sources.map((source) => {
      const line = el("svg", { class: "spark", viewBox: "0 0 48 15", "aria-hidden": "true" }, el("polyline", { points: "" }));
      return el("button", { type: "button", class: "source", "data-key": `${hospital.id}/${source.id}`, title: `${source.name} · ${source.pack} · ${source.via}`,
        onclick: () => choose(hospital.id, state.tenant === hospital.id && state.source === source.id ? "" : source.id) },
        el("i", { class: "dot none", "aria-hidden": "true" }), el("span", { class: "name" }, nameOf(source)), line, el("span", { class: "rate" }, "…"), el("span", { class: "under" }));
    }));
  }));
  drawChoice();
  drawCounts();
}
function drawCounts() {
  const units = t.per_second;
  for (const hospital of state.hospitals) {
    const head = $("sources").querySelector(`[data-tenant="${CSS.escape(hospital.id)}"]`);
    if (!head) continue;
    let sum = null;
    for (const source of hospital.sources) {
      const key = `${hospital.id}/${source.id}`;
      const row = $("sources").querySelector(`[data-key="${CSS.escape(key)}"]`);
      const count = state.counts.get(key) || source.count;
      const rate = rateOf(key);
      if (rate !== null) sum = (sum || 0) + rate;
      if (row) drawSource(row, source, count, rate, key);
    }
    setText(head.querySelector(".rate"), sum === null ? "" : `${rateText(sum)} ${units}`);
  }
  drawHospitalAlerts();
}
function drawSource(row, source, count, rate, key) {
  const never = !count.last_received;
  const silent = isSilent(source, count);
  const share = count.parsed ? count.unparsed / count.parsed : 0;
  const odd = share > 0.01 || count.rejected > 0 || count.quarantined > 0;
  row.classList.toggle("silent", silent);
  row.querySelector(".dot").className = `dot ${never ? "none" : silent ? "bad" : odd ? "warn" : "ok"}`;
  const age = never ? 0 : now() - Date.parse(count.last_received);
  setText(row.querySelector(".rate"), never ? t.never : silent ? t.silent_for(span(age)) : rate === null ? "…" : `${rateText(rate)}/${state.lang === "zh" ? "秒" : "s"}`);
  const notes = [];
  if (share > 0) notes.push(`${t.unparsed} ${share < 0.001 ? "<0.1" : (share * 100).toFixed(1)}%`);
  if (count.rejected) notes.push(`${t.rejected} ${big(count.rejected)}`);
  if (count.quarantined) notes.push(`${t.quarantined} ${big(count.quarantined)}`);
  const text = `${big(count.received)} ${t.lines} · ${source.pack}${never || age < 3000 ? "" : " · " + t.ago(span(age))}`;
  const under = row.querySelector(".under");
  if (under.dataset.now !== text + notes.join()) {
    under.dataset.now = text + notes.join();
    under.replaceChildren(...(notes.length ? [el(odd ? "b" : "span", {}, notes.join(" · ")), " · "] : []), text);
  }
  const past = state.history.get(key) || [];
  const steps = past.slice(1).map((p, i) => Math.max(0, p[1] - past[i][1]));
  const top = Math.max(1, ...steps);
  const from = 60 - steps.length;
  row.querySelector("polyline").setAttribute("points", steps.map((v, i) => `${(((from + i) * 48) / 59).toFixed(1)},${(14 - (v * 13) / top).toFixed(1)}`).join(" "));
}
function drawHospitalAlerts() {
  const worst = new Map();
  for (const alert of state.alerts.values()) if (alert.severity === "critical" || alert.severity === "high") worst.set(alert.tenant, (worst.get(alert.tenant) || 0) + 1);
  for (const head of $("sources").querySelectorAll("[data-tenant]")) {
    const n = worst.get(head.dataset.tenant);
    setText(head.querySelector(".alerts-now"), n ? `${t.high}${t.and_up} ${n}` : "");
  }
}
function choose(tenant, source) {
  state.tenant = tenant;
  state.source = source;
  $("f-tenant").value = tenant;
  if (state.view === "search" && $("q-tenant").value !== tenant) $("q-tenant").value = tenant;
  if (state.view === "sources") go("alerts");
  drawChoice();
  loadAlerts();
}
function drawChoice() {
  for (const head of $("sources").querySelectorAll("[data-tenant]")) head.setAttribute("aria-pressed", String(head.dataset.tenant === state.tenant && !state.source));
  for (const row of $("sources").querySelectorAll("[data-key]")) row.setAttribute("aria-pressed", String(row.dataset.key === `${state.tenant}/${state.source}`));
  const chips = [];
  if (state.source) chips.push(el("button", { type: "button", class: "chip", onclick: () => choose(state.tenant, "") }, `${sourceName(state.tenant, state.source)} ✕`));
  $("chips").replaceChildren(...chips);
}
const hospitalOf = (id) => state.hospitals.find((h) => h.id === id);
const hospitalName = (id) => { const h = hospitalOf(id); return h ? (state.lang === "zh" ? h.name : h.name_en) : id || ""; };
const sourceOf = (tenant, id) => { const h = hospitalOf(tenant); return h && h.sources.find((s) => s.id === id); };
// A source has one name of its own, which the hospital gave it; in English its short name stands in where that is not Latin.
const nameOf = (source) => (state.lang === "zh" || /^[\x20-\x7e]+$/.test(source.name) ? source.name : source.name_en || source.id);
const sourceName = (tenant, id) => { const s = sourceOf(tenant, id); return s ? nameOf(s) : id || ""; };

/* ---------- the list ---------- */
async function loadAlerts(older) {
  try {
    const answer = await get("/api/v1/alerts", { tenant: state.tenant, severity: state.severity, origin: state.origin, source: state.source, ...(older ? { before: state.next, before_id: state.nextId } : {}), limit: 300 });
    if (!older) { state.alerts.clear(); state.unseen = 0; }
    for (const alert of answer.alerts) state.alerts.set(alert.id, alert);
    state.more = answer.more;
    state.next = answer.next;
    state.nextId = answer.next_id;
    state.loaded = true;
    drawList();
    drawHospitalAlerts();
  } catch (fault) {
    if (fault.problem && fault.problem.code !== "WW-0401") banner(faultText(fault));
  }
}
const faultText = (fault) => {
  const p = fault.problem || {};
  return [p.title || t.error, fault.message, p.next && `${t.next}: ${p.next}`].filter(Boolean).join(" · ") + (p.code ? ` (${p.code})` : "");
};
function passes(alert) {
  if (state.severity && SEVERITIES.indexOf(alert.severity) < SEVERITIES.indexOf(state.severity)) return false;
  return (!state.tenant || alert.tenant === state.tenant) && (!state.origin || alert.origin === state.origin) && (!state.source || alert.source === state.source);
}
let announced = 0, toSay = [0, 0];
function arrive(alerts) {
  let fresh = 0;
  for (const alert of alerts) {
    if (!passes(alert) || state.alerts.has(alert.id)) continue;
    alert.fresh = true;
    state.alerts.set(alert.id, alert);
    fresh += 1;
    toSay[0] += 1;
    if (alert.severity === "critical") toSay[1] += 1;
  }
  if (!fresh) return;
  if (state.alerts.size > KEEP) {
    const oldest = [...state.alerts.values()].sort((a, b) => (a.received < b.received ? -1 : 1)).slice(0, state.alerts.size - KEEP);
    for (const alert of oldest) if (alert.id !== state.open) state.alerts.delete(alert.id);
    state.more = true;
    state.next = [...state.alerts.values()].map((a) => a.received).sort()[0];
    state.nextId = null;
  }
  if ($("alerts-list").scrollTop > 40) state.unseen += fresh;
  drawList();
  if (Date.now() - announced > 5000) {
    announced = Date.now();
    setText($("announce"), t.said(toSay[0], toSay[1]));
    toSay = [0, 0];
  }
}
/** Alerts of the same kind about the same things, newest first. Nothing is dropped: the count says how many. */
function group() {
  const needle = state.text.trim().toLowerCase();
  const fold = $("f-fold").checked;
  const groups = new Map();
  const sorted = [...state.alerts.values()].sort((a, b) => (a.received === b.received ? (a.id < b.id ? 1 : -1) : a.received < b.received ? 1 : -1));
  let shown = 0;
  for (const alert of sorted) {
    if (needle && !searchable(alert).includes(needle)) continue;
    shown += 1;
    const key = fold ? JSON.stringify([alert.tenant, alert.source, alert.origin, alert.severity, alert.title, alert.entities]) : alert.id;
    const found = groups.get(key);
    if (found) found.members.push(alert);
    else groups.set(key, { key, members: [alert] });
  }
  return { groups: [...groups.values()], shown };
}
function searchable(alert) {
  if (!alert.text) alert.text = [alert.title, titleOf(alert), hospitalName(alert.tenant), sourceName(alert.tenant, alert.source), alert.rule && alert.rule.id, ...alert.entities.map((e) => e[1])].join("\n").toLowerCase();
  return alert.text;
}
function drawList() {
  const { groups, shown } = group();
  state.groups = groups;
  const rows = new Map();
  const body = $("rows");
  let at = body.firstChild;
  for (const g of groups) {
    const row = state.rowOf.get(g.key) || makeRow(g.key);
    fillRow(row, g);
    rows.set(g.key, row);
    if (row === at) at = at.nextSibling;
    else body.insertBefore(row, at);
  }
  state.rowOf = rows;
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
  if (!state.rowOf.has(state.selected)) state.selected = null;
  drawSelection(false);
  $("empty").hidden = groups.length > 0;
  setText($("empty"), !state.loaded ? t.loading : state.text || state.severity || state.tenant || state.origin ? t.nothing : t.nothing_yet);
  $("older").hidden = !state.more || !(groups.length || state.next);
  setText($("shown"), t.shown(shown, groups.length));
  $("fresh").hidden = !state.unseen;
  setText($("fresh"), t.new_alerts(state.unseen));
}
function makeRow(key) {
  const row = el("tr", { tabindex: "-1", "aria-selected": "false" },
    el("td", { class: "c-sev" }), el("td", { class: "c-time" }), el("td", { class: "c-what" }), el("td", { class: "c-who mono" }), el("td", { class: "c-where" }), el("td", { class: "c-claim" }));
  row.addEventListener("click", () => { state.selected = key; drawSelection(false); openGroup(key); });
  return row;
}
const titleOf = (alert) => (alert.titles && alert.titles[state.lang]) || alert.title;
function severityChip(severity) {
  return el("span", { class: `sev ${severity}` }, el("i", { "aria-hidden": "true" }, SHAPES[severity] || ""), t[severity] || severity);
}
function fillRow(row, g) {
  const alert = g.members[0];
  const stamp = `${alert.id}|${g.members.length}|${state.lang}|${hospitalName(alert.tenant)}`;
  if (row.dataset.stamp !== stamp) {
    if (alert.fresh) { row.classList.remove("new"); void row.offsetWidth; row.classList.add("new"); alert.fresh = false; }
    row.dataset.stamp = stamp;
    const [sev, time, what, who, where, claim] = row.cells;
    sev.replaceChildren(severityChip(alert.severity));
    time.replaceChildren(el("span", {}, clockTime(Date.parse(alert.time))), el("span", { class: "age" }));
    time.title = alert.time;
    what.replaceChildren(el("span", { class: `by ${alert.origin}` }, t[alert.origin] || alert.origin), el("span", { class: "title" }, titleOf(alert)), g.members.length > 1 ? el("span", { class: "times" }, `×${g.members.length}`) : "");
    what.title = titleOf(alert) === alert.title ? alert.title : `${titleOf(alert)}\n${alert.title}`;
    who.textContent = whoText(alert.entities);
    who.title = alert.entities.map((e) => `${entityName(e[0])}: ${e[1]}`).join("\n");
    where.textContent = hospitalName(alert.tenant);
    where.title = `${hospitalName(alert.tenant)} · ${sourceName(alert.tenant, alert.source)}`;
    claim.replaceChildren(claimChip(alert.vendor));
  }
  setText(row.cells[1].lastChild, ageText(alert));
}
const entityName = (name) => t[name] || COLUMNS[state.lang][name] || name;
const ageText = (alert) => span(now() - Date.parse(alert.received));
function whoText(entities) {
  const of = (name) => { const found = entities.find((e) => e[0] === name); return found && found[1]; };
  const [src, dst] = [of("src_ip"), of("dst_ip")];
  const path = src && dst ? `${src} → ${dst}` : src || dst;
  const rest = entities.filter((e) => e[0] !== "src_ip" && e[0] !== "dst_ip").map((e) => e[1]);
  return [path, ...rest].filter(Boolean).join(" · ");
}
function claimChip(vendor) {
  if (!vendor) return el("span", { class: "claim muted", title: t.own_rule }, "—");
  const id = vendor.disposition_id;
  if (id === null || id === undefined) return el("span", { class: "claim unsent" }, t.unsent);
  const result = vendor.attack_result && t.result[vendor.attack_result];
  return el("span", { class: `claim ${id === 2 ? "blocked" : id === 1 ? "allowed" : ""}` }, (t[`d${id}`] || t.d99) + (result ? ` · ${result}` : ""));
}
function drawSelection(focus) {
  const first = state.groups[0] && state.groups[0].key;
  for (const [key, row] of state.rowOf) {
    const on = key === state.selected;
    row.setAttribute("aria-selected", String(on));
    row.tabIndex = on || (!state.selected && key === first) ? 0 : -1;
    if (on && focus) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
  }
}
function move(by) {
  const at = state.groups.findIndex((g) => g.key === state.selected);
  const next = state.groups[Math.min(state.groups.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  if (!next) return;
  state.selected = next.key;
  drawSelection(true);
  if (state.open) openGroup(next.key);
}

/* ---------- one alert ---------- */
function openGroup(key) {
  const g = state.groups.find((one) => one.key === key);
  if (g) openAlert(g.members[0].id, g.members[0].tenant, g.members);
}
async function openAlert(id, tenant, members) {
  state.open = id;
  state.members = members || [];
  history.replaceState(null, "", `#alert=${id}&tenant=${encodeURIComponent(tenant || "")}`);
  try {
    const known = state.alerts.get(id);
    const alert = await get(`/api/v1/alerts/${encodeURIComponent(id)}`, { tenant, received: known && known.received });
    if (state.open === id) showDetail(alert, members || []);
  } catch (fault) {
    if (state.open === id && fault.problem) showPanel(el("header", {}, el("h2", {}, fault.problem.code === "WW-0404" ? t.gone : faultText(fault)), closeButton()));
  }
}
function closeDetail() {
  state.open = null;
  $("detail").hidden = true;
  document.body.classList.remove("with-detail");
  history.replaceState(null, "", location.pathname);
  if (state.selected) drawSelection(true);
}
function showPanel(...children) {
  document.body.classList.add("with-detail");
  $("detail").hidden = false;
  $("detail").replaceChildren(...children);
  $("detail").scrollTop = 0;
  const row = state.rowOf.get(state.selected);
  if (row) row.scrollIntoView({ block: "nearest" });
}
const closeButton = () => el("button", { type: "button", class: "quiet", onclick: closeDetail, "aria-label": t.close, title: "Esc" }, "✕");
function showDetail(alert, members) {
  const received = Date.parse(alert.received), time = Date.parse(alert.time);
  const raw = alert.evidence.raw;
  const places = locate(raw, alert.evidence.matched);
  const copier = (what, label) => { const button = el("button", { type: "button", class: "quiet", onclick: () => copy(what(), button) }, label); return button; };
  showPanel(
    el("header", {}, severityChip(alert.severity), el("h2", {}, titleOf(alert)), closeButton()),
    el("p", { class: "under" }, [hospitalName(alert.tenant), sourceName(alert.tenant, alert.source), t[alert.origin]].filter(Boolean).join(" · ")),
    el("dl", { class: "facts" },
      el("dt", {}, t.happened), el("dd", {}, clockTime(time, true), el("span", { class: "muted" }, `  ${t.ago(span(now() - time))}`)),
      Math.abs(received - time) > 300000 ? [el("dt", {}, t.received), el("dd", {}, clockTime(received, true), el("span", { class: "muted" }, `  ${t.clock_off(span(Math.abs(received - time)), received > time)}`))] : null,
      ...alert.entities.map((e) => [el("dt", { title: e[0] }, entityName(e[0])), el("dd", {}, el("button", { type: "button", class: "entity", title: t.include, onclick: () => searchAround(alert, e) }, e[1]))])),
    el("div", { class: "actions" }, el("button", { type: "button", class: "primary", onclick: () => searchAround(alert) }, t.around), copier(() => raw, t.copy), copier(() => location.href, t.copy_link)),
    ...whySection(alert, places),
    ...guideSection(alert.guide),
    ...claimSection(alert.vendor),
    el("h3", {}, t.raw), el("pre", { class: "raw", tabindex: "0" }, ...highlighted(raw, places)),
    el("p", { class: "under" }, `${t.pack} ${alert.evidence.pack} · ${alert.event}`),
    ...sameSection(alert, members));
}
function whySection(alert, places) {
  const parts = [el("h3", {}, t.why)];
  if (alert.rule) {
    parts.push(el("dl", { class: "facts" },
      titleOf(alert) === alert.rule.title ? null : [el("dt", {}, t.rule), el("dd", {}, alert.rule.title)],
      el("dt", {}, t.rule_id), el("dd", { class: "mono" }, alert.rule.id), el("dt", {}, t.version), el("dd", { class: "mono" }, alert.rule.version),
      alert.rule.level ? [el("dt", {}, t.level), el("dd", {}, alert.rule.level)] : null));
    if (alert.rule.tags.length) parts.push(el("p", { class: "under" }, ...alert.rule.tags.map((tag) => el("span", { class: `tag ${tag.startsWith("attack.") ? "attack" : ""}` }, tag))));
  } else if (alert.origin === "device") parts.push(el("p", {}, t.device_why));
  if (places.length) parts.push(el("ul", { class: "why" }, ...places.map(({ match, from, to }) => el("li", {},
    el("span", { class: "name" }, el("b", { title: match.field || null }, match.field ? columnName(match.field) : t.keyword), ` · ${match.selection} · `, from === null ? t.not_in_raw : `${t.bytes} ${match.start === null ? from : match.start}–${match.start === null ? to : match.end}`),
    el("span", { class: "value" }, el("mark", {}, match.value))))));
  return parts;
}
/** What to look at and what to do: lines of the rule's guide; `**…**` is emphasis. */
function guideSection(guide) {
  const lines = guide ? (guide[state.lang].length ? guide[state.lang] : guide.zh.length ? guide.zh : guide.en) : [];
  if (!lines.length) return [];
  const shown = lines.map((line) => el("p", {}, ...line.split("**").map((part, i) => (i % 2 ? el("b", {}, part) : part))));
  return [el("h3", {}, t.guide), el("div", { class: "guide" }, ...shown)];
}
function claimSection(vendor) {
  if (!vendor) return [];
  return [el("h3", {}, t.claim), el("dl", { class: "facts two" }, ...CLAIMS.map((name) => {
    const value = vendor[name];
    const sent = value !== null && value !== undefined && value !== "";
    return [el("dt", { title: name }, t.claims[name]), el("dd", { class: sent ? (name === "excerpt" ? "mono" : "") : "unsent" }, sent ? claimText(name, value) : t.unsent)];
  }))];
}
const codeWords = (name) => ({ disposition_id: { 1: t.d1, 2: t.d2, 17: t.d17, 99: t.d99 }, severity_id: t.severities, confidence_id: t.confidence, direction_id: t.direction, status_id: t.status, logon_type_id: t.logon, attack_result: t.result })[name];
const claimText = (name, value) => (codeWords(name) || {})[value] || String(value);
function sameSection(alert, members) {
  if (members.length < 2) return [];
  return [el("h3", {}, t.same(members.length)), el("ul", { class: "same" }, ...members.slice(0, 200).map((one) => el("li", {},
    el("button", { type: "button", "aria-current": one.id === alert.id ? "true" : null, onclick: () => openAlert(one.id, one.tenant, members) }, el("span", {}, clockTime(Date.parse(one.time))), el("span", { class: "muted" }, ageText(one)), claimChip(one.vendor)))))];
}
/** Where each match stands in the raw text. Offsets are bytes of the line as received; where it was not UTF-8 they do not
 *  fit the text, so a slice that is not the value is looked for by its text instead. */
function locate(raw, matched) {
  const bytes = new TextEncoder().encode(raw);
  const utf8 = new TextDecoder();
  const toText = (from, to) => utf8.decode(bytes.subarray(from, to));
  const seen = new Set();
  return matched.filter((m) => { const key = JSON.stringify(m); return !seen.has(key) && seen.add(key); }).map((match) => {
    const has = match.start !== null && match.end !== null && match.start < match.end && match.end <= bytes.length;
    const slice = has ? toText(match.start, match.end) : null;
    if (has && !slice.includes("\ufffd") && (slice === match.value || !raw.includes(match.value))) return { match, from: toText(0, match.start).length, to: toText(0, match.end).length };
    const at = match.value ? raw.indexOf(match.value) : -1;
    return at < 0 ? { match, from: null, to: null } : { match, from: at, to: at + match.value.length };
  });
}
function highlighted(raw, places) {
  const ranges = places.filter((p) => p.from !== null).map((p) => [p.from, p.to]).sort((a, b) => a[0] - b[0]);
  const nodes = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (to <= at) continue;
    const start = Math.max(from, at);
    if (start > at) nodes.push(raw.slice(at, start));
    nodes.push(el("mark", {}, raw.slice(start, to)));
    at = to;
  }
  nodes.push(raw.slice(at));
  return nodes;
}
async function copy(text, button) {
  const before = button.textContent;
  try { await navigator.clipboard.writeText(text); button.textContent = t.copied; } catch { button.textContent = "✕"; }
  setTimeout(() => { button.textContent = before; }, 1200);
}

/* ---------- search ---------- */
const RANGES = ["15m", "1h", "6h", "24h", "7d", "30d"];
const FIRST = ["time", "time_received", "hospital", "severity", "severity_id", "source", "host", "src_ip", "dst_ip", "dst_port", "user", "rule_name", "threat", "title", "cmd_line", "url", "message", "disposition_id", "raw"];
const term = (name, value) => `${name}:"${String(value).replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
function localInput(ms) {
  const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60000);
  return d.toISOString().slice(0, 19);
}
function searchAround(alert, entity) {
  const by = (name) => alert.entities.find((e) => e[0] === name);
  const chosen = entity || by("host") || by("src_ip") || alert.entities[0];
  const at = Date.parse(alert.received);
  go("search");
  $("q-tenant").value = alert.tenant || "";
  $("q-dataset").value = "events";
  $("q-range").value = "custom";
  $("q-custom").hidden = false;
  $("q-from").value = localInput(at - 300000);
  $("q-to").value = localInput(at + 300000);
  $("q").value = chosen ? (chosen[0].endsWith("_ip") ? `src_ip:${chosen[1]} OR dst_ip:${chosen[1]}` : term(chosen[0], chosen[1])) : "";
  runSearch();
}
function question() {
  const ask = { query: $("q").value, tenant: $("q-tenant").value, dataset: $("q-dataset").value, limit: $("q-limit").value };
  if ($("q-range").value === "custom") {
    if ($("q-from").value) ask.from = new Date($("q-from").value).toISOString();
    if ($("q-to").value) ask.to = new Date($("q-to").value).toISOString();
  } else ask.since = $("q-range").value;
  return ask;
}
let lastAnswer = null, searchRun = 0;
async function runSearch() {
  const mine = ++searchRun;
  const ask = question();
  $("csv").href = `/api/v1/search?${new URLSearchParams({ ...ask, format: "csv" })}`;
  $("result").className = "result-line";
  setText($("result"), t.searching);
  try {
    const answer = await get("/api/v1/search", { ...ask, bars: 60 });
    if (mine !== searchRun) return;
    lastAnswer = answer;
    drawFound();
  } catch (fault) {
    if (mine !== searchRun) return;
    lastAnswer = null;
    $("result").className = "result-line bad";
    setText($("result"), faultText(fault));
    $("bars").replaceChildren();
    $("found").replaceChildren();
  }
}
function drawFound() {
  const a = lastAnswer;
  if (!a) return;
  setText($("result"), [a.rows.length ? t.found(a.rows.length, a.more, a.took_ms) : t.no_rows, ...a.notes].join(" · "));
  drawBars(a);
  const filled = a.columns.map((name, i) => ({ name, i })).filter((c) => a.rows.some((r) => r[c.i] !== null && r[c.i] !== ""));
  const piped = !a.columns.includes("raw");
  const rank = (c) => { const at = FIRST.indexOf(c.name); return at < 0 ? FIRST.length - 0.5 : at; };
  const columns = piped || $("q-all").checked ? filled : filled.filter((c) => FIRST.includes(c.name) && !(c.name === "time_received" && filled.some((f) => f.name === "time"))).sort((x, y) => rank(x) - rank(y));
  const body = el("tbody", {}, ...a.rows.map((row) => foundRow(a, row, columns)));
  $("found").replaceChildren(el("table", {}, el("caption", { class: "hidden" }, t.results), el("thead", {}, el("tr", {}, ...columns.map((c) => el("th", { scope: "col", title: c.name }, columnName(c.name))))), body));
}
const columnName = (name) => COLUMNS[state.lang][name] || name;
function cellText(name, value, tenant) {
  if (value === null) return "";
  if (name === "source") return sourceName(tenant, value);
  if (name === "hospital" || name === "tenant") return hospitalName(value);
  if (name === "severity" || codeWords(name)) return name === "severity" ? t[value] || String(value) : claimText(name, value);
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return clockTime(Date.parse(value), true).slice(5);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
function foundRow(a, row, columns) {
  const line = el("tr", { tabindex: "0", "aria-expanded": "false" }, ...columns.map((c) => {
    const text = cellText(c.name, row[c.i], row[a.columns.indexOf("hospital")]);
    return el("td", { class: typeof row[c.i] === "number" && !codeWords(c.name) ? "number" : c.name === "raw" ? "wide" : null, title: codeWords(c.name) && row[c.i] !== null ? `${c.name}: ${row[c.i]}` : text.length > 40 ? text.slice(0, 600) : null }, text.length > 400 ? text.slice(0, 400) : text);
  }));
  const toggle = () => {
    const next = line.nextSibling;
    if (next && next.classList.contains("fields")) { next.remove(); line.classList.remove("open"); line.setAttribute("aria-expanded", "false"); return; }
    line.classList.add("open");
    line.setAttribute("aria-expanded", "true");
    line.after(el("tr", { class: "fields" }, el("td", { colspan: columns.length }, el("dl", {}, ...a.columns.map((name, i) => fieldLine(name, row[i]))))));
  };
  line.addEventListener("click", () => { if (String(getSelection()) === "") toggle(); });
  line.addEventListener("keydown", (event) => { if (event.key === "Enter") { toggle(); event.preventDefault(); } });
  return line;
}
/** The condition, and from the first `|` outside quotes on the rest. */
function splitQuery(query) {
  let quoted = false;
  for (let i = 0; i < query.length; i += 1) {
    if (query[i] === "\\") i += 1;
    else if (query[i] === '"') quoted = !quoted;
    else if (query[i] === "|" && !quoted) return [query.slice(0, i).trim(), query.slice(i)];
  }
  return [query.trim(), ""];
}
function fieldLine(name, value) {
  if (value === null || value === "") return [];
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const add = (not) => () => {
    if (name === "hospital") { $("q-tenant").value = value; runSearch(); return; }
    const [head, pipes] = splitQuery($("q").value);
    const before = /\bOR\b/i.test(head) ? `(${head})` : head;
    $("q").value = [before, (not ? "NOT " : "") + term(name, value)].filter(Boolean).join(" AND ") + (pipes && ` ${pipes}`);
    runSearch();
  };
  const pickable = text.length < 200 && !["raw", "unmapped", "event_id", "time", "time_received"].includes(name);
  return [el("dt", { title: name }, columnName(name), columnName(name) === name ? "" : el("small", { class: "muted" }, ` ${name}`)), el("span", { class: "pick" }, ...(pickable ? [el("button", { type: "button", title: t.include, "aria-label": `${t.include}: ${name}`, onclick: add(false) }, "+"), name === "hospital" ? "" : el("button", { type: "button", title: t.exclude, "aria-label": `${t.exclude}: ${name}`, onclick: add(true) }, "−")] : [])), el("dd", {}, codeWords(name) ? `${claimText(name, value)} (${text})` : text)];
}
function drawBars(a) {
  const bars = a.bars.map(([at, n]) => [Date.parse(at), n]);
  if (bars.length < 2) { $("bars").replaceChildren(); return; }
  const from = Math.min(Date.parse(a.from), bars[0][0]), step = Math.min(...bars.slice(1).map((b, i) => b[0] - bars[i][0]));
  const to = Math.max(Math.min(Date.parse(a.to), now()), bars[bars.length - 1][0] + step), top = Math.max(...bars.map((b) => b[1]));
  const x = (ms) => ((ms - from) / (to - from)) * 1000;
  const width = Math.max(1.5, x(from + step) - 1.2);
  const rects = bars.map(([at, n]) => {
    const height = n ? Math.max(2, (n / top) * 52) : 0;
    const label = `${clockTime(at, true)} · ${n}`;
    const zoom = () => { $("q-range").value = "custom"; $("q-custom").hidden = false; $("q-from").value = localInput(at); $("q-to").value = localInput(at + step); runSearch(); };
    return [el("rect", { x: x(at), y: 56 - height, width, height }), el("rect", { class: "hit", x: x(at), y: 0, width: width + 1.2, height: 56, onclick: zoom }, el("title", {}, label))];
  });
  $("bars").replaceChildren(el("svg", { viewBox: "0 0 1000 56", preserveAspectRatio: "none", role: "img", "aria-label": t.matches_over_time }, ...rects.flat()),
    el("div", { class: "axis", "aria-hidden": "true" }, el("span", {}, clockTime(from, true).slice(5)), el("span", {}, clockTime((from + to) / 2, true).slice(5)), el("span", {}, clockTime(to, true).slice(5))));
}

/* ---------- the frame ---------- */
function go(view) {
  state.view = view;
  document.body.dataset.view = view;
  $("alerts").hidden = view !== "alerts";
  $("search").hidden = view !== "search";
  for (const tab of document.querySelectorAll("[data-go]")) {
    if (tab.dataset.go === view) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  if (view !== "alerts" && state.open) closeDetail();
  if (view === "search") $("q").focus();
}
function options(select, pairs, value) {
  select.replaceChildren(...pairs.map(([v, text]) => el("option", { value: v }, text)));
  select.value = value;
}
function speak() {
  t = WORDS[state.lang];
  document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-t]")) setText(node, t[node.dataset.t]);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t[node.dataset.tLabel]);
  for (const node of document.querySelectorAll("[data-t-placeholder]")) node.placeholder = t[node.dataset.tPlaceholder];
  for (const node of document.querySelectorAll("[data-t-title]")) node.title = t[node.dataset.tTitle];
  $("language").textContent = state.lang === "zh" ? "English" : "中文";
  $("language").lang = state.lang === "zh" ? "en" : "zh-CN";
  const hospitals = [["", t.all_hospitals], ...state.hospitals.map((h) => [h.id, hospitalName(h.id)])];
  options($("f-tenant"), hospitals, state.tenant);
  options($("q-tenant"), hospitals, $("q-tenant").value);
  options($("f-origin"), [["", t.all_origins], ...["rule", "device", "baseline", "indicator", "decoy", "person"].map((o) => [o, t[o]])], state.origin);
  options($("q-dataset"), [["events", t.events], ["alerts", t.alerts], ["quarantine", t.quarantine]], $("q-dataset").value || "events");
  options($("q-range"), [...RANGES.map((r) => [r, t.last(`${parseInt(r, 10)}${state.lang === "zh" ? " " : ""}${t[r.slice(-1)]}`)]), ["custom", t.custom]], $("q-range").value || "24h");
  const legend = $("severity-filter").querySelector("legend");
  $("severity-filter").replaceChildren(legend, ...["", "low", "medium", "high", "critical"].map((s) => {
    const label = el("label", { class: s === state.severity ? "on" : null, title: s ? t[s] + t.and_up : null }, el("input", { type: "radio", name: "severity", value: s, onchange: () => setSeverity(s) }), el("span", {}, s ? t[s] + (s === "critical" ? "" : "+") : t.all));
    label.firstChild.checked = s === state.severity;
    return label;
  }));
  $("examples").replaceChildren(...t.asks.map(([query, range]) => el("button", { type: "button", title: query, onclick: () => { $("q").value = query; $("q-range").value = range; $("q-custom").hidden = true; runSearch(); } }, query)));
  $("help").replaceChildren(el("h2", { id: "help-title" }, t.keys), el("dl", {}, ...t.key_list.map(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)])), el("button", { type: "button", class: "primary", onclick: () => $("help").close() }, t.close));
  drawSources();
  drawList();
  drawFlow();
  drawFound();
}
function setSeverity(severity) {
  state.severity = severity;
  for (const label of $("severity-filter").querySelectorAll("label")) {
    label.firstChild.checked = label.firstChild.value === severity;
    label.classList.toggle("on", label.firstChild.checked);
  }
  loadAlerts();
}
function keyboard(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "radio" && event.target.type !== "checkbox";
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    else if (state.open) closeDetail();
    return;
  }
  if (typing) return;
  const inList = state.view === "alerts";
  const severity = ["", "low", "medium", "high", "critical"][Number(event.key) - 1];
  if (event.key === "/") { (inList ? $("f-text") : $("q")).focus(); event.preventDefault(); }
  else if (event.key === "?") $("help").showModal();
  else if (event.key === "g") { go(inList ? "search" : "alerts"); event.preventDefault(); }
  else if (!inList) return;
  else if (event.key === "j" || event.key === "ArrowDown") { move(1); event.preventDefault(); }
  else if (event.key === "k" || event.key === "ArrowUp") { move(-1); event.preventDefault(); }
  else if (event.key === "Enter" && state.selected && !/^(BUTTON|A)$/.test(event.target.tagName)) {
    const g = state.groups.find((one) => one.key === state.selected);
    if (g && g.members.some((m) => m.id === state.open)) closeDetail();
    else openGroup(state.selected);
  } else if (event.key === "s" && state.selected) { const g = state.groups.find((one) => one.key === state.selected); if (g) searchAround(g.members[0]); event.preventDefault(); }
  else if (severity !== undefined) setSeverity(severity);
}
function tick() {
  const at = new Date(now());
  const zone = -at.getTimezoneOffset();
  setText($("clock"), `${clockTime(at.getTime(), true).slice(5)} UTC${zone < 0 ? "−" : "+"}${Math.abs(zone / 60)}`);
  for (const g of state.groups.slice(0, 400)) { const row = state.rowOf.get(g.key); if (row) setText(row.cells[1].lastChild, ageText(g.members[0])); }
}

function wire() {
  $("language").addEventListener("click", () => { state.lang = state.lang === "zh" ? "en" : "zh"; localStorage.setItem("wardwatch.lang", state.lang); for (const alert of state.alerts.values()) alert.text = null; speak(); if (state.open) openAlert(state.open, "", state.members); });
  $("keys").addEventListener("click", () => $("help").showModal());
  for (const tab of document.querySelectorAll("[data-go]")) tab.addEventListener("click", () => go(tab.dataset.go));
  $("f-tenant").addEventListener("change", (e) => choose(e.target.value, ""));
  $("f-origin").addEventListener("change", (e) => { state.origin = e.target.value; loadAlerts(); });
  $("f-text").addEventListener("input", (e) => { state.text = e.target.value; drawList(); });
  $("f-fold").addEventListener("change", drawList);
  $("filters").addEventListener("submit", (e) => { e.preventDefault(); $("f-text").blur(); move(0); });
  $("older").addEventListener("click", () => { loadAlerts(true); });
  $("fresh").addEventListener("click", () => { $("alerts-list").scrollTop = 0; });
  $("alerts-list").addEventListener("scroll", () => { if (state.unseen && $("alerts-list").scrollTop <= 40) { state.unseen = 0; $("fresh").hidden = true; } });
  $("ask").addEventListener("submit", (e) => { e.preventDefault(); runSearch(); });
  $("q-range").addEventListener("change", (e) => { $("q-custom").hidden = e.target.value !== "custom"; if (e.target.value === "custom" && !$("q-from").value) { $("q-from").value = localInput(now() - 36e5); $("q-to").value = localInput(now()); } });
  $("q-all").addEventListener("change", drawFound);
  document.addEventListener("keydown", keyboard);
}
async function start() {
  // The one-time link is spent: it need not stay in the address bar and the history.
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);
  wire();
  speak();
  try {
    const answer = await get("/api/v1/sources");
    state.offset = Date.parse(answer.at) - Date.now();
    state.hospitals = answer.hospitals;
    $("demo").hidden = !answer.demo;
    speak();
    listen();
    await loadAlerts();
  } catch (fault) {
    if (!fault.problem || fault.problem.code !== "WW-0401") banner(faultText(fault));
  }
  const asked = new URLSearchParams(location.hash.slice(1));
  if (asked.get("alert")) openAlert(asked.get("alert"), asked.get("tenant"), []);
  if (asked.has("search")) { go("search"); $("q").value = asked.get("search"); runSearch(); }
  setInterval(tick, 1000);
  tick();
}
start();
