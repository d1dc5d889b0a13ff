//! Whole packs: a firewall, an IPS with a bracket, an IDS in JSON, a bastion in GBK.

use crate::packs::{BASTION, FORTIGATE, SURICATA, USG, compile};
use crate::show::{columns, fields, look};

const TRAFFIC: &str = r#"<189>date=2026-11-25 time=09:59:58 devname="FW-1" devid="FGT60X0000000001" eventtime=1795571998123456789 tz="+0800" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=10.1.2.3 srcport=51234 srcintfrole="lan" dstip=203.0.113.9 dstport=443 policyid=16 proto=6 action="close" duration=5 sentbyte=3357 rcvdbyte=459 user="" comment="say \"hi\" now""#;

#[test]
fn a_firewall_session() {
    let pack = compile(FORTIGATE);
    let seen = look(&pack, TRAFFIC);
    assert_eq!(seen.parsed, "whole", "{:?}", seen.notes);
    assert_eq!(seen.case.as_deref(), Some("type=traffic"));
    assert_eq!(
        columns(&seen),
        "class_uid=4001 ¦ activity_id=6 ¦ severity_id=2 ¦ disposition_id=1 ¦ code=0000000013 ¦ host=FW-1 ¦ \
         src_ip=10.1.2.3 ¦ src_port=51234 ¦ src_zone=lan ¦ dst_ip=203.0.113.9 ¦ dst_port=443 ¦ proto=6 ¦ bytes_in=459 ¦ \
         bytes_out=3357 ¦ duration_ms=5000 ¦ rule_uid=16"
    );
    assert_eq!(
        seen.unmapped,
        r#"{"devid":"FGT60X0000000001","type":"traffic","subtype":"forward","level":"notice","vd":"root","action":"close","duration":"5","comment":"say \"hi\" now"}"#
    );
    assert_eq!(seen.time.unwrap().to_string(), "2026-11-25T01:59:58.123456Z");
    assert_eq!(seen.notes, Vec::<String>::new());
}

#[test]
fn an_ips_line_with_brackets_in_a_signature_and_a_blank_after_the_percents() {
    let pack = compile(USG);
    let line = "<188>Nov 25 2026 10:00:01 FW-2 %%01IPS/4/DETECT(l):CID=0x814f041e;An intrusion was detected (see log). (SyslogId=1, VSys=\"public\", Policy=\"test\", SrcIp=10.1.1.1, DstIp=10.2.2.2, SrcPort=5678, DstPort=1025, SrcZone=trust, SignName=\"Tool (beta), v2\", SignId=19740, Action=Alert)";
    let seen = look(&pack, line);
    assert_eq!(
        columns(&seen),
        "class_uid=2004 ¦ activity_id=1 ¦ severity_id=3 ¦ disposition_id=17 ¦ code=DETECT ¦ provider=IPS ¦ host=FW-2 ¦ \
         src_ip=10.1.1.1 ¦ src_port=5678 ¦ src_zone=trust ¦ dst_ip=10.2.2.2 ¦ dst_port=1025 ¦ rule_uid=19740 ¦ \
         rule_name=test ¦ threat=Tool (beta), v2",
        "{}",
        fields(&seen)
    );
    let line = "<190>2026-11-25 10:00:02 NIP %% 01 POLICY/6/POLICYPERMIT(l): vsys=public, protocol=6, source-ip=10.1.1.1, source-port=9, destination-ip=10.2.2.2, rule-name=allow.";
    let seen = look(&pack, line);
    assert_eq!(
        columns(&seen),
        "class_uid=4001 ¦ activity_id=6 ¦ severity_id=1 ¦ disposition_id=1 ¦ code=POLICYPERMIT ¦ provider=POLICY ¦ host=NIP ¦ \
         src_ip=10.1.1.1 ¦ src_port=9 ¦ dst_ip=10.2.2.2 ¦ rule_name=allow"
    );
    assert_eq!(seen.time.unwrap().to_string(), "2026-11-25T02:00:02.000000Z");
    assert_eq!(seen.time_note, "zone_assumed");
}

#[test]
fn suricata_alerts_and_answers() {
    let pack = compile(SURICATA);
    let line = r#"{"timestamp":"2026-11-25T10:00:00.123456+0800","flow_id":123456789012345,"event_type":"alert","src_ip":"10.1.1.1","src_port":51000,"dest_ip":"2001:DB8::1","dest_port":80,"proto":"TCP","alert":{"action":"allowed","signature_id":2010935,"signature":"SCAN \u4e2d","severity":2,"metadata":{"mitre_technique_id":["T1046","T1595"]}},"http":{"hostname":"portal.example","url":"\/a?b=c","length":null,"ok":true}}"#;
    let seen = look(&pack, line);
    assert_eq!(
        columns(&seen),
        "class_uid=2004 ¦ activity_id=1 ¦ severity_id=3 ¦ disposition_id=1 ¦ src_ip=10.1.1.1 ¦ src_port=51000 ¦ \
         dst_ip=2001:db8::1 ¦ dst_port=80 ¦ proto=6 ¦ flow_uid=123456789012345 ¦ rule_uid=2010935 ¦ threat=SCAN 中 ¦ \
         attack_id=T1046 ¦ url=/a?b=c ¦ url_host=portal.example"
    );
    assert_eq!(
        seen.unmapped,
        r#"{"event_type":"alert","dest_ip":"2001:DB8::1","proto":"TCP","alert.action":"allowed","alert.severity":2,"alert.metadata.mitre_technique_id":["T1046","T1595"],"http.ok":true}"#
    );
    let line = r#"{"timestamp":"2026-11-25T02:00:00Z","event_type":"dns","src_ip":"10.1.1.1","dest_ip":"10.1.1.2","dns":{"type":"answer","queries":[{"rrname":"a.example","rrtype":"A"},{"rrname":"b.example","rrtype":"AAAA"}],"answers":[{"rdata":"192.0.2.1"},{"rdata":"192.0.2.2"}]}}"#;
    let seen = look(&pack, line);
    assert_eq!(
        columns(&seen),
        "class_uid=4003 ¦ activity_id=2 ¦ src_ip=10.1.1.1 ¦ dst_ip=10.1.1.2 ¦ dns_query=a.example ¦ dns_type=A ¦ \
         dns_answers=192.0.2.1, 192.0.2.2"
    );
}

fn bastion_line() -> Vec<u8> {
    let text = "<133>Nov 25 10:00:00 bastion-1 AUDIT|!2026年11月25日 10时00分00秒|!zhangsan(张三)|!10.9.8.7|!核心库(10.2.3.4)|!SSH|!命令越权|!通过【root】执行命令：rm -rf /data，结果：拒绝";
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn a_bastion_in_gbk() {
    let pack = compile(BASTION);
    let line = bastion_line();
    let seen = look(&pack, &line);
    assert_eq!(
        columns(&seen),
        "class_uid=2004 ¦ activity_id=1 ¦ status_id=2 ¦ user=zhangsan ¦ target_user=root ¦ cmd_line=rm -rf /data ¦ \
         src_ip=10.9.8.7 ¦ dst_ip=10.2.3.4 ¦ app=ssh ¦ threat=命令越权",
        "{}",
        fields(&seen)
    );
    assert_eq!(seen.notes, ["charset_gb18030"]);
    assert_eq!(seen.time.unwrap().to_string(), "2026-11-25T02:00:00.000000Z");
    // Ranges are those of the raw bytes, whatever the decoding did.
    for name in ["目标", "类型", "内容", "cmd"] {
        let field = seen.fields.iter().find(|f| f.name == name).unwrap();
        let raw = &line[field.start as usize..field.end as usize];
        assert_eq!(encoding_rs::GB18030.decode_without_bom_handling(raw).0, field.value, "{name}");
    }
}
