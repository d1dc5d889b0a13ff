//! The lines themselves: what each device writes on an ordinary day, and what it writes about a step of the story.
//!
//! Formats are those of the vendors' public documents, as the packs under `content/sources` cite them.

mod access;
mod firewall;
mod records;
mod sensor;
mod web;
mod windows;

use crate::cast::{Device, Hospital, Source};
use crate::moment::{Moment, mix};
use crate::story::{Step, steps};
use wardwatch_ident::Timestamp;

/// The lines of one source in one second: about `rate_milli` / 1000 ordinary ones, and what the story brings.
///
/// The same arguments give the same bytes. `now` is the instant the second begins at; lines are stamped within it.
pub fn lines(
    hospital: &Hospital,
    source: &Source,
    second: u64,
    rate_milli: u64,
    seed: u64,
    now: Timestamp,
) -> Vec<Vec<u8>> {
    let mut moment = Moment::new(hospital, source.device, second, seed, now);
    // Fractions carry over: at 0.4 lines a second every fifth pair of seconds has one.
    let due = (second + 1) * rate_milli / 1_000 - second * rate_milli / 1_000;
    let wobble = mix(seed, second ^ u64::from(source.weight)) % 5;
    let ordinary = if due > 4 { due + wobble - 2 } else { due };
    let mut out = Vec::new();
    for _ in 0..ordinary {
        out.push(ordinary_line(&mut moment));
        moment.pass();
    }
    for (step, times) in steps(hospital.slug, source.device, second) {
        for _ in 0..times {
            if let Some(line) = story_line(&mut moment, step) {
                out.push(line);
            }
            moment.pass();
        }
    }
    out
}

fn ordinary_line(m: &mut Moment<'_>) -> Vec<u8> {
    match m.device {
        Device::FortiGate => firewall::fortigate(m).into_bytes(),
        Device::Usg => firewall::usg(m).into_bytes(),
        Device::Sip => sensor::sip(m).into_bytes(),
        Device::Suricata => sensor::suricata(m).into_bytes(),
        Device::Waf => web::waf(m).into_bytes(),
        Device::Nginx => web::nginx(m).into_bytes(),
        Device::Vpn => access::vpn(m).into_bytes(),
        Device::Bastion => gbk(&access::bastion(m)),
        Device::Linux => access::linux(m).into_bytes(),
        Device::DbAudit => records::database(m).into_bytes(),
        Device::His => records::his(m).into_bytes(),
        Device::HisZh => records::his_zh(m).into_bytes(),
        Device::Windows => windows::ordinary(m).into_bytes(),
    }
}

/// What the device says about a step; nothing if it would not notice.
fn story_line(m: &mut Moment<'_>, step: Step) -> Option<Vec<u8>> {
    let text = match m.device {
        Device::FortiGate => firewall::fortigate_alarm(m, step),
        Device::Usg => firewall::usg_alarm(m, step),
        Device::Sip => sensor::sip_alarm(m, step),
        Device::Suricata => sensor::suricata_alarm(m, step),
        Device::Waf => web::waf_alarm(m, step),
        Device::Nginx => web::nginx_attack(m, step),
        Device::Vpn => access::vpn_story(m, step),
        Device::Bastion => return access::bastion_story(m, step).map(|text| gbk(&text)),
        Device::Linux => access::linux_story(m, step),
        Device::DbAudit => records::database_story(m, step),
        Device::His => records::his_story(m, step),
        Device::HisZh => records::his_zh_story(m, step),
        Device::Windows => windows::story(m, step),
    };
    text.map(String::into_bytes)
}

/// As devices of Chinese vendors write it.
fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}
