//! Both providers against a server that answers as they do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{header, header_regex, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};
use zhipei_domain::{Phone, SmsMessage, SmsWords};
use zhipei_sms::{Account, Error, Provider, Templates};

const NOW: i64 = 1_795_483_770_000;
const NONCE: [u8; 16] = [7; 16];

fn account(server: &MockServer) -> Account {
    Account {
        endpoint: server.uri(),
        key_id: "key-1".to_owned(),
        key_secret: "secret-1".into(),
        sign_name: "职培".to_owned(),
        app_id: "1400000000".to_owned(),
        templates: Templates {
            code: "SMS_1".to_owned(),
            notice: "SMS_2".to_owned(),
        },
    }
}

fn code() -> SmsMessage {
    SmsMessage {
        id: Uuid::from_u128(7),
        phone: Phone::parse("13800000001").unwrap(),
        words: SmsWords::Code("012345".to_owned()),
    }
}

async fn answer(server: &MockServer, body: Value) {
    server.reset().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(body))
        .mount(server)
        .await;
}

#[tokio::test]
async fn aliyun_is_sent_a_signed_call_with_the_template_and_one_parameter() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/"))
        .and(query_param("PhoneNumbers", "13800000001"))
        .and(query_param("SignName", "职培"))
        .and(query_param("TemplateCode", "SMS_1"))
        .and(query_param("TemplateParam", r#"{"code":"012345"}"#))
        .and(query_param("OutId", Uuid::from_u128(7).to_string()))
        .and(header("x-acs-action", "SendSms"))
        .and(header("x-acs-version", "2017-05-25"))
        .and(header("x-acs-date", "2026-11-24T01:29:30Z"))
        .and(header_regex(
            "authorization",
            "^ACS3-HMAC-SHA256 Credential=key-1,SignedHeaders=host;x-acs-action;.*Signature=[0-9a-f]{64}$",
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"Code": "OK", "Message": "OK"})))
        .expect(1)
        .mount(&server)
        .await;
    let provider = Provider::aliyun(account(&server)).unwrap();
    provider.send(&code(), NOW, &NONCE).await.unwrap();
}

#[tokio::test]
async fn tencent_is_sent_a_signed_call_and_no_phone_number_in_the_address() {
    let server = MockServer::start().await;
    answer(
        &server,
        json!({"Response": {"SendStatusSet": [{"Code": "Ok"}], "RequestId": "r"}}),
    )
    .await;
    let provider = Provider::tencent(account(&server)).unwrap();
    provider.send(&code(), NOW, &NONCE).await.unwrap();
    let sent = &server.received_requests().await.unwrap()[0];
    assert!(!sent.url.as_str().contains("138"));
    let body: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(body["PhoneNumberSet"], json!(["+8613800000001"]));
    assert_eq!(body["TemplateParamSet"], json!(["012345"]));
    let authorization = sent.headers["authorization"].to_str().unwrap();
    let begin = "TC3-HMAC-SHA256 Credential=key-1/2026-11-24/sms/tc3_request";
    assert!(authorization.starts_with(begin), "{authorization}");
}

#[tokio::test]
async fn what_may_be_tried_again_is_told_from_what_may_not() {
    let server = MockServer::start().await;
    let aliyun = Provider::aliyun(account(&server)).unwrap();
    let tencent = Provider::tencent(account(&server)).unwrap();
    for (code, again) in [
        ("isv.BUSINESS_LIMIT_CONTROL", true),
        ("isp.SYSTEM_ERROR", true),
        ("Throttling.User", true),
        ("isv.MOBILE_NUMBER_ILLEGAL", false),
        ("SignatureDoesNotMatch", false),
    ] {
        answer(&server, json!({"Code": code, "Message": "13800000001"})).await;
        let error = aliyun.send(&notice(), NOW, &NONCE).await.unwrap_err();
        assert_eq!(error.is_temporary(), again, "{code}");
        assert!(!error.to_string().contains("138"), "{error}");
    }
    for (code, again) in [
        ("LimitExceeded.PhoneNumberDailyLimit", true),
        ("InternalError.Timeout", true),
        ("FailedOperation.PhoneNumberInBlacklist", false),
    ] {
        let body = json!({"Response": {"SendStatusSet": [{"Code": code}]}});
        answer(&server, body).await;
        let error = tencent.send(&notice(), NOW, &NONCE).await.unwrap_err();
        assert_eq!(error.is_temporary(), again, "{code}");
    }
    let body =
        json!({"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "x"}}});
    answer(&server, body).await;
    let refused = tencent.send(&notice(), NOW, &NONCE).await;
    assert!(matches!(refused, Err(Error::Refused(_))));
}

fn notice() -> SmsMessage {
    SmsMessage {
        words: SmsWords::Notice("密码已重设".to_owned()),
        ..code()
    }
}

#[tokio::test]
async fn api10_a_hostile_answer_is_an_error_and_nothing_is_followed() {
    let server = MockServer::start().await;
    let provider = Provider::aliyun(account(&server)).unwrap();
    let elsewhere = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:1/");
    for hostile in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_bytes(vec![b'1'; 1 << 20]),
        elsewhere,
    ] {
        server.reset().await;
        Mock::given(method("POST"))
            .respond_with(hostile)
            .mount(&server)
            .await;
        let error = provider.send(&code(), NOW, &NONCE).await.unwrap_err();
        assert!(matches!(error, Error::Away(_)), "{error:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_an_error_without_a_number_in_it() {
    let server = MockServer::start().await;
    let mut account = account(&server);
    account.endpoint = "http://127.0.0.1:9".to_owned();
    let provider = Provider::aliyun(account).unwrap();
    let message = code();
    let sending = provider.send(&message, NOW, &NONCE);
    let refused = tokio::time::timeout(Duration::from_secs(20), sending).await;
    let error = refused.unwrap().unwrap_err();
    assert!(error.is_temporary());
    let text = format!("{error} {error:?} {:?}", code());
    assert!(!text.contains("138") && !text.contains("012345"), "{text}");
}
