//! 腾讯云短信 `SendSms`, signed with TC3-HMAC-SHA256 (V3).

use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use zhipei_domain::{SmsMessage, SmsWords, UnixMs, rfc3339};

use crate::provider::read;
use crate::{Account, Error, Result};

const VERSION: &str = "2021-01-11";
const ACTION: &str = "SendSms";
const REGION: &str = "ap-guangzhou";
const SERVICE: &str = "sms";
const JSON: &str = "application/json; charset=utf-8";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    error: Option<Status>,
    #[serde(default)]
    send_status_set: Vec<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Status {
    code: String,
}

pub(crate) async fn send(
    client: &Client,
    account: &Account,
    message: &SmsMessage,
    now: UnixMs,
) -> Result<()> {
    let (SmsWords::Code(parameter) | SmsWords::Notice(parameter)) = &message.words;
    let body = serde_json::json!({
        "PhoneNumberSet": [format!("+86{}", message.phone.as_str())],
        "SmsSdkAppId": account.app_id,
        "SignName": account.sign_name,
        "TemplateId": account.template(&message.words),
        "TemplateParamSet": [parameter],
        "SessionContext": message.id.to_string(),
    });
    let body = body.to_string();
    let call = Call {
        host: account.host(),
        service: SERVICE,
        at_s: now.div_euclid(1_000),
        body: &body,
    };
    let request = client
        .post(format!("{}/", account.endpoint.trim_end_matches('/')))
        .header("host", call.host)
        .header("content-type", JSON)
        .header("x-tc-action", ACTION)
        .header("x-tc-version", VERSION)
        .header("x-tc-region", REGION)
        .header("x-tc-timestamp", call.at_s)
        .header(
            "authorization",
            call.authorization(&account.key_id, account.key_secret.expose_secret()),
        )
        .body(body.clone());
    let answer: Answer = read(request.send().await?).await?;
    let mut codes = answer
        .response
        .error
        .into_iter()
        .chain(answer.response.send_status_set)
        .map(|status| status.code);
    match codes.find(|code| code != "Ok") {
        Some(code) => Err(Error::of_code(&code)),
        None => Ok(()),
    }
}

struct Call<'a> {
    host: &'a str,
    service: &'a str,
    /// Seconds since 1970.
    at_s: i64,
    body: &'a str,
}

impl Call<'_> {
    fn authorization(&self, key_id: &str, key_secret: &str) -> String {
        let day = &rfc3339(self.at_s * 1_000)[..10];
        let names = "content-type;host";
        let canonical = format!(
            "POST\n/\n\ncontent-type:{JSON}\nhost:{}\n\n{names}\n{}",
            self.host,
            hex::encode(Sha256::digest(self.body))
        );
        let scope = format!("{day}/{}/tc3_request", self.service);
        let to_sign = format!(
            "TC3-HMAC-SHA256\n{}\n{scope}\n{}",
            self.at_s,
            hex::encode(Sha256::digest(canonical))
        );
        let key = mac(format!("TC3{key_secret}").as_bytes(), day);
        let key = mac(&mac(&key, self.service), "tc3_request");
        let signature = hex::encode(mac(&key, &to_sign));
        format!(
            "TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
    }
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the provider's page on V3 signatures.
    #[test]
    fn the_signature_is_that_of_the_published_example() {
        let call = Call {
            host: "cvm.tencentcloudapi.com",
            service: "cvm",
            at_s: 1_551_113_065,
            body: r#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#,
        };
        assert_eq!(
            call.authorization(
                "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
                "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
            ),
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
        );
    }
}
