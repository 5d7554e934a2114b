//! Settings: one TOML file, each key overridable by `ZHIPEI_SECTION__KEY`, unknown keys refused.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zhipei_vault::Suite;

/// All settings. Every one has a default; an empty file is a whole configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where things are kept.
    pub data: Data,
    /// Where the process listens, and what learners see.
    pub server: Server,
    /// The database.
    pub database: Database,
    /// Personal data at rest.
    pub vault: Vault,
    /// Logging in.
    pub login: Login,
    /// SMS.
    pub sms: Sms,
    /// Comparing faces.
    pub face: Face,
    /// Logs.
    pub log: Log,
}

/// Where things are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// The folder of the embedded shape: database, videos and keys lie in it.
    pub folder: PathBuf,
    /// Videos; `media` in the folder when it is not set.
    pub media_folder: Option<PathBuf>,
    /// Keys; `keys` in the folder when it is not set. Keep them out of the database's backups.
    pub key_folder: Option<PathBuf>,
}

/// Where the process listens, and what learners see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Address and port.
    pub listen: SocketAddr,
    /// What learners type: `https://zhipei.example`.
    pub public_url: String,
    /// Allows http beyond this machine. Passwords then cross the network in the clear.
    pub development: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:///path/to/file.db` or `postgres://…`; a SQLite file in the data folder when it is not set.
    pub url: Option<String>,
    /// Connections to it at most; 16 when it is not set.
    pub max_connections: Option<u32>,
}

/// Personal data at rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Vault {
    /// The algorithms for what is sealed from now on: `intl` (AES-256-GCM) or `gm` (SM4-GCM).
    pub suite: VaultSuite,
}

/// A set of algorithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VaultSuite {
    /// AES-256-GCM and HMAC-SHA-256.
    #[default]
    Intl,
    /// SM4-GCM and HMAC-SM3 (国密).
    Gm,
}

impl From<VaultSuite> for Suite {
    fn from(suite: VaultSuite) -> Self {
        match suite {
            VaultSuite::Intl => Self::Intl,
            VaultSuite::Gm => Self::Gm,
        }
    }
}

/// Logging in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// Failed logins that one address may have in 15 minutes before a picture is to be read, and ten times as
    /// many before it waits. A training room shares one address: set it to the number of its seats.
    pub failed_per_address: usize,
}

/// SMS: codes and what protects an account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sms {
    /// Who sends.
    pub provider: SmsProvider,
    /// `https://host`; the provider's own when it is not set.
    pub endpoint: Option<String>,
    /// The key's name (`AccessKey ID`, `SecretId`).
    pub key_id: String,
    /// The key. Better in a file or in the environment (`ZHIPEI_SMS__KEY_SECRET`) than in this one.
    pub key_secret: SecretString,
    /// A file with the key in it.
    pub key_secret_file: Option<PathBuf>,
    /// The approved signature (签名).
    pub sign_name: String,
    /// The number of the application; Tencent only.
    pub app_id: String,
    /// The approved template for codes, with one parameter, `code`.
    pub template_code: String,
    /// The approved template for notices, with one parameter, `notice`.
    pub template_notice: String,
    /// All that may be sent in 24 hours: the most that an attack can cost.
    pub daily_limit: usize,
}

/// Who sends SMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsProvider {
    /// Nobody: who has no account can make none, and passwords are the one way in.
    #[default]
    Off,
    /// The log, codes and all. For this machine or development only.
    Log,
    /// 阿里云短信.
    Aliyun,
    /// 腾讯云短信.
    Tencent,
}

/// Comparing faces: off until a folder of models is named.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Face {
    /// The folder that `deploy/models` fills. Without it nobody is asked for a face, and other ways take its place.
    pub models: Option<PathBuf>,
    /// The number of the impact assessment (个人信息保护影响评估) that was made before.
    /// Source: PIPL article 55; 人脸识别技术应用安全管理办法, article 9.
    pub assessment: String,
    /// Threads that compare; half of the processors when it is not set.
    pub workers: Option<usize>,
}

impl Face {
    pub(crate) fn engine(&self) -> zhipei_face::Settings {
        let usual = zhipei_face::Settings::default();
        zhipei_face::Settings {
            workers: self.workers.unwrap_or(usual.workers),
            ..usual
        }
    }
}

/// Logs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `pretty` for people, `json` for machines.
    pub format: LogFormat,
    /// As `info` or `warn,zhipei_learning=debug`.
    pub level: String,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            folder: "data".into(),
            media_folder: None,
            key_folder: None,
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: "http://127.0.0.1:8080".to_owned(),
            development: false,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Default for Login {
    fn default() -> Self {
        Self {
            failed_per_address: 30,
        }
    }
}

impl Default for Sms {
    fn default() -> Self {
        Self {
            provider: SmsProvider::Off,
            endpoint: None,
            key_id: String::new(),
            key_secret: SecretString::default(),
            key_secret_file: None,
            sign_name: String::new(),
            app_id: String::new(),
            template_code: String::new(),
            template_notice: String::new(),
            daily_limit: 10_000,
        }
    }
}

impl Sms {
    /// What is missing for the provider, by the names of the keys.
    fn missing(&self) -> Vec<&'static str> {
        let secret = self.key_secret_file.is_some() || !self.key_secret.expose_secret().is_empty();
        let mut needed = vec![
            ("sms.key_id", !self.key_id.is_empty()),
            ("sms.key_secret", secret),
            ("sms.sign_name", !self.sign_name.is_empty()),
            ("sms.template_code", !self.template_code.is_empty()),
            ("sms.template_notice", !self.template_notice.is_empty()),
        ];
        match self.provider {
            SmsProvider::Off | SmsProvider::Log => needed.clear(),
            SmsProvider::Tencent => needed.push(("sms.app_id", !self.app_id.is_empty())),
            SmsProvider::Aliyun => {}
        }
        let lacking = needed.into_iter().filter(|(_, there)| !there);
        lacking.map(|(name, _)| name).collect()
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Pretty,
            level: "info,sea_orm_migration=warn".to_owned(),
        }
    }
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file that was named does not exist.
    #[error("找不到配置文件 {0}")]
    NoFile(PathBuf),
    /// A key is unknown, or its value does not fit.
    #[error("配置有误：{0}")]
    Wrong(Box<figment::Error>),
    /// Neither http nor https, or more than a host.
    #[error("server.public_url 须形如 https://zhipei.example，不带路径；现在是 {0}")]
    PublicUrl(String),
    /// Passwords would cross the network in the clear.
    #[error(
        "server.listen 是 {0}，别的机器连得上，server.public_url 却不是 https：密码会明文传输。\
         请在前面放一个 https 反向代理并改用 https 地址；仅开发时可设 server.development = true"
    )]
    Insecure(SocketAddr),
    /// Codes would stand in the log of a server that others use.
    #[error(
        "sms.provider = \"log\" 会把验证码写进日志，只能在本机或 server.development = true 时使用"
    )]
    SmsLog,
    /// Nobody has written down what faces are compared for.
    #[error(
        "开通人脸核验（face.models）前须做个人信息保护影响评估，把编号写在 face.assessment；仅在本机试用时可以不写"
    )]
    FaceAssessment,
    /// The provider cannot be used so.
    #[error("短信还缺少配置：{0}")]
    SmsLacks(String),
    /// The database is of another kind.
    #[error("database.url 须以 sqlite: 或 postgres: 开头")]
    Database,
}

impl Config {
    /// Reads the file, if there is one, and the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let usual = Path::new("zhipei.toml");
        let mut figment = Figment::new();
        match file {
            Some(file) if !file.exists() => return Err(ConfigError::NoFile(file.to_owned())),
            Some(file) => figment = figment.merge(Toml::file_exact(file)),
            None if usual.exists() => figment = figment.merge(Toml::file_exact(usual)),
            None => {}
        }
        // Other ZHIPEI_… variables, without a section, belong to the scripts around the server.
        let env = Env::prefixed("ZHIPEI_")
            .filter(|key| key.as_str().contains("__"))
            .split("__");
        let config: Self = figment
            .merge(env)
            .extract()
            .map_err(|error| ConfigError::Wrong(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses what is unsafe or cannot work.
    pub fn check(&self) -> Result<(), ConfigError> {
        let url = &self.server.public_url;
        let host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .map(|host| host.trim_end_matches('/'))
            .filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']));
        if host.is_none() {
            return Err(ConfigError::PublicUrl(url.clone()));
        }
        let reachable = !self.server.listen.ip().is_loopback();
        if reachable && url.starts_with("http://") && !self.server.development {
            return Err(ConfigError::Insecure(self.server.listen));
        }
        if self.sms.provider == SmsProvider::Log && reachable && !self.server.development {
            return Err(ConfigError::SmsLog);
        }
        let assessed = !self.face.assessment.trim().is_empty();
        if self.face.models.is_some() && !assessed && reachable && !self.server.development {
            return Err(ConfigError::FaceAssessment);
        }
        let missing = self.sms.missing();
        if !missing.is_empty() {
            return Err(ConfigError::SmsLacks(missing.join("、")));
        }
        let database = self.database_url();
        if !["sqlite:", "postgres:", "postgresql:"]
            .iter()
            .any(|kind| database.starts_with(kind))
        {
            return Err(ConfigError::Database);
        }
        Ok(())
    }

    /// Where the database is.
    pub fn database_url(&self) -> String {
        self.database
            .url
            .clone()
            .unwrap_or_else(|| format!("sqlite://{}", self.data.folder.join("zhipei.db").display()))
    }

    /// Connections to it at most.
    pub fn max_connections(&self) -> u32 {
        self.database.max_connections.unwrap_or(16)
    }

    /// Where videos lie.
    pub fn media_folder(&self) -> PathBuf {
        let own = || self.data.folder.join("media");
        self.data.media_folder.clone().unwrap_or_else(own)
    }

    /// Where keys lie.
    pub fn key_folder(&self) -> PathBuf {
        let own = || self.data.folder.join("keys");
        self.data.key_folder.clone().unwrap_or_else(own)
    }

    /// What holds, in words; no secret in it.
    pub fn explain(&self) -> String {
        let database = self.database_url();
        let database = match database.split_once("://").zip(database.rsplit_once('@')) {
            Some(((kind, _), (_, place))) => format!("{kind}://…@{place}"),
            None => database,
        };
        [
            format!("监听地址　　{}", self.server.listen),
            format!("对外地址　　{}", self.server.public_url),
            format!(
                "数据库　　　{database}（最多 {} 个连接）",
                self.max_connections()
            ),
            format!("视频　　　　{}", self.media_folder().display()),
            format!(
                "密钥　　　　{}（算法 {}）",
                self.key_folder().display(),
                Suite::from(self.vault.suite).as_str()
            ),
            format!(
                "登录失败限制　同一地址 15 分钟 {} 次",
                self.login.failed_per_address
            ),
            format!(
                "短信　　　　{:?}，每天最多 {} 条",
                self.sms.provider, self.sms.daily_limit
            ),
            format!("日志　　　　{:?}，{}", self.log.format, self.log.level),
        ]
        .join("\n")
    }
}

/// Who runs the command line, for the audit trail.
#[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
pub(crate) fn operator() -> String {
    ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(toml: &str) -> Result<Config, ConfigError> {
        let config: Config = Figment::new()
            .merge(Toml::string(toml))
            .extract()
            .map_err(|error| ConfigError::Wrong(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn an_empty_file_is_a_whole_and_safe_configuration() {
        let config = parse("").unwrap();
        assert!(config.server.listen.ip().is_loopback());
        assert_eq!(config.database_url(), "sqlite://data/zhipei.db");
    }

    #[test]
    fn the_usual_file_may_be_missing_and_a_named_one_may_not() {
        assert!(Config::load(None).is_ok());
        let missing = Config::load(Some(Path::new("no/such/file.toml")));
        assert!(matches!(missing, Err(ConfigError::NoFile(_))));
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = parse("[server]\nlisten_adress = \"x\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("listen_adress"), "{error}");
    }

    #[test]
    fn http_beyond_this_machine_is_refused_outside_development() {
        let open = "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"http://zhipei.example\"\n";
        assert!(matches!(parse(open), Err(ConfigError::Insecure(_))));
        assert!(parse(&format!("{open}development = true")).is_ok());
        assert!(parse(&open.replace("http://", "https://")).is_ok());
    }

    #[test]
    fn codes_go_into_the_log_of_this_machine_only() {
        let log = "[sms]\nprovider = \"log\"\n";
        assert!(parse(log).is_ok());
        let open = "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"https://zhipei.example\"\n";
        assert!(matches!(
            parse(&format!("{open}{log}")),
            Err(ConfigError::SmsLog)
        ));
        assert!(parse(&format!("{open}development = true\n{log}")).is_ok());
    }

    #[test]
    fn a_provider_without_its_keys_is_refused_by_the_name_of_what_is_missing() {
        let refused = parse("[sms]\nprovider = \"tencent\"\nkey_id = \"k\"");
        let text = refused.unwrap_err().to_string();
        for name in [
            "sms.key_secret",
            "sms.sign_name",
            "sms.template_code",
            "sms.app_id",
        ] {
            assert!(text.contains(name), "{text}");
        }
        assert!(!text.contains("sms.key_id"), "{text}");
    }

    #[test]
    fn a_public_address_is_a_scheme_and_a_host() {
        for bad in [
            "zhipei.example",
            "ftp://x",
            "https://",
            "https://x/path",
            "https://u@x",
        ] {
            let toml = format!("[server]\npublic_url = \"{bad}\"");
            assert!(
                matches!(parse(&toml), Err(ConfigError::PublicUrl(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_explanation_shows_no_password() {
        let config =
            parse("[database]\nurl = \"postgres://app:s3cret@db.example/zhipei\"").unwrap();
        let text = config.explain();
        assert!(
            text.contains("db.example") && !text.contains("s3cret"),
            "{text}"
        );
    }
}
