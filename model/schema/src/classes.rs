//! The OCSF 1.8 classes that packs use, with our names for them in both languages.

/// OCSF `class_uid`, English and Chinese name. 201 is the Windows extension (uid 2, category 1).
pub const CLASSES: &[(u32, &str, &str)] = &[
    (0, "Base Event", "基础事件"),
    (1001, "File System Activity", "文件活动"),
    (1002, "Kernel Extension Activity", "内核扩展活动"),
    (1005, "Module Activity", "模块活动"),
    (1006, "Scheduled Job Activity", "计划任务活动"),
    (1007, "Process Activity", "进程活动"),
    (1008, "Event Log Activity", "日志活动"),
    (1009, "Script Activity", "脚本活动"),
    (2004, "Detection Finding", "检测告警"),
    (3001, "Account Change", "账号变更"),
    (3002, "Authentication", "身份认证"),
    (3003, "Authorize Session", "会话授权"),
    (3006, "Group Management", "组管理"),
    (4001, "Network Activity", "网络活动"),
    (4002, "HTTP Activity", "HTTP 活动"),
    (4003, "DNS Activity", "DNS 活动"),
    (4004, "DHCP Activity", "DHCP 活动"),
    (4005, "RDP Activity", "远程桌面活动"),
    (4006, "SMB Activity", "SMB 活动"),
    (4007, "SSH Activity", "SSH 活动"),
    (4008, "FTP Activity", "FTP 活动"),
    (4009, "Email Activity", "邮件活动"),
    (4014, "Tunnel Activity", "隧道活动"),
    (6003, "API Activity", "接口活动"),
    (6005, "Datastore Activity", "数据库活动"),
    (201_001, "Registry Key Activity", "注册表项活动"),
    (201_002, "Registry Value Activity", "注册表值活动"),
    (201_004, "Windows Service Activity", "Windows 服务活动"),
];

/// The English name of a class; `None` if packs may not use it.
pub fn class_name(class_uid: u32) -> Option<&'static str> {
    CLASSES.iter().find(|(uid, ..)| *uid == class_uid).map(|(_, name, _)| *name)
}
