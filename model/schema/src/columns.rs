//! The typed columns.

/// A column that a pack may fill, by its place in [`COLUMNS`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ColumnId(pub u16);

/// What a column holds. It implies the conversion from a line's text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// An IPv4 or IPv6 address in canonical text.
    Ip,
    /// A port, 0-65535.
    Port,
    /// A whole number.
    Int,
    /// An instant in microseconds, UTC.
    Time,
}

/// One column: name, type, meaning, and its place in OCSF.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Column {
    /// Our name, the same in every class.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// The OCSF path (`ext.` and `health.` are our extension).
    pub ocsf: &'static str,
}

pub(crate) const fn column(name: &'static str, kind: Kind, meaning: &'static str, ocsf: &'static str) -> Column {
    Column { name, kind, meaning, ocsf }
}

impl ColumnId {
    /// The column; every `ColumnId` comes from [`find_column`], so this never misses in practice.
    pub fn column(self) -> Option<&'static Column> {
        COLUMNS.get(usize::from(self.0))
    }
}

/// Columns that the line itself gives to every row, whatever the pack. Not to be named in a pack's map.
pub const LINE_COLUMNS: &[Column] = &[
    column("event_id", Kind::Text, "receive_ms, node and journal_seq, 32 hexadecimal digits", "metadata.uid"),
    column("time", Kind::Time, "when it happened, by the line; null if the line does not say", "time"),
    column("time_received", Kind::Time, "when it was received", "metadata.logged_time"),
    column("source", Kind::Text, "the source's short name", "metadata.loggers"),
    column("pack", Kind::Text, "pack id and version that parsed the line", "metadata.product"),
    column("peer", Kind::Ip, "address of the sender as the socket saw it", "ext.peer"),
    column("parsed", Kind::Text, "whole, partly, unparsed or poison", "ext.parsed"),
    column("notes", Kind::Text, "short codes of what was odd, separated by blanks", "ext.notes"),
    column("unmapped", Kind::Text, "native fields without a column, as one JSON object", "unmapped"),
    column("raw", Kind::Text, "the line as received (bytes that are no text are replaced)", "raw_data"),
];

/// The column of this name that a pack may fill.
pub fn find_column(name: &str) -> Option<ColumnId> {
    COLUMNS.iter().position(|c| c.name == name).map(|at| ColumnId(at as u16))
}

/// Columns that packs fill, in the order in which the lake keeps them.
pub const COLUMNS: &[Column] = &[
    column("class_uid", Kind::Int, "OCSF class", "class_uid"),
    column("activity_id", Kind::Int, "OCSF activity within the class", "activity_id"),
    column("severity_id", Kind::Int, "OCSF severity 1-6", "severity_id"),
    column("status_id", Kind::Int, "1 success, 2 failure, 99 other", "status_id"),
    column("disposition_id", Kind::Int, "what the device did: 1 allowed, 2 blocked, 17 alert, 99 other", "disposition_id"),
    column("code", Kind::Text, "event code of the device", "metadata.event_code"),
    column("provider", Kind::Text, "component or log provider", "metadata.log_provider"),
    column("channel", Kind::Text, "log channel", "metadata.log_name"),
    column("record_no", Kind::Int, "record number in the channel", "metadata.sequence"),
    column("count", Kind::Int, "how many occurrences the device merged", "count"),
    column("message", Kind::Text, "message text", "message"),
    column("host", Kind::Text, "the device or system that reports", "device.hostname"),
    column("host_ip", Kind::Ip, "its address", "device.ip"),
    column("user", Kind::Text, "acting user", "actor.user.name"),
    column("user_domain", Kind::Text, "its domain", "actor.user.domain"),
    column("user_uid", Kind::Text, "its id", "actor.user.uid"),
    column("target_user", Kind::Text, "user acted upon", "user.name"),
    column("target_domain", Kind::Text, "its domain", "user.domain"),
    column("target_uid", Kind::Text, "its id", "user.uid"),
    column("logon_type_id", Kind::Int, "Windows logon type", "logon_type_id"),
    column("session_uid", Kind::Text, "session", "session.uid"),
    column("auth_protocol", Kind::Text, "authentication protocol", "auth_protocol"),
    column("group_name", Kind::Text, "group", "group.name"),
    column("privileges", Kind::Text, "privileges", "privileges"),
    column("proc_path", Kind::Text, "process image", "process.file.path"),
    column("proc_pid", Kind::Int, "process id", "process.pid"),
    column("proc_uid", Kind::Text, "process guid", "process.uid"),
    column("cmd_line", Kind::Text, "command line", "process.cmd_line"),
    column("cwd", Kind::Text, "working directory", "process.working_directory"),
    column("orig_name", Kind::Text, "original file name", "process.file.internal_name"),
    column("integrity", Kind::Text, "integrity level", "process.integrity"),
    column("parent_path", Kind::Text, "parent image", "process.parent_process.file.path"),
    column("parent_pid", Kind::Int, "parent process id", "process.parent_process.pid"),
    column("parent_cmd", Kind::Text, "parent command line", "process.parent_process.cmd_line"),
    column("target_proc_path", Kind::Text, "process acted upon", "process.file.path"),
    column("file_path", Kind::Text, "file", "file.path"),
    column("file_size", Kind::Int, "bytes", "file.size"),
    column("sha256", Kind::Text, "hash", "file.hashes"),
    column("md5", Kind::Text, "hash", "file.hashes"),
    column("imphash", Kind::Text, "import hash", "file.hashes"),
    column("reg_path", Kind::Text, "registry key or value", "reg_key.path"),
    column("reg_data", Kind::Text, "registry data", "reg_value.data"),
    column("script", Kind::Text, "script text", "script.script_content"),
    column("service", Kind::Text, "service name", "win_service.name"),
    column("service_path", Kind::Text, "service image", "win_service.path"),
    column("task", Kind::Text, "scheduled job", "job.name"),
    column("pipe", Kind::Text, "named pipe", "pipe"),
    column("src_ip", Kind::Ip, "source address", "src_endpoint.ip"),
    column("src_port", Kind::Port, "source port", "src_endpoint.port"),
    column("src_host", Kind::Text, "source name", "src_endpoint.hostname"),
    column("src_mac", Kind::Text, "source MAC", "src_endpoint.mac"),
    column("src_zone", Kind::Text, "source zone", "src_endpoint.zone"),
    column("src_nat_ip", Kind::Ip, "source after NAT", "src_endpoint.intermediate_ips"),
    column("dst_ip", Kind::Ip, "destination address", "dst_endpoint.ip"),
    column("dst_port", Kind::Port, "destination port", "dst_endpoint.port"),
    column("dst_host", Kind::Text, "destination name", "dst_endpoint.hostname"),
    column("dst_mac", Kind::Text, "destination MAC", "dst_endpoint.mac"),
    column("dst_zone", Kind::Text, "destination zone", "dst_endpoint.zone"),
    column("dst_nat_ip", Kind::Ip, "destination after NAT", "dst_endpoint.intermediate_ips"),
    column("proto", Kind::Int, "IANA protocol number", "connection_info.protocol_num"),
    column("app", Kind::Text, "application protocol", "app_name"),
    column("direction_id", Kind::Int, "1 inbound, 2 outbound, 3 lateral", "connection_info.direction_id"),
    column("flow_uid", Kind::Text, "flow id", "connection_info.uid"),
    column("bytes_in", Kind::Int, "bytes towards the source", "traffic.bytes_in"),
    column("bytes_out", Kind::Int, "bytes from the source", "traffic.bytes_out"),
    column("packets_in", Kind::Int, "packets towards the source", "traffic.packets_in"),
    column("packets_out", Kind::Int, "packets from the source", "traffic.packets_out"),
    column("duration_ms", Kind::Int, "milliseconds", "duration"),
    column("rule_uid", Kind::Text, "the device's own rule id", "finding_info.analytic.uid"),
    column("rule_name", Kind::Text, "the device's own rule name", "finding_info.analytic.name"),
    column("threat", Kind::Text, "what the device claims", "finding_info.title"),
    column("threat_class", Kind::Text, "the device's kind of threat", "finding_info.types"),
    column("attack_id", Kind::Text, "ATT&CK technique the device claims", "attacks.technique.uid"),
    column("attack_stage", Kind::Text, "stage of the attack the device claims", "ext.attack_stage"),
    column("attack_result", Kind::Text, "result the device claims (success, failure, attempt)", "ext.attack_result"),
    column("confidence_id", Kind::Int, "1 low, 2 medium, 3 high", "confidence_id"),
    column("excerpt", Kind::Text, "payload excerpt the device sent", "ext.excerpt"),
    column("dns_query", Kind::Text, "name asked for", "query.hostname"),
    column("dns_type", Kind::Text, "record type", "query.type"),
    column("dns_answers", Kind::Text, "answers", "answers.rdata"),
    column("dns_rcode", Kind::Text, "answer code", "rcode"),
    column("url", Kind::Text, "URL or path with query", "http_request.url.url_string"),
    column("url_host", Kind::Text, "host of the URL", "http_request.url.hostname"),
    column("method", Kind::Text, "HTTP method", "http_request.http_method"),
    column("http_status", Kind::Int, "HTTP status", "http_response.code"),
    column("user_agent", Kind::Text, "user agent", "http_request.user_agent"),
    column("referrer", Kind::Text, "referrer", "http_request.referrer"),
    column("sni", Kind::Text, "TLS server name", "tls.sni"),
    column("ja3", Kind::Text, "TLS client fingerprint", "tls.ja3_hash"),
    column("ja4", Kind::Text, "TLS client fingerprint", "tls.ja4_fingerprint_list"),
    column("mail_from", Kind::Text, "sender", "email.from"),
    column("mail_to", Kind::Text, "recipients", "email.to"),
    column("mail_subject", Kind::Text, "subject", "email.subject"),
    column("db_name", Kind::Text, "database", "database.name"),
    column("db_table", Kind::Text, "table", "table.name"),
    column("sql", Kind::Text, "statement", "query_info.query_string"),
    column("db_rows", Kind::Int, "rows given or changed", "query_result_count"),
    column("patient", Kind::Text, "patient token", "health.patient.uid"),
    column("encounter", Kind::Text, "encounter token", "health.encounter.uid"),
    column("study", Kind::Text, "imaging study", "health.study.uid"),
    column("called_ae", Kind::Text, "DICOM called AE title", "health.called_ae"),
    column("calling_ae", Kind::Text, "DICOM calling AE title", "health.calling_ae"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_found_again() {
        let names: BTreeSet<_> = COLUMNS.iter().chain(LINE_COLUMNS).map(|c| c.name).collect();
        assert_eq!(names.len(), COLUMNS.len() + LINE_COLUMNS.len());
        for column in COLUMNS {
            assert_eq!(find_column(column.name).and_then(ColumnId::column), Some(column));
        }
        assert_eq!(find_column("no_such_column"), None);
    }
}
