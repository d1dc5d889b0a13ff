//! The packs that tests parse with: the manifests are written as a pack's author would.

use std::sync::Arc;
use wardwatch_pack::{Pack, PackFiles};

pub fn compile(manifest: &str) -> Arc<Pack> {
    match Pack::compile(&PackFiles::of("test/pack.toml", manifest)) {
        Ok(pack) => Arc::new(pack),
        Err(fault) => panic!("{fault}"),
    }
}

/// A pack with this `[body]` and nothing mapped.
pub fn with_body(body: &str) -> Arc<Pack> {
    compile(&format!(
        "pack = {{ id = 'test/body', format = 1 }}\ninput = {{ header = 'none' }}\nbody = {body}\n"
    ))
}

pub const FORTIGATE: &str = r#"
pack = { id = 'fortinet/fortigate', title = 'FortiGate firewall', title_zh = '飞塔防火墙', format = 1 }
input = { header = 'syslog', charset = 'auto' }
match = { all = [{ contains = 'devid=' }, { contains = 'logid=' }] }
body = { kind = 'kv', pair = '=', sep = [' ', ','], quote = '"' }
time = { from = ['eventtime', 'date+time'], formats = ['epoch_auto', '%Y-%m-%d %H:%M:%S'], zone = 'field:tz' }
sigma = { product = 'fortigate', category = 'firewall' }
map = [
  { host = ['devname', '@header.host'], code = 'logid', rule_uid = 'policyid', user = ['user', 'unauthuser'] },
  { src_ip = 'srcip', src_port = 'srcport', dst_ip = 'dstip', dst_port = 'dstport', proto = 'proto', src_zone = 'srcintfrole' },
  { bytes_out = 'sentbyte', bytes_in = 'rcvdbyte', duration_ms = { from = 'duration', as = 'sec' } },
  { severity_id = { from = 'level', map = 'level' }, disposition_id = { from = ['utmaction', 'action'], map = 'action' } },
]
case = [
  { when = { field = 'type', is = 'traffic' }, class = 4001, activity = 6 },
  { when = { field = 'type', in = ['utm', 'anomaly'] }, class = 2004, activity = 1, sigma = { category = 'ids' }, map = { threat = ['attack', 'virus', 'msg'], rule_uid = 'attackid', url = 'url', url_host = 'hostname' } },
  { when = { field = 'logid', in = ['0101039424', '0101039426'] }, class = 3002, activity = 1, map = { src_ip = 'remip', status_id = { from = 'action', map = 'vpn' } } },
]
expect = { required = ['src_ip'] }
identity = { key = ['devname', 'eventtime', 'logid'] }
[value]
level = { emergency = 6, alert = 5, critical = 5, error = 4, warning = 3, notice = 2, information = 1 }
action = { accept = 1, close = 1, client-rst = 1, deny = 2, dropped = 2, blocked = 2 }
vpn = { tunnel-up = 1, ssl-login-fail = 2 }
"#;

pub const USG: &str = r#"
pack = { id = 'huawei/usg', title = 'Huawei USG / NIP', title_zh = '华为防火墙', format = 1 }
input = { header = 'syslog', zone = 'source' }
match = { any = [{ contains = '%%01' }, { contains = '%% 01' }] }
body = { kind = 'dissect', template = '%% %{ver:2} %{module}/%{sev}/%{mnemonic}(%{kind})%{?seq}: %{text}' }
sub = [{ from = 'text', kind = 'kv', open = '(', close = ')', trim_end = '.', optional = true, pair = ['=', ':'], sep = [', ', ';', ','] }]
time = { from = '@header.time' }
map = [
  { host = '@header.host', provider = 'module', code = 'mnemonic', rule_name = ['Policy', 'rule-name'], severity_id = { from = 'sev', map = 'sev' } },
  { src_ip = ['SrcIp', 'source-ip', 'SourceIP'], src_port = ['SrcPort', 'source-port', 'SourcePort'], src_zone = ['SrcZone', 'source-zone'] },
  { dst_ip = ['DstIp', 'destination-ip', 'DestinationIP'], dst_port = ['DstPort', 'destination-port', 'DestinationPort'] },
]
case = [
  { when = { field = 'module', in = ['IPS', 'AV', 'URL', 'ANTI-APT'] }, class = 2004, activity = 1, map = { threat = ['SignName', 'ViruName', 'ThreatName'], rule_uid = 'SignId', disposition_id = { from = 'Action', map = 'act' } } },
  { when = { field = 'mnemonic', in = ['POLICYPERMIT', 'POLICYDENY', 'SESSION_TEARDOWN'] }, class = 4001, activity = 6, map = { disposition_id = { from = 'mnemonic', map = 'act' } } },
]
[value]
sev = { 0 = 6, 1 = 5, 2 = 5, 3 = 4, 4 = 3, 5 = 2, 6 = 1, 7 = 1 }
act = { POLICYPERMIT = 1, POLICYDENY = 2, Block = 2, Alert = 17 }
"#;

pub const SURICATA: &str = r#"
pack = { id = 'oisf/suricata', title = 'Suricata EVE', format = 1 }
match = { all = [{ json_key = 'event_type' }, { json_key = 'src_ip' }] }
body = { kind = 'json' }
time = { from = 'timestamp', formats = ['iso'] }
map = [
  { src_ip = 'src_ip', src_port = 'src_port', dst_ip = 'dest_ip', dst_port = 'dest_port', proto = { from = 'proto', map = 'proto' } },
  { flow_uid = ['community_id', 'flow_id'], app = 'app_proto', url = 'http.url', url_host = 'http.hostname', sni = 'tls.sni', ja4 = 'tls.ja4' },
]
case = [
  { when = { field = 'event_type', is = 'alert' }, class = 2004, activity = 1, map = { threat = 'alert.signature', rule_uid = 'alert.signature_id', attack_id = 'alert.metadata.mitre_technique_id[0]', severity_id = { from = 'alert.severity', map = 'sev' }, disposition_id = { from = 'alert.action', map = 'act' } } },
  { when = { field = 'event_type', is = 'dns' }, class = 4003, activity = { from = 'dns.type', map = 'dns' }, map = { dns_query = ['dns.rrname', 'dns.queries[0].rrname'], dns_type = ['dns.rrtype', 'dns.queries[0].rrtype'], dns_answers = 'dns.answers[*].rdata' } },
  { when = { field = 'event_type', is = 'http' }, class = 4002, activity = { from = 'http.http_method', map = 'method' }, map = { http_status = 'http.status', user_agent = 'http.http_user_agent' } },
  { when = { field = 'event_type', in = ['flow', 'netflow', 'tls'] }, class = 4001, activity = 6, map = { bytes_out = 'flow.bytes_toserver', bytes_in = 'flow.bytes_toclient' } },
]
[value]
proto = { TCP = 6, UDP = 17, ICMP = 1, IPv6-ICMP = 58 }
dns = { query = 1, request = 1, answer = 2, response = 2 }
method = { GET = 3, POST = 6, PUT = 7 }
sev = { 1 = 4, 2 = 3, 3 = 2 }
act = { allowed = 1, blocked = 2 }
"#;

pub const BASTION: &str = r#"
pack = { id = 'example/bastion-zh', title = 'Bastion host, delimited, GBK', title_zh = '堡垒机（分隔符）', format = 1 }
input = { header = 'syslog', charset = 'gb18030', zone = 'Asia/Shanghai' }
match = { all = [{ contains = 'AUDIT|!' }] }
body = { kind = 'csv', sep = '|!', columns = ['tag', '时间', '操作人', '来源IP', '目标', '协议', '类型', '内容'] }
sub = [{ from = '内容', kind = 'dissect', template = '通过【%{account}】执行命令：%{cmd}，结果：%{result}', optional = true }]
time = { from = '时间', formats = ['%Y-%m-%d %H:%M:%S', '%Y年%m月%d日 %H时%M分%S秒'] }
map = [
  { user = { from = '操作人', as = "before:'('" }, target_user = 'account', src_ip = '来源IP', app = { from = '协议', as = 'lower' } },
  { dst_ip = { from = '目标', as = ["after:'('", "before:')'"], or = '目标' }, status_id = { from = 'result', map = 'ok' } },
]
case = [
  { when = { field = '类型', in = ['登录', '登陆'] }, class = 3002, activity = 1 },
  { when = { field = '类型', is = '命令' }, class = 1007, activity = 1, map = { cmd_line = 'cmd' } },
  { when = { field = '类型', is = '命令越权' }, class = 2004, activity = 1, map = { cmd_line = 'cmd', threat = '类型' } },
]
mask = { cmd_line = 'secret' }
expect = { required = ['user', 'src_ip', 'dst_ip'] }
[value]
ok = { '成功' = 1, '失败' = 2, '拒绝' = 2 }
"#;
