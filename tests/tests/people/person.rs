//! A person with a phone, who fills in forms.

use std::fmt::Write as _;

use sea_orm::{ConnectionTrait, FromQueryResult, JsonValue, Statement};
use serde_json::{Value, json};
use uuid::Uuid;
use zhipei_domain::{DocumentKind, IdDocument, PersonName, Phone};
use zhipei_tests::{Answer, Client, PASSWORD, TestApp};

pub(crate) const NAME: &str = "符秀英";

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) phone: String,
    pub(crate) document: String,
    pub(crate) name: String,
}

impl Person {
    /// The `n`th person, born on 1 January 1990, with a document of Sanya that nobody has.
    pub(crate) fn new(n: u32) -> Self {
        Self::born(n, "19900101")
    }

    pub(crate) fn born(n: u32, day: &str) -> Self {
        let first = format!("460200{day}{n:03}");
        let document = "0123456789X"
            .chars()
            .map(|check| format!("{first}{check}"))
            .find(|number| IdDocument::parse(DocumentKind::ResidentId, number).is_ok());
        Self {
            phone: format!("139{n:08}"),
            document: document.unwrap(),
            name: NAME.to_owned(),
        }
    }

    pub(crate) fn id_document(&self) -> IdDocument {
        IdDocument::parse(DocumentKind::ResidentId, &self.document).unwrap()
    }

    pub(crate) fn phone(&self) -> Phone {
        Phone::parse(&self.phone).unwrap()
    }

    pub(crate) fn person_name(&self) -> PersonName {
        PersonName::parse(&self.name).unwrap()
    }

    /// Asks for a code, and reads it on the phone. Returns ticket and code.
    pub(crate) async fn code(
        &self,
        app: &TestApp,
        client: &Client,
        path: &str,
    ) -> (String, String) {
        let before = app.phones.of(&self.phone).len();
        let answer = client.post(path, &json!({ "phone": self.phone })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sms = app.phones.wait(&self.phone, before + 1).await;
        let ticket = answer.json()["ticket"].as_str().unwrap().to_owned();
        (ticket, sms.code.unwrap())
    }

    /// A form that is complete.
    pub(crate) fn form(&self, (ticket, code): &(String, String)) -> Value {
        json!({
            "phone": self.phone, "ticket": ticket, "code": code, "name": self.name,
            "document_kind": "resident_id", "document_number": self.document, "region": "469002",
            "categories": ["0203"], "employer": "琼海海平电器厂", "password": PASSWORD,
            "consents": [
                { "purpose": "terms", "version": 1 }, { "purpose": "document", "version": 1 },
                { "purpose": "sharing", "version": 1 },
            ],
        })
    }

    /// Registers, and is logged in.
    pub(crate) async fn register(&self, app: &TestApp) -> Client {
        let (answer, client) = self.try_to_register(app).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        client
    }

    pub(crate) async fn try_to_register(&self, app: &TestApp) -> (Answer, Client) {
        let mut client = app.client();
        let code = self.code(app, &client, "/api/registrations/codes").await;
        let answer = client.post("/api/registrations", &self.form(&code)).await;
        client.cookie = answer.cookie();
        (answer, client)
    }
}

/// A change with an `Idempotency-Key`.
pub(crate) async fn post_keyed(client: &Client, path: &str, key: Uuid, body: &Value) -> Answer {
    let key = key.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("sec-fetch-site", "same-origin"),
        ("idempotency-key", key.as_str()),
    ];
    let body = body.to_string().into_bytes();
    client.send(hyper::Method::POST, path, &headers, body).await
}

/// Every row of every table, as text.
pub(crate) async fn dump(app: &TestApp) -> String {
    let db = app.db().read();
    let backend = db.get_database_backend();
    let tables = match backend {
        sea_orm::DbBackend::Sqlite => "select name from sqlite_master where type = 'table'",
        _ => {
            "select table_name as name from information_schema.tables where table_schema = current_schema()"
        }
    };
    let tables = db
        .query_all_raw(Statement::from_string(backend, tables))
        .await
        .unwrap();
    let mut text = String::new();
    for table in tables {
        let table: String = table.try_get("", "name").unwrap();
        let all = Statement::from_string(backend, format!("select * from \"{table}\""));
        for row in JsonValue::find_by_statement(all).all(db).await.unwrap() {
            writeln!(text, "{table} {row}").unwrap();
        }
    }
    text
}
