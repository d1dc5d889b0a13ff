//! The columns of dataset `alerts`: one row per claim, enough to give the alert back without loss.

use crate::columns::column;
use crate::{Column, Kind};

/// Columns of dataset `alerts`, in the order in which the lake keeps them. `vendor_` columns are the device's own words;
/// null there means "not sent". Entities have columns of their own where a reader looks for them first.
pub const ALERT_COLUMNS: &[Column] = &[
    column("id", Kind::Text, "hash of rule, version and event, 32 hexadecimal digits", "finding_info.uid"),
    column("event_id", Kind::Text, "the line it is about, 32 hexadecimal digits", "finding_info.related_events"),
    column("time", Kind::Time, "when it happened, by the line", "time"),
    column("time_received", Kind::Time, "when the line was received", "metadata.logged_time"),
    column("source", Kind::Text, "the source's short name", "metadata.loggers"),
    column("source_id", Kind::Text, "the source's id, 32 hexadecimal digits", "ext.source_id"),
    column("origin", Kind::Text, "device, rule, baseline, indicator, decoy or person", "ext.origin"),
    column("severity", Kind::Text, "info, low, medium, high or critical", "severity"),
    column("title", Kind::Text, "what is claimed", "finding_info.title"),
    column("rule_id", Kind::Text, "the rule; null for a device's alarm", "finding_info.analytic.uid"),
    column("rule_version", Kind::Text, "hash of the rule's text", "finding_info.analytic.version"),
    column("rule_title", Kind::Text, "the rule's title", "finding_info.analytic.name"),
    column("level", Kind::Text, "the rule's level", "ext.level"),
    column("tags", Kind::Text, "the rule's tags, separated by blanks", "ext.tags"),
    column("host", Kind::Text, "the device or system that reports", "device.hostname"),
    column("host_ip", Kind::Ip, "its address", "device.ip"),
    column("user", Kind::Text, "acting user", "actor.user.name"),
    column("src_ip", Kind::Ip, "source address", "src_endpoint.ip"),
    column("dst_ip", Kind::Ip, "destination address", "dst_endpoint.ip"),
    column("vendor_rule_uid", Kind::Text, "the device's rule id", "ext.vendor.rule_uid"),
    column("vendor_rule_name", Kind::Text, "the device's rule name", "ext.vendor.rule_name"),
    column("vendor_threat", Kind::Text, "what the device claims", "ext.vendor.threat"),
    column("vendor_threat_class", Kind::Text, "the device's kind of threat", "ext.vendor.threat_class"),
    column("vendor_attack_id", Kind::Text, "ATT&CK technique the device claims", "ext.vendor.attack_id"),
    column("vendor_severity_id", Kind::Int, "OCSF severity the device's maps to", "ext.vendor.severity_id"),
    column("vendor_disposition_id", Kind::Int, "what the device did", "ext.vendor.disposition_id"),
    column("vendor_attack_stage", Kind::Text, "stage the device claims", "ext.vendor.attack_stage"),
    column("vendor_attack_result", Kind::Text, "result the device claims", "ext.vendor.attack_result"),
    column("vendor_confidence_id", Kind::Int, "1 low, 2 medium, 3 high", "ext.vendor.confidence_id"),
    column("vendor_direction_id", Kind::Int, "1 inbound, 2 outbound, 3 lateral", "ext.vendor.direction_id"),
    column("vendor_count", Kind::Int, "how many occurrences the device merged", "ext.vendor.count"),
    column("vendor_excerpt", Kind::Text, "payload excerpt the device sent", "ext.vendor.excerpt"),
    column("pack", Kind::Text, "pack id and version that parsed the line", "metadata.product"),
    column("evidence", Kind::Text, "matches, entities and tags as one JSON object", "evidences"),
    column("raw", Kind::Text, "the raw line, cut at 16 KiB", "raw_data"),
];
