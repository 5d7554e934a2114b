//! Reading and writing messages.

use serde::Deserialize;
use zhipei_api_types::learning::{ClientMessage, Heartbeat, MAX_HEARTBEATS, State};
use zhipei_domain::{ClockId, PlayState};

/// A message that every client sends all the time, read without a detour through the tagged form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heartbeats<'a> {
    #[serde(rename = "type", borrow)]
    kind: &'a str,
    clock_id: ClockId,
    items: Vec<Heartbeat>,
}

/// Reads a message; `None` when it is not one of the protocol.
pub(crate) fn read(text: &str) -> Option<ClientMessage> {
    if let Ok(beats) = serde_json::from_str::<Heartbeats<'_>>(text)
        && beats.kind == "heartbeats"
    {
        let message = ClientMessage::Heartbeats {
            clock_id: beats.clock_id,
            items: beats.items,
        };
        return Some(message).filter(is_within_limits);
    }
    serde_json::from_str(text).ok().filter(is_within_limits)
}

/// Numbers of every field that a client controls stay where arithmetic on them is exact.
pub(crate) fn is_within_limits(message: &ClientMessage) -> bool {
    let ms = |value: i64| (-(1 << 50)..=1 << 50).contains(&value);
    match message {
        ClientMessage::Heartbeats { items, .. } => {
            items.len() <= MAX_HEARTBEATS
                && items.iter().all(|beat| {
                    ms(beat.position_ms)
                        && ms(beat.client_ms)
                        && beat.seq < 1 << 50
                        && beat.rate.is_finite()
                        && beat.rate.abs() <= 1_000.0
                })
        }
        ClientMessage::Open {
            device_id,
            client_ms,
            ..
        } => {
            ms(*client_ms)
                && (1..=64).contains(&device_id.len())
                && device_id.bytes().all(|byte| byte.is_ascii_graphic())
        }
        ClientMessage::ChallengeAnswer { answer, .. } => answer.len() <= 64,
        ClientMessage::Resume { .. }
        | ClientMessage::OtherWay { .. }
        | ClientMessage::Close { .. } => true,
    }
}

/// A heartbeat as the hour rules read it.
pub(crate) fn heartbeat(beat: &Heartbeat) -> zhipei_credit::Heartbeat {
    let state = match beat.state {
        State::Playing => PlayState::Playing,
        State::Paused => PlayState::Paused,
        State::Hidden => PlayState::Hidden,
        State::Ended => PlayState::Ended,
    };
    zhipei_credit::Heartbeat {
        seq: beat.seq,
        state,
        position_ms: beat.position_ms,
        rate_thousandths: (beat.rate * 1_000.0).round() as i64,
        client_ms: beat.client_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_are_read_with_up_to_two_hundred_items() {
        let item = r#"{"seq":1,"state":"playing","position_ms":0,"rate":1.0,"client_ms":5}"#;
        let message = |n: usize| {
            let items = vec![item; n].join(",");
            let clock = "00000000-0000-0000-0000-000000000001";
            read(&format!(
                r#"{{"type":"heartbeats","clock_id":"{clock}","items":[{items}]}}"#
            ))
        };
        assert!(message(200).is_some());
        assert!(message(201).is_none());
    }

    #[test]
    fn what_is_not_of_the_protocol_is_refused() {
        let clock = "00000000-0000-0000-0000-000000000001";
        for text in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"fly"}"#,
            r#"{"type":"heartbeats","clock_id":"x","items":[]}"#,
            &format!(
                r#"{{"type":"heartbeats","clock_id":"{clock}","items":[{{"seq":-1,"state":"playing","position_ms":0,"rate":1,"client_ms":0}}]}}"#
            ),
            &format!(
                r#"{{"type":"heartbeats","clock_id":"{clock}","items":[{{"seq":1,"state":"playing","position_ms":0,"rate":1e400,"client_ms":0}}]}}"#
            ),
            &format!(
                r#"{{"type":"heartbeats","clock_id":"{clock}","items":[{{"seq":1,"state":"playing","position_ms":9223372036854775807,"rate":1,"client_ms":0}}]}}"#
            ),
            &format!(
                r#"{{"type":"heartbeats","clock_id":"{clock}","items":[{{"seq":1,"state":"playing","position_ms":0.5,"rate":1,"client_ms":0}}]}}"#
            ),
            &format!(r#"{{"type":"close","clock_id":"{clock}","__proto__":1}}"#),
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
