//! 阿里云短信 `SendSms`, signed with ACS3-HMAC-SHA256 (V3).

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zhipei_domain::{SmsMessage, SmsWords, UnixMs, rfc3339};

use crate::provider::read;
use crate::{Account, Error, Result};

const VERSION: &str = "2017-05-25";
const ACTION: &str = "SendSms";
/// SHA-256 of nothing: parameters travel in the query, as the interface wants them.
const NO_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Code")]
    code: String,
}

pub(crate) async fn send(
    client: &Client,
    account: &Account,
    message: &SmsMessage,
    now: UnixMs,
    nonce: &[u8; 16],
) -> Result<()> {
    let parameter = match &message.words {
        SmsWords::Code(code) => serde_json::json!({ "code": code }),
        SmsWords::Notice(title) => serde_json::json!({ "notice": title }),
    };
    let parameter = parameter.to_string();
    let id = message.id.to_string();
    let query = query(&[
        ("OutId", &id),
        ("PhoneNumbers", message.phone.as_str()),
        ("SignName", &account.sign_name),
        ("TemplateCode", account.template(&message.words)),
        ("TemplateParam", &parameter),
    ]);
    let call = Call {
        host: account.host(),
        action: ACTION,
        version: VERSION,
        // Whole seconds: 2026-11-24T01:29:30Z.
        date: format!("{}Z", &rfc3339(now)[..19]),
        nonce: hex::encode(nonce),
        query: &query,
    };
    let request = client
        .post(format!(
            "{}/?{query}",
            account.endpoint.trim_end_matches('/')
        ))
        .header("x-acs-action", call.action)
        .header("x-acs-version", call.version)
        .header("x-acs-date", &call.date)
        .header("x-acs-signature-nonce", &call.nonce)
        .header("x-acs-content-sha256", NO_BODY)
        .header("host", call.host)
        .header(
            "authorization",
            call.authorization(&account.key_id, account.key_secret.expose_secret()),
        );
    let answer: Answer = read(request.send().await?).await?;
    if answer.code == "OK" {
        Ok(())
    } else {
        Err(Error::of_code(&answer.code))
    }
}

struct Call<'a> {
    host: &'a str,
    action: &'a str,
    version: &'a str,
    date: String,
    nonce: String,
    query: &'a str,
}

impl Call<'_> {
    fn authorization(&self, key_id: &str, key_secret: &str) -> String {
        let headers = [
            ("host", self.host),
            ("x-acs-action", self.action),
            ("x-acs-content-sha256", NO_BODY),
            ("x-acs-date", &self.date),
            ("x-acs-signature-nonce", &self.nonce),
            ("x-acs-version", self.version),
        ];
        let names = headers.map(|(name, _)| name).join(";");
        let lines = headers.map(|(name, value)| format!("{name}:{value}\n"));
        let canonical = format!(
            "POST\n/\n{}\n{}\n{names}\n{NO_BODY}",
            self.query,
            lines.concat()
        );
        let to_sign = format!(
            "ACS3-HMAC-SHA256\n{}",
            hex::encode(Sha256::digest(canonical))
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(key_secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(to_sign.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        format!("ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={names},Signature={signature}")
    }
}

/// The parameters by name, encoded as RFC 3986 has it.
fn query(parameters: &[(&str, &str)]) -> String {
    let mut sorted = parameters.to_vec();
    sorted.sort_unstable();
    let pairs = sorted
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes everything");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the provider's page on V3 signatures.
    #[test]
    fn the_signature_is_that_of_the_published_example() {
        let query = query(&[
            ("RegionId", "cn-shanghai"),
            (
                "ImageId",
                "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
            ),
        ]);
        let call = Call {
            host: "ecs.cn-shanghai.aliyuncs.com",
            action: "RunInstances",
            version: "2014-05-26",
            date: "2023-10-26T10:22:32Z".to_owned(),
            nonce: "3156853299f313e23d1673dc12e1703d".to_owned(),
            query: &query,
        };
        assert_eq!(
            call.authorization("YourAccessKeyId", "YourAccessKeySecret"),
            "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;\
             x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,\
             Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
        );
    }

    #[test]
    fn parameters_are_encoded_byte_by_byte() {
        assert_eq!(encoded("职 +*~"), "%E8%81%8C%20%2B%2A~");
    }
}
