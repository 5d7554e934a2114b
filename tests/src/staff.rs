//! Staff for tests: added by the same action as everywhere, come in by the same link.

use serde_json::json;
use totp_rs::{Algorithm, Secret, TOTP};
use zhipei_actions::login::LoginToken;
use zhipei_actions::staff::{self, NewStaff};
use zhipei_domain::{
    Actor, AddressRange, Charge, Duties, LoginName, Role, StaffAccount, Title, UnixMs,
};

use crate::{Answer, Client, TestApp};

/// The password of all staff.
pub const STAFF_PASSWORD: &str = "Yefeng-Haiyun 2026";

/// A member of staff who has come in by the link.
#[derive(Clone, Debug)]
pub struct TestStaff {
    /// The account.
    pub account: StaffAccount,
    /// The authenticator's secret.
    pub totp_secret: String,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
}

impl TestStaff {
    /// What the authenticator shows at `now`.
    pub fn code(&self, now: UnixMs) -> String {
        code(&self.totp_secret, now)
    }

    /// What they log in with.
    pub fn login_name(&self) -> &str {
        self.account.login_name.as_str()
    }
}

/// What an authenticator with this secret shows at `now`.
pub fn code(totp_secret: &str, now: UnixMs) -> String {
    let secret = Secret::Encoded(totp_secret.to_owned())
        .to_bytes()
        .expect("the secret is base32");
    TOTP::new(Algorithm::SHA1, 6, 0, 30, secret)
        .expect("the secret is long enough")
        .generate(now.unsigned_abs() / 1_000)
}

impl TestApp {
    /// A one-time link for a new member of staff: its secret.
    pub async fn staff_link(
        &self,
        login_name: &str,
        role: Role,
        charge: Charge,
        ranges: &[AddressRange],
    ) -> (StaffAccount, String) {
        let (account, token) = self.add_staff(login_name, role, charge, ranges).await;
        (account, token.reveal())
    }

    async fn add_staff(
        &self,
        login_name: &str,
        role: Role,
        charge: Charge,
        ranges: &[AddressRange],
    ) -> (StaffAccount, LoginToken) {
        let token = LoginToken::from_random(rand::random());
        let new = NewStaff {
            login_name: LoginName::parse(login_name).expect("the test gives a login name"),
            name: Title::parse(&format!("工作人员 {login_name}")).expect("it is a name"),
            duties: Duties::new([role], charge).expect("the test gives fitting duties"),
            ranges: ranges.to_vec(),
            expires_at: None,
        };
        let (ring, now) = (&self.keys.vault, self.clock.now());
        let added = self
            .db()
            .write(async |txn| {
                let by = &Actor::System;
                let account = staff::add(txn, by, ring, now, new.clone()).await?;
                staff::make_link(txn, by, ring, now, account.id, &token).await
            })
            .await
            .expect("the login name is free");
        (added.account, token)
    }

    /// A member of staff who has a password and an authenticator.
    pub async fn staff(&self, login_name: &str, role: Role, charge: Charge) -> TestStaff {
        self.staff_from(login_name, role, charge, &[]).await
    }

    /// The same, whose account may be used from these addresses only.
    pub async fn staff_from(
        &self,
        login_name: &str,
        role: Role,
        charge: Charge,
        ranges: &[AddressRange],
    ) -> TestStaff {
        let (account, token) = self.staff_link(login_name, role, charge, ranges).await;
        let (totp_secret, recovery_codes) = self.accept_link(&token).await;
        TestStaff {
            account,
            totp_secret,
            recovery_codes,
        }
    }

    /// Comes in by a link: the authenticator's secret and the recovery codes.
    pub async fn accept_link(&self, token: &str) -> (String, Vec<String>) {
        let client = self.client();
        let opened = client
            .post("/api/staff/links/open", &json!({ "token": token }))
            .await;
        assert_eq!(opened.status, 200, "{}", opened.text());
        let secret = opened.json()["totp_secret"]
            .as_str()
            .expect("the answer has the secret")
            .to_owned();
        let given = json!({
            "token": token,
            "password": STAFF_PASSWORD,
            "code": code(&secret, self.clock.now()),
        });
        let accepted = client.post("/api/staff/links/accept", &given).await;
        assert_eq!(accepted.status, 200, "{}", accepted.text());
        let codes = serde_json::from_value(accepted.json()["recovery_codes"].clone())
            .expect("the answer has recovery codes");
        (secret, codes)
    }

    /// A browser with the member of staff logged in. Time moves on to the authenticator's next code.
    pub async fn staff_logged_in(&self, staff: &TestStaff) -> Client {
        self.clock.advance(30_000);
        let mut client = self.client();
        let answer = client
            .log_in_staff(staff.login_name(), STAFF_PASSWORD)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let code = staff.code(self.clock.now());
        let answer = client.give_code(&json!({ "code": code })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        client
    }
}

impl Client {
    /// The first step of a login of staff; keeps the cookie of the answer.
    pub async fn log_in_staff(&mut self, login_name: &str, password: &str) -> Answer {
        let body = json!({ "login_name": login_name, "password": password });
        let answer = self.post("/api/staff/login", &body).await;
        self.cookie = answer.cookie().or(self.cookie.take());
        answer
    }

    /// The second step; keeps the cookie of the answer.
    pub async fn give_code(&mut self, body: &serde_json::Value) -> Answer {
        let answer = self.post("/api/staff/login/code", body).await;
        self.cookie = answer.cookie().or(self.cookie.take());
        answer
    }
}
