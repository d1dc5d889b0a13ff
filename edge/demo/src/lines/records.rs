//! Who reads what about patients: database audit and HIS application audit. No patient of these lines exists.

use crate::moment::Moment;
use crate::story::Step;
use serde_json::json;

struct Query<'q> {
    pri: u32,
    level: &'q str,
    client: String,
    host: &'q str,
    software: &'q str,
    db_user: &'q str,
    account: &'q str,
    rule: &'q str,
    rows: u32,
    sql: &'q str,
    table: &'q str,
    kind: &'q str,
}

fn audit(m: &mut Moment<'_>, q: &Query<'_>) -> String {
    let port = m.client_port();
    format!(
        "<{}>{} dba01 ORACLE: devsn=TY0000000001 gen_time={} session_id={} app_protocol=ORACLE level={} server_ip={} \
         client_ip={} server_port=1521 client_port={port} rule_name={} bizaccout={} direction=response \
         response_time={} error_code=0 block=no record_rows={} sql={} client_host={} library=OCI client_software={} \
         client_user=his db_user={} instance_name=orcl db_name=HIS table_name={} object_name= op_type={} cmd=1302",
        q.pri,
        m.bsd(),
        m.plain(),
        77_000_000 + m.serial(),
        q.level,
        m.server(1, 20),
        q.client,
        q.rule,
        q.account,
        2 + q.rows / 40,
        q.rows,
        q.sql,
        q.host,
        q.software,
        q.db_user,
        q.table,
        q.kind
    )
}

/// The HIS at work.
pub(super) fn database(m: &mut Moment<'_>) -> String {
    let visit = 20_000 + m.below(9_000);
    let client = m.server(1, 30);
    let (sql, table, kind) = match m.below(4) {
        0 => (format!("update orders set status = 'E' where order_no = {visit}"), "ORDERS", "UPDATE"),
        1 => (format!("insert into fee_item (visit_no, code) values ({visit}, 'A01')"), "FEE_ITEM", "INSERT"),
        2 => (format!("select result from lab_item where visit_no = {visit}"), "LAB_ITEM", "SELECT"),
        _ => (format!("select name, visit_no from outp_visit where visit_no = {visit}"), "OUTP_VISIT", "SELECT"),
    };
    let account = m.word(&["dr0421", "dr0533", "nurse117", "yf018"]);
    let query = Query {
        pri: 14,
        level: "low",
        client,
        host: "HISAPP01",
        software: "hisapp.exe",
        db_user: "HISAPP",
        account,
        rule: "ANY",
        rows: 1,
        sql: &sql,
        table,
        kind,
    };
    audit(m, &query)
}

/// Drug use by prescriber, and a patient table read whole.
pub(super) fn database_story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let base = Query {
        pri: 12,
        level: "urgent",
        client: "10.11.20.88".to_owned(),
        host: "PC-YXK-07",
        software: "plsqldev.exe",
        db_user: "REPORT",
        account: "",
        rule: "疑似统方",
        rows: 1_843,
        sql: "",
        table: "DRUG_PRESC_DETAIL",
        kind: "SELECT",
    };
    let query = match step {
        Step::DrugStatistics => Query {
            sql: "select ordered_by, drug_name, sum(quantity) qty, sum(costs) cost from drug_presc_detail d where \
                  firm_id = 'A' group by ordered_by, drug_name",
            ..base
        },
        Step::MassExport => Query {
            rule: "批量查询患者信息",
            rows: 52_000,
            sql: "select * from pat_visit where visit_date > sysdate - 365",
            table: "PAT_VISIT",
            ..base
        },
        _ => return None,
    };
    Some(audit(m, &query))
}

/// A doctor or pharmacist at work, with English keys.
pub(super) fn his(m: &mut Moment<'_>) -> String {
    let action = m.word(&["view", "view", "query", "update", "login", "logout", "print"]);
    let (user, dept, dept_name, person) = m.one(
        &[("0421", "0301", "心内科门诊", 1), ("0533", "0402", "普外科", 2), ("yf018", "0901", "门诊药房", 3)],
        ("0421", "0301", "心内科门诊", 1),
    );
    let patient = m.patient_of(person);
    json!({
        "his_audit_id": 90_000_000 + m.serial(), "op_time": m.plain(), "action": action, "user_id": user,
        "dept_code": dept, "dept_name": dept_name, "client_ip": m.desk_of(person), "workstation": "MZ-07", "module": "emr",
        "function_code": "EMR-VIEW", "patient_id": patient, "table_name": "EMR_DOC",
        "row_count": 1, "result": "success", "cost_ms": 20 + m.below(200), "app_server": "HISAPP01",
    })
    .to_string()
}

/// Somebody of the IT department looks at what is none of his business.
pub(super) fn his_story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let id = 90_000_000 + m.serial();
    let at = m.plain();
    let event = match step {
        Step::HisForeignLogin => json!({
            "his_audit_id": id, "op_time": at, "action": "login", "user_id": "0533", "client_ip": "203.0.113.66",
            "workstation": "-", "module": "outpatient", "result": "success", "app_server": "HISAPP01",
        }),
        Step::SelfGrant => json!({
            "his_audit_id": id, "op_time": at, "action": "grant", "user_id": "it007", "target_user": "it007",
            "privilege": "统方报表", "client_ip": "10.11.20.88", "module": "system", "result": "success",
        }),
        Step::DrugStatistics => json!({
            "his_audit_id": id, "op_time": at, "action": "statistics", "user_id": "it007", "dept_code": "9901",
            "dept_name": "信息科", "client_ip": "10.11.20.88", "workstation": "PC-YXK-07", "module": "report",
            "function_code": "RPT-0912", "report_name": "医生用药排名统计", "table_name": "DRUG_PRESC_DETAIL",
            "row_count": 1_843,
            "sql_text": "select ordered_by, drug_name, sum(quantity) from drug_presc_detail group by ordered_by, drug_name",
            "result": "success",
        }),
        Step::MassExport => json!({
            "his_audit_id": id, "op_time": at, "action": "export", "user_id": "it007", "dept_code": "9901",
            "client_ip": "10.11.20.88", "workstation": "PC-YXK-07", "module": "emr", "function_code": "EMR-EXP",
            "table_name": "PAT_VISIT", "row_count": 52_000, "file_name": "pat_visit.xlsx", "result": "success",
        }),
        _ => return None,
    };
    Some(event.to_string())
}

/// The same table at another hospital, with Chinese keys.
pub(super) fn his_zh(m: &mut Moment<'_>) -> String {
    let action = m.word(&["查看", "查询", "修改", "登录", "打印"]);
    let patient = m.patient_of(4);
    json!({
        "审计编号": (77_000 + m.serial()).to_string(), "操作时间": m.plain(), "操作类型": action, "工号": "0421",
        "科室": "产科门诊", "客户端IP": m.desk_of(4), "工作站": "产科三诊室", "患者ID": patient,
        "记录数": 1, "结果": "成功",
    })
    .to_string()
}

/// A list of patients leaves.
pub(super) fn his_zh_story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    (step == Step::MassExport).then(|| {
        json!({
            "审计编号": (77_000 + m.serial()).to_string(), "操作时间": m.plain(), "操作类型": "导出", "工号": "0611",
            "科室": "客户服务部", "客户端IP": "10.12.26.40", "工作站": "客服二台", "记录数": 8_400,
            "文件名": "新生儿家长名单.xlsx", "结果": "成功",
        })
        .to_string()
    })
}
