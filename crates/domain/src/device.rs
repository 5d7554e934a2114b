//! Words for the device of a login, by which its holder knows it: what kind it is, and from where, without
//! more of the address than that takes.

use std::net::IpAddr;

const SYSTEMS: [(&str, &str); 7] = [
    ("HarmonyOS", "鸿蒙设备"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "安卓设备"),
    ("Windows", "Windows 电脑"),
    ("Mac OS X", "苹果电脑"),
    ("Linux", "Linux 电脑"),
];

/// The more particular first: most of them call themselves Chrome and Safari too.
const BROWSERS: [(&str, &str); 9] = [
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("QihooBrowser", "360"),
    ("QQBrowser", "QQ 浏览器"),
    ("HuaweiBrowser", "华为浏览器"),
    ("Firefox", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
];

/// What a browser calls itself, as `Windows 电脑（Edge）`. None of its own text, which anybody can write.
pub fn device_words(user_agent: &str) -> String {
    let find = |table: &[(&str, &'static str)]| {
        let mut table = table.iter();
        let found = table.find(|(mark, _)| user_agent.contains(mark));
        found.map(|(_, word)| *word)
    };
    match (find(&SYSTEMS), find(&BROWSERS)) {
        (Some(system), Some(browser)) => format!("{system}（{browser}）"),
        (Some(system), None) => system.to_owned(),
        (None, _) => "一台不常见的设备".to_owned(),
    }
}

/// The network of an address: `203.0.113.*`, or the /48 of IPv6, `2001:db8:1::*`.
pub fn network_words(ip: &str) -> Option<String> {
    Some(match ip.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.*")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}::*")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_told_by_its_system_and_browser_and_never_in_its_own_words() {
        let windows =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)";
        for (user_agent, words) in [
            (
                format!("{windows} Chrome/141.0 Safari/537.36"),
                "Windows 电脑（Chrome）",
            ),
            (
                format!("{windows} Chrome/141.0 Safari/537.36 Edg/141.0"),
                "Windows 电脑（Edge）",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1"
                    .to_owned(),
                "iPhone（Safari）",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) Chrome/130.0 MicroMessenger/8.0".to_owned(),
                "安卓设备（微信）",
            ),
            ("Mozilla/5.0 (Windows NT 10.0)".to_owned(), "Windows 电脑"),
            ("请拨打 13800000000 领取补贴".to_owned(), "一台不常见的设备"),
            (String::new(), "一台不常见的设备"),
        ] {
            assert_eq!(device_words(&user_agent), words, "{user_agent}");
        }
    }

    #[test]
    fn an_address_is_told_by_its_network() {
        for (ip, words) in [
            ("203.0.113.9", Some("203.0.113.*")),
            ("::ffff:203.0.113.9", Some("203.0.113.*")),
            ("2001:db8:1:2::9", Some("2001:db8:1::*")),
            ("nowhere", None),
        ] {
            assert_eq!(network_words(ip).as_deref(), words, "{ip}");
        }
    }
}
