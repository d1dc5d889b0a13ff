//! Windows Security, System and Sysmon events, in the JSON shape of the evtx crate.

use crate::moment::Moment;
use crate::story::Step;
use serde_json::{Value, json};

const SECURITY: (&str, &str) = ("Microsoft-Windows-Security-Auditing", "Security");
const SYSMON: (&str, &str) = ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational");
const SYSTEM: (&str, &str) = ("Service Control Manager", "System");
const EVENTLOG: (&str, &str) = ("Microsoft-Windows-Eventlog", "Security");

const POWERSHELL: &str = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
const CMD: &str = r"C:\Windows\System32\cmd.exe";

fn event(m: &Moment<'_>, (provider, channel): (&str, &str), id: u32, host: &str, data: &Value) -> String {
    json!({ "Event": {
        "#attributes": { "xmlns": "http://schemas.microsoft.com/win/2004/08/events/event" },
        "System": {
            "Provider": { "#attributes": { "Name": provider } }, "EventID": id, "Version": 2, "Level": 4, "Task": 0,
            "Opcode": 0, "Keywords": "0x8020000000000000",
            "TimeCreated": { "#attributes": { "SystemTime": m.at.to_string() } }, "EventRecordID": m.serial(),
            "Correlation": null, "Execution": { "#attributes": { "ProcessID": 636, "ThreadID": 700 } },
            "Channel": channel, "Computer": format!("{host}.{}.example", m.hospital.slug), "Security": null,
        },
        "EventData": data,
    }})
    .to_string()
}

fn utc(m: &Moment<'_>) -> String {
    m.at.to_string().replace('T', " ").chars().take(23).collect()
}

fn domain(m: &Moment<'_>) -> String {
    m.hospital.slug.to_ascii_uppercase()
}

/// Logons, programs started, connections.
pub(super) fn ordinary(m: &mut Moment<'_>) -> String {
    let host = m.word(&["DC01", "HISAPP01", "PACS01", "EMRAPP01", "FS01"]);
    let user = m.word(&["dr0421", "dr0533", "nurse117", "yf018", "svc_his", "svc_backup"]);
    match m.below(5) {
        0 | 1 => logon(m, host, user, m.hospital.prefix, None),
        2 => {
            let data = json!({
                "TargetUserSid": "S-1-5-21-1-2-3-1105", "TargetUserName": user, "TargetDomainName": domain(m),
                "TargetLogonId": "0x5a1b2", "LogonType": 3,
            });
            event(m, SECURITY, 4634, host, &data)
        }
        3 => {
            let (image, command) = m.one(
                &[
                    (r"C:\HIS\hisapp.exe", r"C:\HIS\hisapp.exe /station MZ-07"),
                    (r"C:\Windows\System32\svchost.exe", r"C:\Windows\System32\svchost.exe -k netsvcs -p"),
                    (r"C:\Program Files\PACS\viewer.exe", "\"C:\\Program Files\\PACS\\viewer.exe\" /study 1"),
                ],
                (r"C:\HIS\hisapp.exe", ""),
            );
            let parent = if image.ends_with("svchost.exe") {
                r"C:\Windows\System32\services.exe"
            } else {
                r"C:\Windows\explorer.exe"
            };
            process(m, host, user, image, command, parent)
        }
        _ => connection(m, host, user, r"C:\HIS\hisapp.exe", "10.1.1.20", 1521),
    }
}

/// The chain: a lure opens PowerShell, credentials are read, the HIS server is taken, its shadow copies go.
pub(super) fn story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let (desk, server) = ("YXK-07", "HISAPP01");
    Some(match step {
        Step::EncodedPowerShell => {
            let command = "powershell.exe -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA";
            process(m, desk, "it007", POWERSHELL, command, r"C:\Program Files\Microsoft Office\Office16\WINWORD.EXE")
        }
        Step::Beacon => connection(m, desk, "it007", POWERSHELL, "203.0.113.200", 443),
        Step::Lsass => {
            let data = json!({
                "RuleName": "-", "UtcTime": utc(m), "SourceProcessGUID": "{A1B2C3D4-0001-0002-0003-00000000A001}",
                "SourceProcessId": 4_120, "SourceThreadId": 2, "SourceImage": r"C:\Users\Public\p.exe",
                "TargetProcessGUID": "{A1B2C3D4-0001-0002-0003-00000000A002}", "TargetProcessId": 700,
                "TargetImage": r"C:\Windows\System32\lsass.exe", "GrantedAccess": "0x1410",
                "CallTrace": r"C:\Windows\SYSTEM32\ntdll.dll+9d4c4|C:\Windows\System32\KERNELBASE.dll+2b5ce|UNKNOWN(000001D4)",
                "SourceUser": format!("{}\\it007", domain(m)), "TargetUser": r"NT AUTHORITY\SYSTEM",
            });
            event(m, SYSMON, 10, desk, &data)
        }
        Step::LogonFailure => {
            let user = m.word(&["administrator", "svc_his", "svc_backup", "dr0533"]);
            let data = json!({
                "SubjectUserSid": "S-1-0-0", "SubjectUserName": "-", "SubjectDomainName": "-", "SubjectLogonId": "0x0",
                "TargetUserSid": "S-1-0-0", "TargetUserName": user, "TargetDomainName": domain(m),
                "Status": "0xc000006d", "FailureReason": "%%2313", "SubStatus": "0xc000006a", "LogonType": 3,
                "LogonProcessName": "NtLmSsp ", "AuthenticationPackageName": "NTLM", "WorkstationName": desk,
                "TransmittedServices": "-", "LmPackageName": "-", "KeyLength": 0, "ProcessId": "0x0",
                "ProcessName": "-", "IpAddress": "10.11.20.88", "IpPort": "0",
            });
            event(m, SECURITY, 4625, server, &data)
        }
        Step::Logon => logon(m, server, "svc_backup", desk, Some("10.11.20.88")),
        Step::ServiceInstalled => {
            let data = json!({
                "ServiceName": "PSEXESVC", "ImagePath": r"%SystemRoot%\PSEXESVC.exe",
                "ServiceType": "user mode service", "StartType": "demand start", "AccountName": "LocalSystem",
            });
            event(m, SYSTEM, 7045, server, &data)
        }
        Step::ShadowCopies => process(
            m,
            server,
            "svc_backup",
            r"C:\Windows\System32\vssadmin.exe",
            "vssadmin.exe delete shadows /all /quiet",
            CMD,
        ),
        Step::LogCleared => {
            let data = json!({
                "SubjectUserSid": "S-1-5-21-1-2-3-1190", "SubjectUserName": "svc_backup",
                "SubjectDomainName": domain(m), "SubjectLogonId": "0x6b2c3",
            });
            event(m, EVENTLOG, 1102, server, &data)
        }
        _ => return None,
    })
}

fn logon(m: &mut Moment<'_>, host: &str, user: &str, station: &str, from: Option<&str>) -> String {
    let ip = from.map_or_else(|| m.desk(), str::to_owned);
    let data = json!({
        "SubjectUserSid": "S-1-5-18", "SubjectUserName": format!("{host}$"), "SubjectDomainName": domain(m),
        "SubjectLogonId": "0x3e7", "TargetUserSid": "S-1-5-21-1-2-3-1105", "TargetUserName": user,
        "TargetDomainName": domain(m), "TargetLogonId": "0x5a1b2", "LogonType": 3, "LogonProcessName": "NtLmSsp ",
        "AuthenticationPackageName": "NTLM", "WorkstationName": station,
        "LogonGuid": "{00000000-0000-0000-0000-000000000000}", "TransmittedServices": "-", "LmPackageName": "NTLM V2",
        "KeyLength": 128, "ProcessId": "0x0", "ProcessName": "-", "IpAddress": ip, "IpPort": m.client_port().to_string(),
        "ImpersonationLevel": "%%1833",
    });
    event(m, SECURITY, 4624, host, &data)
}

/// Sysmon 1. The original name is the image's file name, as Windows' own programs have it.
fn process(m: &mut Moment<'_>, host: &str, user: &str, image: &str, command: &str, parent: &str) -> String {
    let original = image.rsplit('\\').next().unwrap_or_default();
    let data = json!({
        "RuleName": "-", "UtcTime": utc(m), "ProcessGuid": "{A1B2C3D4-0001-0002-0003-000000000001}",
        "ProcessId": 4_000 + m.below(4_000), "Image": image, "FileVersion": "10.0", "Description": original,
        "Product": "-", "Company": "-", "OriginalFileName": original, "CommandLine": command,
        "CurrentDirectory": r"C:\Windows\system32\", "User": format!("{}\\{user}", domain(m)),
        "LogonGuid": "{A1B2C3D4-0000-0000-0000-000000000000}", "LogonId": "0x5a1b2", "TerminalSessionId": 1,
        "IntegrityLevel": "High", "Hashes": format!("SHA256={}{}", m.digest(), m.digest()),
        "ParentProcessGuid": "{A1B2C3D4-0001-0002-0003-000000000002}", "ParentProcessId": 3_000 + m.below(900),
        "ParentImage": parent, "ParentCommandLine": parent, "ParentUser": format!("{}\\{user}", domain(m)),
    });
    event(m, SYSMON, 1, host, &data)
}

/// Sysmon 3.
fn connection(m: &mut Moment<'_>, host: &str, user: &str, image: &str, ip: &str, port: u32) -> String {
    let data = json!({
        "RuleName": "-", "UtcTime": utc(m), "ProcessGuid": "{A1B2C3D4-0001-0002-0003-000000000001}",
        "ProcessId": 4_000 + m.below(4_000), "Image": image, "User": format!("{}\\{user}", domain(m)),
        "Protocol": "tcp", "Initiated": true, "SourceIsIpv6": false, "SourceIp": "10.11.20.88",
        "SourceHostname": host, "SourcePort": m.client_port(), "SourcePortName": "-", "DestinationIsIpv6": false,
        "DestinationIp": ip, "DestinationHostname": "-", "DestinationPort": port, "DestinationPortName": "-",
    });
    event(m, SYSMON, 3, host, &data)
}
