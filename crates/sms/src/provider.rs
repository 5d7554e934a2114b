use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use zhipei_domain::{SmsMessage, SmsWords, UnixMs};

use crate::{Error, Result, aliyun, tencent};

/// A provider is given so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer of a provider is longer.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// Who sends.
#[derive(Clone, Debug)]
pub enum Provider {
    /// Nobody: no code goes out.
    Off,
    /// The log, code and all. For development on one machine.
    Log,
    /// 阿里云短信.
    Aliyun(Client, Account),
    /// 腾讯云短信.
    Tencent(Client, Account),
}

/// An account with a provider.
#[derive(Clone, Debug)]
pub struct Account {
    /// `https://host`, without a path.
    pub endpoint: String,
    /// The key's name.
    pub key_id: String,
    /// The key.
    pub key_secret: SecretString,
    /// The signature (签名) that the provider has approved.
    pub sign_name: String,
    /// The application's number; Tencent only.
    pub app_id: String,
    /// The templates that the provider has approved.
    pub templates: Templates,
}

/// Approved templates, each with one parameter.
#[derive(Clone, Debug)]
pub struct Templates {
    /// For codes; its parameter is `code`.
    pub code: String,
    /// For notices; its parameter is `notice`.
    pub notice: String,
}

impl Provider {
    /// 阿里云短信.
    pub fn aliyun(account: Account) -> Result<Self> {
        Ok(Self::Aliyun(client(&account)?, account))
    }

    /// 腾讯云短信.
    pub fn tencent(account: Account) -> Result<Self> {
        Ok(Self::Tencent(client(&account)?, account))
    }

    /// Can a message go out at all?
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Sends one message. `nonce` is drawn for each try.
    pub async fn send(&self, message: &SmsMessage, now: UnixMs, nonce: &[u8; 16]) -> Result<()> {
        match self {
            Self::Off => Err(Error::Refused("off".to_owned())),
            Self::Log => {
                let phone = message.phone.masked();
                match &message.words {
                    SmsWords::Code(code) => {
                        tracing::warn!(%phone, %code, "短信 {phone} 验证码 {code}");
                    }
                    SmsWords::Notice(title) => tracing::warn!(%phone, "短信 {phone} {title}"),
                }
                Ok(())
            }
            Self::Aliyun(client, account) => {
                aliyun::send(client, account, message, now, nonce).await
            }
            Self::Tencent(client, account) => tencent::send(client, account, message, now).await,
        }
    }
}

impl Account {
    /// The host that is signed.
    pub(crate) fn host(&self) -> &str {
        let host = self
            .endpoint
            .split_once("://")
            .map_or(self.endpoint.as_str(), |(_, host)| host);
        host.trim_end_matches('/')
    }

    pub(crate) fn template(&self, words: &SmsWords) -> &str {
        match words {
            SmsWords::Code(_) => &self.templates.code,
            SmsWords::Notice(_) => &self.templates.notice,
        }
    }
}

/// Follows no redirect: an answer of a provider is hostile until it is read.
fn client(account: &Account) -> Result<Client> {
    let failed = |error: &dyn std::fmt::Display| Error::Client(error.to_string());
    let fits = ["https://", "http://"]
        .iter()
        .any(|scheme| account.endpoint.starts_with(scheme));
    if !fits {
        return Err(Error::Client("the endpoint is no address".to_owned()));
    }
    // Already set where another part of the process did it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .no_proxy()
        .build()
        .map_err(|error| failed(&error))
}

/// Reads a short JSON answer, whatever its status: providers say no with 200 and with 400.
pub(crate) async fn read<T: DeserializeOwned>(mut response: Response) -> Result<T> {
    let status = response.status();
    if status.is_server_error() {
        return Err(Error::Away(status.as_u16().to_string()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > LONGEST_ANSWER {
            return Err(Error::Away("answer too long".to_owned()));
        }
    }
    serde_json::from_slice(&body).map_err(|_| Error::Away(format!("{status} without JSON")))
}
