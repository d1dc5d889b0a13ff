//! Who comes in: SSL VPN (Chinese keys), bastion (key-value, written in GBK), Linux sshd and sudo.

use crate::moment::Moment;
use crate::story::Step;

const STAFF: &[&str] = &["dr0421", "dr0533", "nurse117", "yf018", "vendor-lis", "it012"];

fn vpn_line(m: &Moment<'_>, user: &str, ip: &str, more: &str) -> String {
    format!("<23>{} vpn01 fwlog: 日志类型:SSL VPN用户行为日志, 用户:{user}, IP地址:{ip}, {more}", m.bsd())
}

/// Somebody from home.
pub(super) fn vpn(m: &mut Moment<'_>) -> String {
    let (user, ip) = (m.word(STAFF), m.outside());
    let at = m.plain();
    let more = match m.below(4) {
        0 => format!("操作对象:SSL VPN, 操作:登录, 时间:{at}, 描述:登录成功"),
        1 => format!("操作对象:SSL VPN, 操作:注销, 时间:{at}, 描述:注销成功"),
        _ => format!(
            "虚拟IP:10.250.0.{}, 操作对象:OA系统, 操作:访问资源, 资源名称:oa, 目的IP:{}, 目的端口:443, 结果:允许, \
             时间:{at}, 描述:成功",
            10 + m.below(80),
            m.server(1, 60)
        ),
    };
    vpn_line(m, user, &ip, &more)
}

/// Passwords are guessed, accounts locked, one opens.
pub(super) fn vpn_story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let at = m.plain();
    let (user, what) = match step {
        Step::VpnGuess => (m.word(&["admin", "test", "root", "guest", "admin"]), "用户名或密码错误"),
        Step::VpnLock => (m.word(&["admin", "root"]), "帐号已锁定"),
        Step::VpnLogin => ("vendor-lis", "登录成功"),
        _ => return None,
    };
    let more = format!("操作对象:SSL VPN, 操作:登录, 时间:{at}, 描述:{what}");
    Some(vpn_line(m, user, "203.0.113.66", &more))
}

fn bastion_line(m: &Moment<'_>, pri: u32, kind: &str, more: &str) -> String {
    format!("<{pri}>{} SecFox baoleiji logType={kind}, time={}, {more}", m.bsd(), m.plain())
}

/// Maintenance as agreed.
pub(super) fn bastion(m: &mut Moment<'_>) -> String {
    let target = m.server(1, 42);
    match m.below(4) {
        0 => bastion_line(m, 14, "YAB_LOGIN_LOG", "user=it012, sourceIP=10.11.9.12, result=success"),
        1 => bastion_line(m, 14, "YAB_LOGOUT_LOG", "user=it012, sourceIP=10.11.9.12, result=success"),
        _ => {
            let command =
                m.word(&["df -h", "ls -l /u01", "systemctl status lis", "tail -n 50 /var/log/lis.log", "free -m"]);
            let more = format!(
                "user=it012(信息科工程师), sourceIP=10.11.9.12, resource=lis-db, targetIP={target}, account=oracle, \
                 protocol=SSH, sessionId={}, command={command}, action=permit",
                m.second / 120
            );
            bastion_line(m, 14, "YAB_CMD_OPS_LOG", &more)
        }
    }
}

/// A vendor's engineer does more than he may.
pub(super) fn bastion_story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let target = m.server(1, 42);
    Some(match step {
        Step::BastionLogin => {
            bastion_line(m, 14, "YAB_LOGIN_LOG", "user=vendor-lis, sourceIP=10.250.0.11, result=success")
        }
        Step::BastionOverstep => {
            let more = format!(
                "user=vendor-lis(厂商工程师), sourceIP=10.250.0.11, resource=lis-db, targetIP={target}, account=root, \
                 protocol=SSH, sessionId={}, event=命令越权, level=高, policy=厂商只读, command=rm -rf /u01/backup, \
                 action=deny",
                m.second
            );
            bastion_line(m, 12, "YAB_CMD_OPS_LOG", &more)
        }
        _ => return None,
    })
}

/// A server's ordinary logins.
pub(super) fn linux(m: &mut Moment<'_>) -> String {
    let pid = 20_000 + m.serial() % 9_000;
    let (at, port) = (m.bsd(), m.client_port());
    match m.below(4) {
        0 => format!(
            "<38>{at} lisapp01 sshd[{pid}]: Accepted publickey for deploy from 10.13.9.9 port {port} ssh2: RSA \
             SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        ),
        1 => format!(
            "<86>{at} lisapp01 sshd[{pid}]: pam_unix(sshd:session): session opened for user deploy(uid=1001) by (uid=0)"
        ),
        2 => format!("<38>{at} lisapp01 systemd-logind[711]: New session {} of user deploy.", m.second),
        _ => format!(
            "<85>{at} lisapp01 sudo[{pid}]:   deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; \
             COMMAND=/usr/bin/systemctl status lis"
        ),
    }
}

/// Passwords are guessed at the server.
pub(super) fn linux_story(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let pid = 20_000 + m.serial() % 9_000;
    let (at, port) = (m.bsd(), m.client_port());
    Some(match step {
        Step::SshGuess => {
            let user = m.word(&["invalid user admin", "root", "invalid user oracle", "invalid user lis"]);
            format!("<38>{at} lisapp01 sshd[{pid}]: Failed password for {user} from 203.0.113.66 port {port} ssh2")
        }
        Step::SudoRefused => format!(
            "<81>{at} lisapp01 sudo: vendor : command not allowed ; TTY=pts/2 ; PWD=/tmp ; USER=root ; \
             COMMAND=/usr/bin/cat /etc/shadow"
        ),
        _ => return None,
    })
}
