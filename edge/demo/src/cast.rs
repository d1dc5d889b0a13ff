//! Who plays: three hospitals that do not exist, their devices, and how each device's lines travel.
//!
//! All names are invented; addresses are private or reserved for documentation (RFC 5737, RFC 1918).

/// A device of the play and the format it writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Device {
    /// FortiGate firewall, key-value syslog.
    FortiGate,
    /// Huawei USG firewall.
    Usg,
    /// Sangfor SIP: network analysis, JSON in its own frame.
    Sip,
    /// SafeLine web application firewall, JSON in RFC 5424.
    Waf,
    /// Sangfor SSL VPN.
    Vpn,
    /// LegendSec bastion, key-value in GBK.
    Bastion,
    /// Venustech database audit.
    DbAudit,
    /// HIS application audit, JSON with English keys.
    His,
    /// HIS application audit, JSON with Chinese keys.
    HisZh,
    /// Windows events in the shape of the evtx crate.
    Windows,
    /// Linux sshd and sudo.
    Linux,
    /// nginx combined access log.
    Nginx,
    /// Suricata EVE JSON.
    Suricata,
}

impl Device {
    /// The pack that reads its lines.
    pub fn pack(self) -> &'static str {
        match self {
            Self::FortiGate => "fortinet/fortigate",
            Self::Usg => "huawei/usg",
            Self::Sip => "sangfor/sip",
            Self::Waf => "chaitin/safeline",
            Self::Vpn => "sangfor/sslvpn",
            Self::Bastion => "legendsec/bastion",
            Self::DbAudit => "venustech/dbaudit",
            Self::His | Self::HisZh => "wardwatch/his-audit",
            Self::Windows => "microsoft/windows",
            Self::Linux => "linux/auth",
            Self::Nginx => "nginx/nginx",
            Self::Suricata => "oisf/suricata",
        }
    }
}

/// How lines travel; the words are those of `wardwatch send --via`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Syslog over UDP.
    Udp,
    /// Syslog over TCP, a line feed after each line.
    Tcp,
    /// Syslog over TCP, octet-counted.
    Counted,
    /// Syslog over TLS.
    Tls,
    /// RELP; by rsyslog where it is installed.
    Relp,
    /// NDJSON over HTTP.
    Http,
    /// Elasticsearch `_bulk`.
    Bulk,
}

impl Way {
    /// The word for `--via`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Counted => "counted",
            Self::Tls => "tls",
            Self::Relp => "relp",
            Self::Http => "http",
            Self::Bulk => "bulk",
        }
    }

    /// The kind of listener that takes it.
    pub fn listener(self) -> &'static str {
        match self {
            Self::Counted => "tcp",
            Self::Bulk => "http",
            other => other.word(),
        }
    }

    /// Whether a token says who sends, rather than the port.
    pub fn has_token(self) -> bool {
        matches!(self, Self::Http | Self::Bulk)
    }
}

/// A source of a hospital.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Short name.
    pub slug: &'static str,
    /// Chinese name.
    pub name: &'static str,
    /// What it is.
    pub device: Device,
    /// How its lines travel.
    pub way: Way,
    /// Its part of the whole rate.
    pub weight: u32,
}

/// A hospital.
#[derive(Clone, Copy, Debug)]
pub struct Hospital {
    /// Short name.
    pub slug: &'static str,
    /// Chinese name.
    pub name: &'static str,
    /// English name.
    pub name_en: &'static str,
    /// Prefix of its device names, and its Windows domain.
    pub prefix: &'static str,
    /// Second octet of its addresses: `10.<net>.0.0/16` for servers, `10.<net + 10>` for wards.
    pub net: u8,
    /// Its sources.
    pub sources: &'static [Source],
}

const fn source(slug: &'static str, name: &'static str, device: Device, way: Way, weight: u32) -> Source {
    Source { slug, name, device, way, weight }
}

/// The cast.
pub const HOSPITALS: &[Hospital] = &[
    Hospital {
        slug: "qinghe",
        name: "青禾市第一人民医院",
        name_en: "Qinghe First People's Hospital",
        prefix: "QH",
        net: 1,
        sources: &[
            source("fw", "出口防火墙", Device::FortiGate, Way::Udp, 400),
            source("ips", "核心区入侵检测", Device::Suricata, Way::Bulk, 120),
            source("waf", "门户网站防护", Device::Waf, Way::Counted, 50),
            source("web", "预约挂号网站", Device::Nginx, Way::Relp, 100),
            source("windows", "域控与应用服务器", Device::Windows, Way::Http, 120),
            source("dbaudit", "HIS 数据库审计", Device::DbAudit, Way::Tcp, 100),
            source("his", "HIS 应用审计", Device::His, Way::Http, 50),
            source("bastion", "运维堡垒机", Device::Bastion, Way::Tcp, 10),
        ],
    },
    Hospital {
        slug: "wangshu",
        name: "望舒妇女儿童医院",
        name_en: "Wangshu Women's and Children's Hospital",
        prefix: "WS",
        net: 2,
        sources: &[
            source("usg", "边界防火墙", Device::Usg, Way::Udp, 140),
            source("sip", "安全感知平台", Device::Sip, Way::Tcp, 1),
            source("vpn", "SSL VPN", Device::Vpn, Way::Counted, 10),
            source("web", "互联网医院", Device::Nginx, Way::Relp, 80),
            source("his", "HIS 应用审计", Device::HisZh, Way::Bulk, 30),
        ],
    },
    Hospital {
        slug: "yunqi",
        name: "云栖县中医医院",
        name_en: "Yunqi County Hospital of Chinese Medicine",
        prefix: "YQ",
        net: 3,
        sources: &[
            source("usg", "防火墙", Device::Usg, Way::Udp, 40),
            source("lis", "LIS 服务器", Device::Linux, Way::Tls, 10),
        ],
    },
];

/// The rate is spread over this many parts.
pub fn weights() -> u32 {
    HOSPITALS.iter().flat_map(|h| h.sources).map(|s| s.weight).sum()
}
