//! The other side of SMS: a server that answers as a provider does, and keeps what it was sent.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// One SMS that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedSms {
    /// At which phone.
    pub phone: String,
    /// The code, if it is one.
    pub code: Option<String>,
    /// The heading, if it is a notice.
    pub notice: Option<String>,
}

/// All phones of the test.
#[derive(Clone)]
pub struct Phones {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<ArrivedSms>>>,
}

impl Phones {
    /// Turns them on.
    pub async fn on() -> Self {
        let arrived = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let router = Router::new()
            .route("/", post(take))
            .with_state(Arc::clone(&arrived));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, arrived }
    }

    /// Where the provider is.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that arrived at a phone so far, oldest first.
    pub fn of(&self, phone: &str) -> Vec<ArrivedSms> {
        let all = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter(|sms| sms.phone == phone)
            .cloned()
            .collect()
    }

    /// Waits until `count` messages have arrived at a phone, and returns the last.
    pub async fn wait(&self, phone: &str, count: usize) -> ArrivedSms {
        for _ in 0..1_000 {
            if let Some(sms) = self.of(phone).get(count - 1) {
                return sms.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("message {count} did not arrive: {:?}", self.of(phone));
    }
}

async fn take(
    State(arrived): State<Arc<Mutex<Vec<ArrivedSms>>>>,
    Query(sent): Query<HashMap<String, String>>,
) -> Json<Value> {
    let parameter: Value = sent
        .get("TemplateParam")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let text = |name: &str| parameter[name].as_str().map(str::to_owned);
    let sms = ArrivedSms {
        phone: sent.get("PhoneNumbers").cloned().unwrap_or_default(),
        code: text("code"),
        notice: text("notice"),
    };
    arrived
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(sms);
    Json(json!({ "Code": "OK" }))
}
