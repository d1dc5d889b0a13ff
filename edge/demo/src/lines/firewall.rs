//! FortiGate (key-value) and Huawei USG (`%%01MODULE/severity/MNEMONIC`).

use crate::moment::Moment;
use crate::story::Step;

const SERVICES: &[(&str, u32, u32)] =
    &[("HTTPS", 443, 6), ("HTTP", 80, 6), ("DNS", 53, 17), ("NTP", 123, 17), ("SMTPS", 465, 6)];

fn head(m: &Moment<'_>, pri: u32) -> String {
    format!(
        "<{pri}>date={} time={} devname=\"{}-FW1\" devid=\"FGT60FTK00000001\" eventtime={} tz=\"+0800\"",
        m.day(),
        m.clock(),
        m.hospital.prefix,
        m.at.as_micros() * 1_000
    )
}

/// A session through the FortiGate.
pub(super) fn fortigate(m: &mut Moment<'_>) -> String {
    if m.below(12) == 0 {
        return fortigate_denied(m);
    }
    let (src, dst, port) = (m.desk(), m.outside(), m.client_port());
    let (service, dst_port, proto) = m.one(SERVICES, ("HTTPS", 443, 6));
    let (sent, received, duration) = (300 + m.below(9_000), 400 + m.below(90_000), 1 + m.below(120));
    format!(
        "{} logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" vd=\"root\" srcip={src} \
         srcport={port} srcintf=\"lan\" srcintfrole=\"lan\" dstip={dst} dstport={dst_port} dstintf=\"wan1\" \
         dstintfrole=\"wan\" sessionid={} proto={proto} action=\"close\" policyid=16 policyname=\"office-out\" \
         service=\"{service}\" trandisp=\"snat\" transip=203.0.113.9 duration={duration} sentbyte={sent} \
         rcvdbyte={received} sentpkt={} rcvdpkt={} app=\"{service}\"",
        head(m, 189),
        m.serial(),
        sent / 300 + 2,
        received / 900 + 2
    )
}

fn fortigate_denied(m: &mut Moment<'_>) -> String {
    let (src, port) = (m.outside(), m.client_port());
    let dst_port = m.one(&[22, 23, 445, 1433, 3389, 8080], 445);
    format!(
        "{} logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"notice\" vd=\"root\" srcip={src} \
         srcport={port} srcintf=\"wan1\" srcintfrole=\"wan\" dstip={} dstport={dst_port} dstintf=\"dmz\" \
         dstintfrole=\"dmz\" sessionid={} proto=6 action=\"deny\" policyid=0 service=\"tcp/{dst_port}\" duration=0 \
         sentbyte=0 rcvdbyte=0",
        head(m, 189),
        m.server(1, 30),
        m.serial()
    )
}

/// An IPS record of the FortiGate.
pub(super) fn fortigate_alarm(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let (src, dst, dst_port, attack, id, action, level) = match step {
        Step::Jndi => (
            "203.0.113.66".to_owned(),
            m.server(1, 30),
            8080,
            "Apache.Log4j.Error.Log.Remote.Code.Execution",
            51_006,
            "dropped",
            "critical",
        ),
        Step::Beacon => (
            "10.11.20.88".to_owned(),
            "203.0.113.200".to_owned(),
            443,
            "Backdoor.Cobalt.Strike",
            49_842,
            "detected",
            "high",
        ),
        _ => return None,
    };
    let port = m.client_port();
    Some(format!(
        "{} logid=\"0419016384\" type=\"utm\" subtype=\"ips\" eventtype=\"signature\" level=\"alert\" vd=\"root\" \
         severity=\"{level}\" srcip={src} srccountry=\"Reserved\" dstip={dst} srcintf=\"lan\" dstintf=\"wan1\" \
         sessionid={} action=\"{action}\" proto=6 service=\"HTTPS\" policyid=7 attack=\"{attack}\" srcport={port} \
         dstport={dst_port} direction=\"outgoing\" attackid={id} profile=\"protect\" incidentserialno={} \
         msg=\"applications3: {attack}\"",
        head(m, 185),
        m.serial(),
        m.serial()
    ))
}

/// A policy decision or a session's end at the USG.
pub(super) fn usg(m: &mut Moment<'_>) -> String {
    let (src, port) = (m.desk(), m.client_port());
    let head = |m: &Moment<'_>| format!("<190>{} {}-USG1", m.bsd_with_year(), m.hospital.prefix);
    let slashed = |m: &Moment<'_>| m.plain().replace('-', "/");
    match m.below(6) {
        0 => {
            let dst_port = m.one(&[135, 137, 445, 3389, 6379], 445);
            format!(
                "{} %%01POLICY/6/POLICYDENY(l):vsys=public, protocol=17, source-ip={src}, source-port={port}, \
                 destination-ip={}, destination-port={dst_port}, time={}, source-zone=guest, destination-zone=srv, \
                 application-name=, rule-name=default.",
                head(m),
                m.server(1, 20),
                slashed(m)
            )
        }
        1 | 2 => {
            let (dst, end) = (m.outside(), m.at.as_secs());
            let (sent, received) = (400 + m.below(8_000), 900 + m.below(80_000));
            format!(
                "{} %%01SECLOG/6/SESSION_TEARDOWN(l):IPVer=4,Protocol=tcp,SourceIP={src},DestinationIP={dst},\
                 SourcePort={port},DestinationPort=443,BeginTime={},EndTime={end},SendPkts={},SendBytes={sent},\
                 RcvPkts={},RcvBytes={received},SourceVpnID=0,DestinationVpnID=0,SourceZone=trust,\
                 DestinationZone=untrust,PolicyName=office-out,CloseReason=tcp-fin.",
                head(m),
                end - 20,
                sent / 300 + 2,
                received / 900 + 2
            )
        }
        _ => format!(
            "{} %%01POLICY/6/POLICYPERMIT(l):vsys=public, protocol=6, source-ip={src}, source-port={port}, \
             destination-ip={}, destination-port=443, time={}, source-zone=trust, destination-zone=dmz, \
             application-name=, rule-name=clinic-to-his.",
            head(m),
            m.server(1, 30),
            slashed(m)
        ),
    }
}

/// An exploit that the USG's IPS blocks.
pub(super) fn usg_alarm(m: &mut Moment<'_>, step: Step) -> Option<String> {
    if step != Step::Exploit {
        return None;
    }
    let (name, id, port, cve) = m.one(
        &[
            ("SMB EternalBlue (MS17-010) buffer overflow", 371_110, 445, "CVE-2017-0144"),
            ("Apache Struts2 remote code execution", 340_620, 8080, "CVE-2017-5638"),
        ],
        ("SMB EternalBlue (MS17-010) buffer overflow", 371_110, 445, "CVE-2017-0144"),
    );
    let src_port = m.client_port();
    Some(format!(
        "<188>{} {}-USG1 %%01IPS/4/DETECT(l):An intrusion was detected. (SyslogId={}, VSys=\"public\", \
         Policy=\"office-out\", SrcIp=203.0.113.66, DstIp={}, SrcPort={src_port}, DstPort={port}, SrcZone=untrust, \
         DstZone=trust, User=\"unknown\", Protocol=TCP, Application=\"SMB\", Profile=\"hwips\", SignName=\"{name}\", \
         SignId={id}, EventNum={}, Target=server, Severity=high, Os=windows, Category=Overflow, Reference={cve}, \
         Action=Block)",
        m.bsd_with_year(),
        m.hospital.prefix,
        m.serial(),
        m.server(1, 30),
        1 + m.written % 4
    ))
}
