//! Checks of a live session: asking, the ways to answer, and what the learner is told of it.

use zhipei_actions::credit::Record;
use zhipei_api_types::learning::{Prompt, ServerMessage, Verdict};
use zhipei_credit::{Answer, Challenge, Outcome, Phase};
use zhipei_domain::{
    ChallengeId, CheckKind, CreditScope, FaceAction, FaceCheck, FaceCheckId, FaceOutcome,
    SMS_WITHIN_S, SmsWords, UnixMs,
};

use super::{OVERDUE_MS, Send, Session};

/// Who looks at frames that came in time has so long beyond the answer window: the learner has answered.
const LOOKING_MS: i64 = 15_000;

/// What was asked of the learner, and what answers it.
#[derive(Debug)]
pub(super) enum Question {
    /// Pick one of three.
    Presence(Prompt),
    /// Give the code that was sent.
    Code(String),
    /// Look into the camera.
    Face {
        /// Names the question to who brings frames; good once.
        id: FaceCheckId,
        /// What to do.
        actions: Vec<FaceAction>,
        /// Frames have come and are being looked at.
        taken: bool,
    },
}

impl Question {
    /// What the learner sees of it.
    fn prompt(&self) -> Prompt {
        match self {
            Self::Presence(prompt) => prompt.clone(),
            Self::Code(_) => Prompt::default(),
            Self::Face { id, actions, .. } => Prompt {
                actions: actions.iter().map(|a| a.as_str().to_owned()).collect(),
                nonce: Some(id.0),
                ..Prompt::default()
            },
        }
    }
}

/// A question that frames have come for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceQuestion {
    /// The check that it is part of.
    pub challenge: ChallengeId,
    /// What was asked, in order.
    pub actions: Vec<FaceAction>,
}

/// Why frames are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceRefusal {
    /// Nothing of this name is asked.
    NotAsked,
    /// Frames came for it before.
    Used,
    /// The answer window is over.
    Over,
}

/// What became of frames.
#[derive(Clone, Debug)]
pub enum FaceAnswer {
    /// Looked at.
    Decided(Box<FaceCheck>),
    /// Nobody could look: the check is put off, and nobody has failed (C17).
    Postponed,
}

impl Session {
    /// Frames have come for a question: it is used up by them, whatever they show.
    pub fn take_face(&mut self, now: UnixMs, id: FaceCheckId) -> Result<FaceQuestion, FaceRefusal> {
        let (credit_scope, challenge, deadline) =
            self.face_asked(id).ok_or(FaceRefusal::NotAsked)?;
        if now > deadline {
            return Err(FaceRefusal::Over);
        }
        let Some(Question::Face { actions, taken, .. }) = self.questions.get_mut(&credit_scope)
        else {
            return Err(FaceRefusal::NotAsked);
        };
        if std::mem::replace(taken, true) {
            return Err(FaceRefusal::Used);
        }
        let actions = actions.clone();
        if let Some(holder) = self.holder.as_mut() {
            holder.heard_since_delivery = true;
        }
        Ok(FaceQuestion { challenge, actions })
    }

    /// The check on screen that a face question belongs to, and until when it is answered.
    fn face_asked(&self, id: FaceCheckId) -> Option<(CreditScope, ChallengeId, UnixMs)> {
        let (credit_scope, _) = self.questions.iter().find(
            |(_, question)| matches!(question, Question::Face { id: asked, .. } if *asked == id),
        )?;
        let challenge = self.hours.challenge(*credit_scope)?;
        let Phase::Delivered { deadline } = challenge.phase else {
            return None;
        };
        Some((*credit_scope, challenge.id, deadline))
    }

    pub(super) fn face_answered(&mut self, now: UnixMs, id: FaceCheckId, answer: FaceAnswer) {
        let asked = self.face_asked(id);
        let check = match answer {
            FaceAnswer::Postponed => {
                if let Some((credit_scope, ..)) = asked {
                    self.hours.postpone(now, credit_scope, &mut self.dice);
                }
                return;
            }
            FaceAnswer::Decided(check) => check,
        };
        // What was decided is kept even when the check has left the screen meanwhile.
        let Some((credit_scope, challenge, deadline)) = asked else {
            self.records.push(Record::FaceChecked(check, None));
            return;
        };
        let answer = match check.outcome {
            FaceOutcome::Passed => Answer::Pass,
            FaceOutcome::Failed => Answer::Fail,
            FaceOutcome::Mismatch => Answer::Mismatch,
        };
        self.records
            .push(Record::FaceChecked(check, Some(challenge)));
        // The frames came in time; that they were looked at later is nobody's fault.
        let at = now.min(deadline);
        self.hours.answer(at, credit_scope, answer, &mut self.dice);
    }

    /// The check on screen is to be answered another way than by face, of which `kind` is left.
    pub(super) fn other_way(&mut self, now: UnixMs, id: ChallengeId, kind: CheckKind) {
        let Some(credit_scope) = self.on_screen(id) else {
            return;
        };
        let is_face = matches!(
            self.questions.get(&credit_scope),
            Some(Question::Face { taken: false, .. })
        );
        if is_face
            && self
                .hours
                .other_way(credit_scope, kind, SMS_WITHIN_S * 1_000)
        {
            self.question(credit_scope, kind);
            self.tell_challenge(now, credit_scope);
        }
    }

    pub(super) fn answer(&mut self, now: UnixMs, id: ChallengeId, answer: &str) {
        let Some(credit_scope) = self.on_screen(id) else {
            return;
        };
        let is_right = match self.questions.get(&credit_scope) {
            Some(Question::Presence(prompt)) => prompt.ask == answer,
            Some(Question::Code(code)) => code == answer.trim(),
            // A face is answered by frames.
            Some(Question::Face { .. }) => return,
            None => false,
        };
        let answer = if is_right { Answer::Pass } else { Answer::Fail };
        self.hours.answer(now, credit_scope, answer, &mut self.dice);
    }

    fn on_screen(&self, id: ChallengeId) -> Option<CreditScope> {
        self.hours.credit_scopes().into_iter().find(|credit_scope| {
            let challenge = self.hours.challenge(*credit_scope);
            challenge.is_some_and(|challenge| challenge.id == id && challenge.is_delivered())
        })
    }

    /// Ends answer windows that are over.
    pub(super) fn end_windows(&mut self, now: UnixMs) {
        for credit_scope in self.hours.credit_scopes() {
            let Some(challenge) = self.hours.challenge(credit_scope) else {
                continue;
            };
            let question = self.questions.get(&credit_scope);
            let looking = matches!(question, Some(Question::Face { taken: true, .. }));
            let more = if looking { LOOKING_MS } else { 0 };
            if matches!(challenge.phase, Phase::Delivered { deadline } if now > deadline + more) {
                self.run_out(now, credit_scope);
            }
        }
    }

    /// The answer window is over. When nothing at all has come since the check was sent, the
    /// connection was dead, and the window ends as a disconnection (C14).
    fn run_out(&mut self, now: UnixMs, credit_scope: CreditScope) {
        let dead = self.holder.take_if(|holder| !holder.heard_since_delivery);
        match dead {
            Some(holder) => {
                self.hours.disconnect(now, holder.clock, &mut self.dice);
                self.sends.push((holder.connection, Send::Lost));
            }
            None => self.hours.no_answer(now, credit_scope, &mut self.dice),
        }
    }

    /// Sends the check that is due: one at a time, to a live connection, while the learner is
    /// there: playing, or waiting for the closing check or the second round.
    pub(super) fn deliver(&mut self, now: UnixMs) {
        let Some(holder) = self.holder.as_ref() else {
            return;
        };
        if !self.hours.is_challenged() {
            return;
        }
        let is_playing = holder.is_playing;
        let scopes = self.hours.credit_scopes();
        let challenges = || {
            scopes
                .iter()
                .filter_map(|scope| self.hours.challenge(*scope))
        };
        if challenges().any(Challenge::is_delivered) {
            return;
        }
        let is_ready = |scope: CreditScope, challenge: &Challenge| match challenge.phase {
            Phase::Due => {
                let overdue = || self.hours.pending_since(scope, challenge.due_at) >= OVERDUE_MS;
                is_playing || challenge.closing || overdue()
            }
            Phase::Repeat { not_before } => now >= not_before,
            Phase::Delivered { .. } => false,
        };
        let ready = scopes.iter().copied().find_map(|scope| {
            let challenge = self.hours.challenge(scope)?;
            is_ready(scope, challenge).then_some((scope, challenge.kind))
        });
        let Some((credit_scope, kind)) = ready else {
            return;
        };
        if !self.hours.deliver(now, credit_scope, &mut self.dice) {
            return;
        }
        self.question(credit_scope, kind);
        self.tell_challenge(now, credit_scope);
        if let Some(holder) = self.holder.as_mut() {
            holder.heard_since_delivery = false;
        }
    }

    /// Draws a question; a code goes out with the commit.
    fn question(&mut self, credit_scope: CreditScope, kind: CheckKind) {
        let question = match kind {
            CheckKind::Off | CheckKind::Presence => Question::Presence(self.dice.prompt()),
            CheckKind::Sms => {
                let code = self.dice.code();
                self.records
                    .push(Record::Code(SmsWords::Code(code.clone())));
                Question::Code(code)
            }
            CheckKind::Face | CheckKind::FaceAction => Question::Face {
                id: FaceCheckId(self.dice.id()),
                actions: match kind {
                    CheckKind::FaceAction => self.dice.face_actions(),
                    _ => Vec::new(),
                },
                taken: false,
            },
        };
        self.questions.insert(credit_scope, question);
    }

    fn tell_challenge(&mut self, now: UnixMs, credit_scope: CreditScope) {
        let (Some(challenge), Some(question)) = (
            self.hours.challenge(credit_scope),
            self.questions.get(&credit_scope),
        ) else {
            return;
        };
        let Phase::Delivered { deadline } = challenge.phase else {
            return;
        };
        let message = ServerMessage::Challenge {
            id: challenge.id,
            kind: challenge.kind,
            closing: challenge.closing,
            round: u32::from(challenge.round),
            attempt: challenge.attempt(),
            tries: challenge.tries,
            prompt: question.prompt(),
            pending_ms: self.hours.pending_ms(credit_scope),
            answer_within_ms: deadline - now,
        };
        self.tell(|_| message);
    }

    pub(super) fn tell_outcome(
        &mut self,
        now: UnixMs,
        credit_scope: CreditScope,
        outcome: Outcome,
    ) {
        let Some(challenge) = self.hours.challenge(credit_scope) else {
            return;
        };
        let (id, kind, attempt) = (challenge.id, challenge.kind, challenge.attempt());
        match (outcome, challenge.phase) {
            (Outcome::Postponed, _) => {
                self.questions.remove(&credit_scope);
                self.tell_verdict(id, Verdict::Postponed, None, None, None);
            }
            (Outcome::TryAgain, _) => {
                // A code stays good for the next try.
                if kind != CheckKind::Sms {
                    self.question(credit_scope, kind);
                }
                let prompt = self.questions.get(&credit_scope).map(Question::prompt);
                self.tell_verdict(id, Verdict::TryAgain, None, Some(attempt), prompt);
            }
            (Outcome::Repeat, Phase::Repeat { not_before }) => {
                self.questions.remove(&credit_scope);
                self.tell_verdict(id, Verdict::RepeatLater, Some(not_before - now), None, None);
            }
            _ => {}
        }
    }

    pub(super) fn tell_verdict(
        &mut self,
        id: ChallengeId,
        result: Verdict,
        next_in_ms: Option<i64>,
        attempt: Option<u32>,
        prompt: Option<Prompt>,
    ) {
        let place = self
            .hours
            .current()
            .and_then(|clock| self.hours.clock_place(clock));
        let (verified_ms, pending_ms) =
            place.map_or((0, 0), |place| self.hours.lesson_ms(place.1, place.3));
        self.tell(|_| ServerMessage::Verdict {
            id,
            result,
            verified_ms,
            pending_ms,
            next_in_ms,
            attempt,
            prompt,
        });
    }
}
