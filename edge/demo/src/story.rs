//! What happens besides the ordinary day, and when: an intrusion that unfolds over three minutes, then quiet, then again.
//!
//! | second | what |
//! |---|---|
//! | 4-24 | scans and injection attempts on the booking site of Qinghe; the web firewall denies them |
//! | 12-48 | passwords guessed at the SSL VPN of Wangshu, until accounts are locked; then one login succeeds |
//! | 28-40 | drug use by prescriber (统方) is looked up in Qinghe's HIS, and patient lists are exported |
//! | 60-70 | a vendor's engineer oversteps on the bastion |
//! | 75-135 | a workstation of Qinghe runs encoded PowerShell, reads LSASS, moves to the HIS server, deletes shadow copies |
//! | 85-105 | passwords guessed at the LIS server of Yunqi |
//! | 110-118 | exploits against Wangshu, blocked |
//! | 136-150 | ransom notes over SMB at Qinghe; the imaging department of Wangshu talks to a control server |

use crate::cast::Device;

/// After so many seconds the story begins anew.
pub const ROUND_SECONDS: u64 = 600;

/// Something that happens at a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A web scanner asks for files that should not be there.
    WebScan,
    /// A JNDI lookup in a request.
    Jndi,
    /// An SQL injection.
    Injection,
    /// A wrong VPN password for an administrator's name.
    VpnGuess,
    /// The VPN locks an account.
    VpnLock,
    /// The VPN lets somebody in.
    VpnLogin,
    /// A HIS login from outside.
    HisForeignLogin,
    /// Somebody grants himself a report.
    SelfGrant,
    /// Drug use by prescriber.
    DrugStatistics,
    /// Many patient records leave.
    MassExport,
    /// A vendor signs in to the bastion.
    BastionLogin,
    /// A command beyond the vendor's authority.
    BastionOverstep,
    /// Encoded PowerShell on a workstation.
    EncodedPowerShell,
    /// A connection to a control server.
    Beacon,
    /// LSASS is read.
    Lsass,
    /// A failed Windows logon over the network.
    LogonFailure,
    /// A successful one.
    Logon,
    /// A service is installed from afar.
    ServiceInstalled,
    /// Shadow copies are deleted.
    ShadowCopies,
    /// The security log is cleared.
    LogCleared,
    /// A wrong SSH password.
    SshGuess,
    /// sudo refuses to read the shadow file.
    SudoRefused,
    /// An exploit that the device blocks.
    Exploit,
    /// A ransom note written over SMB.
    RansomNote,
}

/// The steps of a device in this second, each with how often.
pub fn steps(hospital: &str, device: Device, second: u64) -> Vec<(Step, u32)> {
    let at = second % ROUND_SECONDS;
    let mut steps = Vec::new();
    let mut when = |range: std::ops::RangeInclusive<u64>, every: u64, step: Step, times: u32| {
        if range.contains(&at) && (at - range.start()).is_multiple_of(every) {
            steps.push((step, times));
        }
    };
    match (hospital, device) {
        ("qinghe", Device::Nginx) => {
            when(4..=20, 1, Step::WebScan, 4);
            when(14..=24, 5, Step::Jndi, 1);
        }
        ("qinghe", Device::Waf) => {
            when(6..=24, 1, Step::Injection, 2);
            when(14..=24, 5, Step::Jndi, 1);
        }
        ("qinghe", Device::Suricata) => {
            when(15..=24, 5, Step::Jndi, 1);
            when(136..=142, 1, Step::RansomNote, 2);
        }
        ("qinghe", Device::His) => {
            when(26..=26, 1, Step::HisForeignLogin, 1);
            when(28..=28, 1, Step::SelfGrant, 1);
            when(32..=34, 2, Step::DrugStatistics, 1);
            when(38..=40, 2, Step::MassExport, 1);
        }
        ("qinghe", Device::DbAudit) => {
            when(32..=34, 2, Step::DrugStatistics, 1);
            when(38..=38, 1, Step::MassExport, 1);
        }
        ("qinghe", Device::Bastion) => {
            when(60..=60, 1, Step::BastionLogin, 1);
            when(66..=70, 4, Step::BastionOverstep, 1);
        }
        ("qinghe", Device::Windows) => {
            when(75..=75, 1, Step::EncodedPowerShell, 1);
            when(78..=130, 10, Step::Beacon, 1);
            when(90..=90, 1, Step::Lsass, 1);
            when(96..=106, 1, Step::LogonFailure, 2);
            when(108..=108, 1, Step::Logon, 1);
            when(112..=112, 1, Step::ServiceInstalled, 1);
            when(125..=125, 1, Step::ShadowCopies, 1);
            when(131..=131, 1, Step::LogCleared, 1);
        }
        ("qinghe", Device::FortiGate) => {
            when(80..=130, 10, Step::Beacon, 1);
            when(16..=24, 4, Step::Jndi, 1);
        }
        ("wangshu", Device::Vpn) => {
            when(12..=44, 1, Step::VpnGuess, 1);
            when(45..=48, 3, Step::VpnLock, 1);
            when(52..=52, 1, Step::VpnLogin, 1);
        }
        ("wangshu", Device::Usg) => when(110..=118, 2, Step::Exploit, 1),
        ("wangshu", Device::Sip) => {
            when(112..=116, 4, Step::Exploit, 1);
            when(138..=150, 6, Step::Beacon, 1);
        }
        ("wangshu", Device::HisZh) => when(40..=40, 1, Step::MassExport, 1),
        ("yunqi", Device::Linux) => {
            when(85..=104, 1, Step::SshGuess, 2);
            when(105..=105, 1, Step::SudoRefused, 1);
        }
        _ => {}
    }
    steps
}
