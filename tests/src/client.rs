use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// A browser: it keeps the session cookie and says where its requests come from.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    http: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    /// The cookie, as `name=value`.
    pub cookie: Option<String>,
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            http: hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http(),
            cookie: None,
        }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// Changes, with a JSON body, from a page of the server's own.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let origin = format!("http://{}", self.address);
        let headers = [
            ("content-type", "application/json"),
            ("origin", origin.as_str()),
        ];
        self.send(Method::POST, path, &headers, body.to_string().into_bytes())
            .await
    }

    /// Sends anything, with no header that is not given, save the cookie.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let request = request
            .body(Full::new(Bytes::from(body)))
            .expect("the test asks for something that HTTP can say");
        let response = self
            .http
            .request(request)
            .await
            .expect("the server answers");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the answer arrives whole");
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        }
    }

    /// Logs in and keeps the cookie of the answer.
    pub async fn log_in(&mut self, login_name: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "login_name": login_name, "password": password });
        let answer = self.post("/api/login", &body).await;
        if let Some(cookie) = answer.cookie() {
            self.cookie = Some(cookie);
        }
        answer
    }

    /// Opens the socket of a learning session.
    pub async fn open_socket(&self) -> Result<Socket, tungstenite::Error> {
        let address = format!("ws://{}/api/learning/sessions", self.address);
        let mut request = address.into_client_request()?;
        let origin = format!("http://{}", self.address);
        let headers = request.headers_mut();
        let value = |text: &str| HeaderValue::try_from(text).expect("the value is ASCII");
        headers.insert("origin", value(&origin));
        if let Some(cookie) = &self.cookie {
            headers.insert("cookie", value(cookie));
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        Ok(Socket(socket))
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The code of a problem, with its status: `401 login_failed`.
    pub fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let title = problem["title"].as_str().unwrap_or_default();
        assert!(!title.is_ascii(), "a title is a Chinese sentence: {title}");
        let code = problem["code"].as_str().unwrap_or_default();
        format!("{} {code}", self.status.as_u16())
    }

    /// The cookie that it sets, as `name=value`.
    pub fn cookie(&self) -> Option<String> {
        let cookie = self.header("set-cookie").split(';').next()?;
        (!cookie.is_empty()).then(|| cookie.to_owned())
    }
}

/// The socket of a learning session.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Sends a message.
    pub async fn send(&mut self, message: &Value) {
        let text = Message::text(message.to_string());
        self.0.send(text).await.expect("the socket is open");
    }

    /// The next message; the number of the closing frame when the server closes.
    pub async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("messages are JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}
