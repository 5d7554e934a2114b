//! Another face freezes time; people decide, and the learner is heard.

use serde_json::{Value, json};
use zhipei_domain::{Charge, FROZEN_APPEAL_MS, RegionCode, Role};
use zhipei_tests::Client;

use crate::camera::Camera;
use crate::checks::{challenged, faced, scene, show, verdict};
use crate::player::Scene;

/// Seventy seconds are played and frozen by another face in both tries.
async fn frozen() -> (Scene, Client) {
    let scene = scene(faced()).await;
    let (mut player, challenge) = challenged(&scene).await;
    let mut prompt = challenge["prompt"].clone();
    for result in ["try_again", "frozen"] {
        let told = show(&player, &prompt, Camera::stranger()).await;
        assert_eq!(told["passed"], false);
        let said = verdict(&mut player).await;
        assert_eq!(said["result"], result);
        prompt = said["prompt"].clone();
    }
    player.close().await;
    let client = player.client.clone();
    drop(player);
    (scene, client)
}

async fn supervisor(scene: &Scene, region: &str) -> Client {
    let charge = Charge::Region(RegionCode::parse(region).unwrap());
    let name = format!("supervisor-{region}");
    let staff = scene.app.staff(&name, Role::Supervisor, charge).await;
    scene.app.staff_logged_in(&staff).await
}

async fn hours(scene: &Scene, client: &Client) -> Value {
    let path = format!("/api/classes/{}/hours", scene.class.id);
    client.get(&path).await.json()
}

#[tokio::test]
async fn pipl_22_another_face_forfeits_nothing_by_itself_and_a_person_restores_it() {
    let (scene, client) = frozen().await;
    let own = client.get("/api/me/frozen-times").await.json();
    let time = &own["items"][0];
    let ms = time["ms"].as_i64().unwrap();
    assert!(ms >= 60_000, "{own}");
    assert_eq!(time["restored"], json!(null));
    let before = scene.ledger().await;
    assert_eq!((before.verified, before.void), (0, 0));
    let id = time["id"].as_str().unwrap();
    let appeal = json!({ "reason": "灯光太暗，确实是我本人在学" });
    let path = format!("/api/me/frozen-times/{id}/appeal");
    assert_eq!(client.post(&path, &appeal).await.status, 204);
    assert_eq!(
        client.post(&path, &appeal).await.problem(),
        "409 frozen_decided"
    );
    let supervisor = supervisor(&scene, "469002").await;
    let list = supervisor.get("/api/frozen-times").await.json();
    assert_eq!(list["items"][0]["appeal"], appeal["reason"]);
    assert_eq!(list["items"][0]["name"], "符**");
    let word = json!({ "restore": true, "reason": "核对了现场记录，是本人" });
    let path = format!("/api/frozen-times/{id}/decide");
    assert_eq!(supervisor.post(&path, &word).await.status, 204);
    assert_eq!(
        supervisor.post(&path, &word).await.problem(),
        "409 frozen_decided"
    );
    assert_eq!(scene.ledger().await.verified, ms);
    let own = client.get("/api/me/frozen-times").await.json();
    assert_eq!(own["items"][0]["restored"], true);
    assert_eq!(own["items"][0]["reason"], word["reason"]);
    let notices = client.get("/api/notices").await.json();
    assert_eq!(notices["items"][0]["kind"], "frozen_decided");
    let said = hours(&scene, &client).await.to_string();
    assert!(said.contains(&ms.to_string()), "{said}");
}

#[tokio::test]
async fn nobody_voids_before_the_appeal_was_heard_and_void_time_can_be_earned_again() {
    let (scene, client) = frozen().await;
    let own = client.get("/api/me/frozen-times").await.json();
    let id = own["items"][0]["id"].as_str().unwrap().to_owned();
    let ms = own["items"][0]["ms"].as_i64().unwrap();
    let reviewer = supervisor(&scene, "469002").await;
    let path = format!("/api/frozen-times/{id}/decide");
    let word = json!({ "restore": false, "reason": "画面里是另一个人" });
    assert_eq!(
        reviewer.post(&path, &word).await.problem(),
        "409 appeal_awaited"
    );
    scene.app.clock.advance(FROZEN_APPEAL_MS + 1);
    let reviewer = supervisor(&scene, "460000").await;
    assert_eq!(reviewer.post(&path, &word).await.status, 204);
    let ledger = scene.ledger().await;
    assert_eq!((ledger.verified, ledger.void), (0, ms));
    let mut player = scene.player("pc").await;
    player.open(0).await;
    player.play(0, 50_000).await;
    player.close().await;
    assert_eq!(scene.ledger().await.pending, 50_000);
}

#[tokio::test]
async fn asvs_34_a_supervisor_of_another_county_neither_sees_nor_decides() {
    let (scene, client) = frozen().await;
    let own = client.get("/api/me/frozen-times").await.json();
    let id = own["items"][0]["id"].as_str().unwrap();
    let other = supervisor(&scene, "469005").await;
    assert_eq!(
        other.get("/api/frozen-times").await.json()["items"],
        json!([])
    );
    let word = json!({ "restore": true, "reason": "看看行不行" });
    let decided = other
        .post(&format!("/api/frozen-times/{id}/decide"), &word)
        .await;
    assert_eq!(decided.problem(), "404 not_found");
}
