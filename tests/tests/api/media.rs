use hyper::Method;
use zhipei_domain::Policy;
use zhipei_tests::{Client, TestApp, TestClass};

/// A class whose first video has a playlist and a segment in the store.
async fn class_with_video(app: &TestApp) -> TestClass {
    let class = app.class("QH-1", &[60_000], Policy::default()).await;
    let folder = app
        .config
        .media_folder()
        .join(class.videos[0].id.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("master.m3u8"), "#EXTM3U\n").unwrap();
    let segment: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    std::fs::write(folder.join("720p_0000.ts"), segment).unwrap();
    class
}

async fn playlist_url(client: &Client, class: &TestClass) -> String {
    let path = format!("/api/classes/{}/lessons/{}", class.id, class.lessons[0]);
    let lesson = client.get(&path).await.json();
    lesson["media"]["playlist_url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_video_plays_for_the_login_that_opened_it_and_for_no_other() {
    let app = TestApp::spawn().await;
    let (fu, wang) = (
        app.learner("fuxiuying").await,
        app.learner("wanghaibo").await,
    );
    let class = class_with_video(&app).await;
    app.enrol(&fu, &class).await;
    app.enrol(&wang, &class).await;
    let client = app.logged_in(&fu).await;
    let url = playlist_url(&client, &class).await;

    let answer = client.get(&url).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        "application/vnd.apple.mpegurl"
    );
    assert!(answer.header("cache-control").starts_with("private"));
    assert_eq!(answer.text(), "#EXTM3U\n");

    let other = app.logged_in(&wang).await;
    assert_eq!(other.get(&url).await.problem(), "404 not_found");
    assert_eq!(app.client().get(&url).await.problem(), "401 not_logged_in");
    let second_login = app.logged_in(&fu).await;
    assert_eq!(second_login.get(&url).await.problem(), "404 not_found");
    let forged = url.replacen("/media/", "/media/A", 1);
    assert_eq!(client.get(&forged).await.problem(), "404 not_found");
    let outside = url.replace("master.m3u8", "..%2f..%2fkeys%2fmedia-address.key");
    assert_eq!(client.get(&outside).await.problem(), "404 not_found");

    client.post("/api/logout", &serde_json::json!({})).await;
    assert_eq!(client.get(&url).await.problem(), "401 not_logged_in");
}

#[tokio::test]
async fn a_segment_comes_in_the_part_that_was_asked_for() {
    let app = TestApp::spawn().await;
    let fu = app.learner("fuxiuying").await;
    let class = class_with_video(&app).await;
    app.enrol(&fu, &class).await;
    let client = app.logged_in(&fu).await;
    let url = playlist_url(&client, &class)
        .await
        .replace("master.m3u8", "720p_0000.ts");
    let range = async |range: &'static str| {
        client
            .send(Method::GET, &url, &[("range", range)], Vec::new())
            .await
    };
    let part = range("bytes=10-19").await;
    assert_eq!(part.status, 206);
    assert_eq!(part.header("content-range"), "bytes 10-19/1000");
    assert_eq!(part.body[..], (10..20).collect::<Vec<u8>>()[..]);
    assert_eq!(range("bytes=990-").await.body.len(), 10);
    assert_eq!(
        range("bytes=1000-").await.problem(),
        "416 range_not_satisfiable"
    );
    assert_eq!(client.get(&url).await.body.len(), 1_000);
}

#[tokio::test]
async fn a_key_is_for_a_video_that_is_open() {
    let app = TestApp::spawn().await;
    let fu = app.learner("fuxiuying").await;
    let class = class_with_video(&app).await;
    app.enrol(&fu, &class).await;
    let key = format!("/api/learning/keys/{}", class.videos[0].id);
    assert_eq!(app.client().get(&key).await.problem(), "401 not_logged_in");
    let client = app.logged_in(&fu).await;
    assert_eq!(client.get(&key).await.problem(), "403 no_live_session");
}
