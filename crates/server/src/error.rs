use crate::config::ConfigError;
use crate::keys::KeysError;

/// Why the process, or a command, did not do it. Shown to the operator.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The tables are older than the program.
    #[error("数据库还没有升级，请先运行 zhipei migrate")]
    NotMigrated,
    /// A rule said no, or storage did not do it.
    #[error(transparent)]
    Action(#[from] zhipei_actions::Error),
    /// The database.
    #[error("数据库出错：{0}")]
    Storage(#[from] zhipei_storage::Error),
    /// The videos.
    #[error("视频处理出错：{0}")]
    Media(#[from] zhipei_media::Error),
    /// Something that a command names does not exist.
    #[error("没有找到{0}")]
    Missing(String),
    /// The database was written with keys that are not there.
    #[error("数据库里有台账或个人信息，密钥文件夹却是空的：请先把原来的密钥放回")]
    KeysLost,
    /// The provider of SMS.
    #[error("短信服务的配置不能用：{0}")]
    Sms(#[from] zhipei_sms::Error),
    /// What compares faces.
    #[error("人脸核验的模型不能用：{0}")]
    Face(#[from] zhipei_face::Error),
    /// A master key cannot go yet.
    #[error(
        "主密钥 {0} 还保护着 {1} 人的密钥和 {2} 条待发消息，不能销毁；请先运行 zhipei vault rotate"
    )]
    KeyInUse(String, u64, u64),
    /// The stored records are not what the ledger wrote.
    #[error("发现 {0} 处改动")]
    Tampered(usize),
    /// A file of a course folder is not as it should be.
    #[error("{0}")]
    Course(String),
    /// A list of regions is not as it should be.
    #[error("没有导入任何区划：\n{0}")]
    Regions(String),
    /// The disk or the network.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<zhipei_domain::Rejection> for Error {
    fn from(rejection: zhipei_domain::Rejection) -> Self {
        Self::Action(rejection.into())
    }
}

/// A result of the process.
pub type Result<T, E = Error> = std::result::Result<T, E>;
