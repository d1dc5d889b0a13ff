//! Windows events come as XML, as JSON of the `evtx` crate, from Winlogbeat and from NXLog: one event has the same native
//! names from each, those of the event's own XML, as Sigma's rules use them.
//!
//! `System` gives `EventID`, `Channel`, `Computer`, `Provider_Name`, `Provider_Guid`, `EventRecordID`, `TimeCreated`,
//! `Level`, `Task`, `Opcode`, `Keywords`, `Version`, `Qualifiers`, `Execution_ProcessID`, `Execution_ThreadID`,
//! `Correlation_ActivityID`, `Security_UserID`; `EventData` and `UserData` give their own names.

use crate::json_names::Name;

/// The native name of a dotted JSON path.
pub(crate) fn windows(path: &str) -> Name<'_> {
    if let Some(rest) = path.strip_prefix("Event.") {
        return of_event(rest);
    }
    if let Some(rest) = path.strip_prefix("winlog.") {
        return of_winlog(rest);
    }
    let name = match path {
        // Winlogbeat, beside `winlog`.
        "@timestamp" => "TimeCreated",
        "Event" | "event" | "winlog" => return Name::Dropped,
        // NXLog.
        "Hostname" => "Computer",
        "SourceName" => "Provider_Name",
        "ProviderGuid" => "Provider_Guid",
        "RecordNumber" => "EventRecordID",
        "ExecutionProcessID" => "Execution_ProcessID",
        "ThreadID" => "Execution_ThreadID",
        other => other,
    };
    Name::Is(name)
}

/// Below `Event.` (the `evtx` crate's JSON; attributes lie under `#attributes`, text beside attributes under `#text`).
fn of_event(path: &str) -> Name<'_> {
    if let Some(rest) = path.strip_prefix("System.") {
        return system(rest);
    }
    let data = path.strip_prefix("EventData.").or_else(|| path.strip_prefix("UserData."));
    let Some(rest) = data else { return Name::Dropped };
    let rest = rest.strip_suffix(".#text").unwrap_or(rest);
    if rest == "#attributes" || rest.contains("xmlns") || rest.ends_with("#attributes") {
        return Name::Dropped;
    }
    if rest == "#text" {
        return Name::Is("Data");
    }
    let rest = if path.starts_with("UserData.") { rest.split_once('.').map_or(rest, |(_, inner)| inner) } else { rest };
    if rest.contains("#attributes.") { Name::Made(rest.replace("#attributes.", "@")) } else { Name::Is(rest) }
}

fn system(path: &str) -> Name<'_> {
    Name::Is(match path {
        "Provider.#attributes.Name" | "Provider_attributes.Name" => "Provider_Name",
        "Provider.#attributes.Guid" | "Provider_attributes.Guid" => "Provider_Guid",
        "Provider.#attributes.EventSourceName" => "Provider_EventSourceName",
        "EventID" | "EventID.#text" => "EventID",
        "EventID.#attributes.Qualifiers" => "Qualifiers",
        "TimeCreated.#attributes.SystemTime" | "TimeCreated_attributes.SystemTime" => "TimeCreated",
        "Correlation.#attributes.ActivityID" => "Correlation_ActivityID",
        "Correlation.#attributes.RelatedActivityID" => "Correlation_RelatedActivityID",
        "Execution.#attributes.ProcessID" => "Execution_ProcessID",
        "Execution.#attributes.ThreadID" => "Execution_ThreadID",
        "Security.#attributes.UserID" => "Security_UserID",
        "Correlation" | "Security" => return Name::Dropped,
        other if other.contains("#attributes") => return Name::Made(other.replace(".#attributes.", "_")),
        other => other.strip_suffix(".#text").unwrap_or(other),
    })
}

/// Below `winlog.` (Winlogbeat, Elastic Agent).
fn of_winlog(path: &str) -> Name<'_> {
    if let Some(name) = path.strip_prefix("event_data.").or_else(|| path.strip_prefix("user_data.")) {
        return if name == "xml_name" { Name::Dropped } else { Name::Is(name) };
    }
    Name::Is(match path {
        "channel" => "Channel",
        "event_id" => "EventID",
        "computer_name" => "Computer",
        "provider_name" => "Provider_Name",
        "provider_guid" => "Provider_Guid",
        "record_id" => "EventRecordID",
        "process.pid" => "Execution_ProcessID",
        "process.thread.id" => "Execution_ThreadID",
        "activity_id" => "Correlation_ActivityID",
        "related_activity_id" => "Correlation_RelatedActivityID",
        "user.identifier" => "Security_UserID",
        "version" => "Version",
        "task" => "Task",
        "opcode" => "Opcode",
        "keywords" => "Keywords",
        other => return Name::Made(format!("winlog.{other}")),
    })
}

/// The native name of an attribute of an element below `System` in the event's XML.
pub(crate) fn system_attribute(element: &str, attribute: &str) -> Option<String> {
    let path = format!("{element}.#attributes.{attribute}");
    match system(&path) {
        Name::Is(name) => Some(name.to_owned()),
        Name::Made(name) => Some(name),
        Name::Dropped => None,
    }
}
