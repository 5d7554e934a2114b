//! What the rules must know of a lesson before it opens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use zhipei_actions::face;
use zhipei_api_types::learning::{ClientMessage, PROTOCOL, ServerMessage, credit_scope};
use zhipei_credit::LessonSpec;
use zhipei_domain::{
    ClassState, CreditScope, LearnerId, LessonId, Reach, START_HOLDS_MS, Scope, Shown, StartCheck,
    UnixMs,
};
use zhipei_storage::{
    Error, Result, courses, enrolments, faces, identities, learning_intervals, login_sessions,
    policies,
};

use crate::desk::{Caller, Desk};
use crate::session::OpenRequest;

/// How long a list of lessons is believed.
const BELIEVED_MS: i64 = 30_000;

/// The lessons of scopes, read once in a while.
#[derive(Debug, Default)]
pub(crate) struct Curricula(Mutex<HashMap<CreditScope, Curriculum>>);

type Curriculum = (UnixMs, Arc<[LessonSpec]>);

impl Curricula {
    fn get(&self, credit_scope: CreditScope, now: UnixMs) -> Option<Arc<[LessonSpec]>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, lessons) = known.get(&credit_scope)?;
        (now - at < BELIEVED_MS).then(|| lessons.clone())
    }

    fn put(&self, credit_scope: CreditScope, now: UnixMs, lessons: Arc<[LessonSpec]>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(credit_scope, (now, lessons));
    }
}

impl Desk {
    /// What the rules must know of a lesson that a learner asks to open, or why it does not open.
    pub(crate) async fn look_up(
        &self,
        caller: &Caller,
        message: &ClientMessage,
    ) -> Result<Result<OpenRequest, ServerMessage>> {
        let ClientMessage::Open {
            protocol,
            device_id,
            device,
            class,
            lesson,
            clock_id,
            client_ms,
        } = message
        else {
            return Err(Error::NotFound);
        };
        let refused = |code: &str, title: &str| ServerMessage::Refused {
            clock_id: *clock_id,
            code: code.to_owned(),
            title: title.to_owned(),
        };
        if *protocol != PROTOCOL {
            return Ok(Err(refused("protocol", "页面版本太旧，请刷新页面")));
        }
        let db = self.db().read();
        let credit_scope = credit_scope(*class);
        let mut ends_at = None;
        let mut required_ms = 0;
        if let Some(class) = class {
            let scope = Scope::Learner(caller.learner);
            let (enrolment, class) = match enrolments::get(db, &scope, caller.learner, *class).await
            {
                Ok(found) => found,
                Err(Error::NotFound) => {
                    return Ok(Err(refused("not_enrolled", "您还没有报名这个班级")));
                }
                Err(error) => return Err(error),
            };
            match class.state(&enrolment, self.now()) {
                ClassState::NotStarted => {
                    return Ok(Err(refused(
                        "class_not_open",
                        "班级还没有开班，开班后就可以学习",
                    )));
                }
                ClassState::Ended if !self.has_pending(caller.learner, credit_scope).await? => {
                    return Ok(Err(refused(
                        "class_not_open",
                        "班级已经结束，学过的学时都在",
                    )));
                }
                _ => {}
            }
            let end = class.window.last().end_ms();
            // Who withdrew, or comes after the end, may answer the closing check and earns nothing.
            let is_over = class.state(&enrolment, self.now()) == ClassState::Ended;
            ends_at = Some(if is_over { end.min(self.now()) } else { end });
            required_ms = class.required_ms;
        }
        let curriculum = self.curriculum(credit_scope).await?;
        let Some(lesson) = curriculum
            .iter()
            .find(|spec| spec.lesson == *lesson)
            .copied()
        else {
            return Ok(Err(refused("not_found", "没有找到这节课")));
        };
        let policy = policies::newest(db, credit_scope).await?;
        let reach = self.reach(caller.learner).await?;
        let shown = self.shown(caller, lesson.lesson).await?;
        if let Some(due) = policy.start_check(reach, shown) {
            let code = match due {
                StartCheck::Face => "face_check_needed",
                StartCheck::Code => "code_check_needed",
            };
            return Ok(Err(refused(code, "开始学习前请先核验身份")));
        }
        Ok(Ok(OpenRequest {
            clock: *clock_id,
            device_id: device_id.clone(),
            device: *device,
            credit_scope,
            lesson,
            client_ms: *client_ms,
            policy: policy.within(reach),
            curriculum,
            ends_at,
            required_ms,
            drift_ms: self.drift_ms(),
            ip: caller.ip.clone(),
        }))
    }

    /// By what the learner can be checked.
    pub(crate) async fn reach(&self, learner: LearnerId) -> Result<Reach> {
        let (db, checks, now) = (self.db().read(), self.checks(), self.now());
        Ok(Reach {
            face: checks.faces && face::is_able(db, learner, now).await?,
            phone: checks.sms && identities::has_phone(db, learner).await?,
        })
    }

    /// What the holder of a login has shown, for a lesson.
    async fn shown(&self, caller: &Caller, lesson: LessonId) -> Result<Shown> {
        let (db, login) = (self.db().read(), caller.login);
        let since = self.now() - START_HOLDS_MS;
        let held = login_sessions::get(db, login).await?;
        // A code that was given after the login stands in for the face, as where the camera is broken.
        let by_code = held.proved_at.filter(|at| *at > held.created_at);
        Ok(Shown {
            proved: held.proved_at.is_some(),
            by_face: faces::has_passed(db, login, None, 0).await?,
            at_lesson: by_code.is_some_and(|at| at > since)
                || faces::has_passed(db, login, Some(lesson), since).await?,
        })
    }

    async fn has_pending(&self, learner: LearnerId, credit_scope: CreditScope) -> Result<bool> {
        let (stored, _) = learning_intervals::load(self.db().read(), learner).await?;
        Ok(stored.is_some_and(|stored| stored.hours.pending_ms(credit_scope) > 0))
    }

    pub(crate) async fn curriculum(&self, credit_scope: CreditScope) -> Result<Arc<[LessonSpec]>> {
        let now = self.now();
        if let Some(lessons) = self.curricula().get(credit_scope, now) {
            return Ok(lessons);
        }
        let lessons: Arc<[LessonSpec]> = courses::curriculum(self.db().read(), credit_scope)
            .await?
            .into();
        self.curricula().put(credit_scope, now, lessons.clone());
        Ok(lessons)
    }
}
