//! What stands in many values whatever the events are: the first guess at how often a text occurs, before anything
//! was measured.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Folded pieces of paths, command lines, registry keys and addresses as most machines have them.
const TYPICAL: &str = r"c:\windows\system32\svchost.exe c:\windows\syswow64\ c:\windows\explorer.exe c:\windows\
c:\program files\ c:\program files (x86)\microsoft\edge\application\msedge.exe c:\programdata\microsoft\windows defender\
c:\users\administrator\appdata\local\temp\ c:\users\public\ \appdata\roaming\ hklm\system\currentcontrolset\services\
hklm\software\microsoft\windows\currentversion\ hku\s-1-5-21- hkcr\ \registry\machine\software\ \device\harddiskvolume
nt authority\system microsoft-windows-sysmon microsoft corporation microsoft® windows® operating system
-nologo -noprofile -k netsvcs -p -s /c cmd.exe powershell.exe rundll32.exe conhost.exe 0xffffffff -forcev1 services.exe
lsass.exe winlogon.exe .dll .sys .tmp .ps1 .log .dat http:// https://www. 127.0.0.1 255.255.255.255 0:0:0:0:0:0:0:1 ::1
sha1= md5= sha256= imphash= ntdll.dll kernelbase.dll wow64.dll unknown(0000 0x1000 0x1010 0x1400 true false
/usr/bin/ /usr/lib/ /etc/ /var/log/ /bin/sh -c root sudo user=root system information error service start stop
function param script module version mandatory true invoke get-item set-item object string string[] return foreach
host name id host application powershell console user data event type level message system token error status success";

/// Whether the text stands in typical values.
pub(crate) fn is_typical(text: &str) -> bool {
    TYPICAL.contains(text)
}

/// How common a piece of a text is, 0 to 64; case does not count.
pub(crate) fn commonness(piece: [u8; 4]) -> u32 {
    static COUNTS: LazyLock<HashMap<[u8; 4], u32>> = LazyLock::new(|| {
        let mut counts = HashMap::new();
        for piece in TYPICAL.as_bytes().array_windows::<4>() {
            *counts.entry(*piece).or_insert(0) += 8;
        }
        counts
    });
    COUNTS.get(&piece.map(|byte| byte.to_ascii_lowercase())).copied().unwrap_or(0).min(64)
}
