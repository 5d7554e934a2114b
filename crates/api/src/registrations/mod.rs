//! Registration: what the form needs to know, and the form.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum_extra::extract::CookieJar;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;
use uuid::Uuid;
use zhipei_actions::idempotency::Once;
use zhipei_actions::login::LoginToken;
use zhipei_actions::registration::{self, Registered, Registration};
use zhipei_actions::sms_code::GivenCode;
use zhipei_api_types::{Page, Problem};
use zhipei_domain::{
    CodePurpose, ConsentPurpose, DocumentKind, IdDocument, LearnerId, LocalDay, PersonName, Phone,
    RegionCode, Rejection, Title, TraineeCategory,
};
use zhipei_storage::{institutions, training_classes};

use crate::access::{Access, Routes};
use crate::body::Body;
use crate::caller::{ClientAddress, cookie};
use crate::keyed::Keyed;
use crate::login::user_agent;
use crate::me::MeOut;
use crate::{ApiError, ApiResult, AppState};

pub(crate) fn router() -> Routes {
    Routes::new()
        .add(Access::Public, routes!(list_trainee_categories))
        .add(Access::Public, routes!(list_document_kinds))
        .add(Access::Public, routes!(prefill_registration))
        .add(Access::Public, routes!(create_registration))
}

#[derive(Serialize, ToSchema)]
struct ChoiceOut {
    code: String,
    /// On screen.
    word: String,
}

/// Categories of trainees, in the order of the lists. A code of four digits belongs to its first two.
#[utoipa::path(get, path = "/api/trainee-categories", operation_id = "list_trainee_categories", tag = "registrations", responses((status = 200, body = Page<ChoiceOut>)))]
async fn list_trainee_categories() -> Json<Page<ChoiceOut>> {
    let items = TraineeCategory::all().map(|category| ChoiceOut {
        code: category.code().to_owned(),
        word: category.word().to_owned(),
    });
    Json(Page::whole(items.collect()))
}

/// Kinds of documents to register with.
#[utoipa::path(get, path = "/api/document-kinds", operation_id = "list_document_kinds", tag = "registrations", responses((status = 200, body = Page<ChoiceOut>)))]
async fn list_document_kinds() -> Json<Page<ChoiceOut>> {
    let items = DocumentKind::ALL.map(|kind| ChoiceOut {
        code: kind.as_str().to_owned(),
        word: kind.word().to_owned(),
    });
    Json(Page::whole(items.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PrefillIn {
    #[schema(max_length = 32)]
    phone: String,
    ticket: Uuid,
    #[schema(max_length = 16)]
    code: String,
}

#[derive(Serialize, ToSchema)]
struct PrefillOut {
    /// What the newest roster with this phone knows; `null` when none does.
    #[schema(required)]
    roster: Option<RosterPlaceOut>,
}

#[derive(Serialize, ToSchema)]
struct RosterPlaceOut {
    name: String,
    document_kind: String,
    /// As `110***********002X`: the number itself is typed by who has the document.
    document_number: String,
    region: String,
    class_title: String,
    institution: String,
}

/// What is known of the phone, to be filled in. The code stays good for the registration itself.
#[utoipa::path(post, path = "/api/registrations/prefill", operation_id = "prefill_registration", tag = "registrations", request_body = PrefillIn, responses(
    (status = 200, body = PrefillOut),
    (status = 422, description = "`code_wrong`", body = Problem, content_type = "application/problem+json"),
))]
async fn prefill_registration(
    State(app): State<AppState>,
    Body(input): Body<PrefillIn>,
) -> ApiResult<Json<PrefillOut>> {
    let phone = Phone::parse(&input.phone).map_err(Rejection::from)?;
    let now = app.clock.now();
    let given = GivenCode {
        purpose: CodePurpose::Registration,
        phone: &phone,
        ticket: input.ticket,
        code: &input.code,
    };
    let places = app
        .db
        .write(async |txn| registration::on_rosters(txn, &app.keys.vault, given, now).await)
        .await?
        .ok_or(Rejection::CodeWrong)?;
    let Some(place) = places.into_iter().next() else {
        return Ok(Json(PrefillOut { roster: None }));
    };
    let class = training_classes::get(app.db.read(), place.class).await?;
    let institution = institutions::get(app.db.read(), class.institution).await?;
    let roster = RosterPlaceOut {
        name: place.name.as_str().to_owned(),
        document_kind: place.document.kind().as_str().to_owned(),
        document_number: place.document.masked(),
        region: class.region.to_string(),
        class_title: class.title.into_string(),
        institution: institution.name.into_string(),
    };
    Ok(Json(PrefillOut {
        roster: Some(roster),
    }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegistrationIn {
    #[schema(max_length = 32)]
    phone: String,
    ticket: Uuid,
    /// Six digits.
    #[schema(max_length = 16)]
    code: String,
    #[schema(max_length = 64)]
    name: String,
    /// As in `/api/document-kinds`.
    document_kind: String,
    #[schema(max_length = 32)]
    document_number: String,
    /// As `1990-01-01`; needed where the document does not say it.
    born_on: Option<String>,
    /// Code of the region.
    region: String,
    /// One to five codes of `/api/trainee-categories`.
    #[schema(min_items = 1, max_items = 5)]
    categories: Vec<String>,
    #[schema(max_length = 100)]
    employer: Option<String>,
    /// At least 8 characters of any script, at most 128.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
    /// After `document_registered`: why the document is theirs, and what shows it, 5 to 1,000 characters. The
    /// account is made without the document, and a reviewer decides on giving it to it.
    #[schema(min_length = 5, max_length = 1000)]
    evidence: Option<String>,
    /// One by one, with the version of the text that was shown; `terms` and `document` are needed.
    #[schema(max_items = 8)]
    consents: Vec<ConsentIn>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentIn {
    /// As in `/api/consent-texts`.
    pub(crate) purpose: String,
    pub(crate) version: u32,
}

/// Register and be logged in. Send an `Idempotency-Key`: a repetition is answered alike.
#[utoipa::path(post, path = "/api/registrations", operation_id = "create_registration", tag = "registrations", request_body = RegistrationIn,
    params(("Idempotency-Key" = Option<Uuid>, Header, description = "Made by the client, one for each registration")),
    responses(
    (status = 201, body = MeOut),
    (status = 409, description = "`already_registered`, `document_registered`: the code is used up; `idempotency_key_reused`", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "`code_wrong`, `too_young`, `weak_password`, `consent_required` and others, with the field", body = Problem, content_type = "application/problem+json"),
))]
async fn create_registration(
    State(app): State<AppState>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    jar: CookieJar,
    Keyed { body: input, key }: Keyed<RegistrationIn>,
) -> ApiResult<(StatusCode, CookieJar, Json<MeOut>)> {
    let now = app.clock.now();
    let token = LoginToken::from_random((app.random)());
    let ip = from.to_string();
    let form = input.parse(&token, user_agent(&headers), &ip)?;
    let once =
        registration::register(&app.gate, &app.db, &app.keys, key.as_ref(), &form, now).await?;
    let learner = match once {
        Once::Now(Registered::Done { learner, set_aside }) => {
            app.errands.notify_one();
            for other in set_aside {
                app.desk.log_out(other, |_| true);
            }
            learner
        }
        Once::Now(Registered::CodeWrong) => {
            return Err(ApiError::Rejected(Rejection::CodeWrong));
        }
        Once::Now(Registered::Refused(why)) => return Err(ApiError::Rejected(why)),
        Once::Before(answer) => {
            let id: LearnerId = answer.parse().map_err(|_| ApiError::NotFound)?;
            app.db
                .write(async |txn| registration::resume(txn, &app.keys.vault, id, &form, now).await)
                .await?
                .ok_or(Rejection::AlreadyRegistered)?
        }
        Once::OtherRequest => return Err(ApiError::KeyReused),
    };
    let jar = jar.add(cookie(&app.settings, token.reveal()));
    let me = MeOut::load(&app, learner).await?;
    Ok((StatusCode::CREATED, jar, Json(me)))
}

impl RegistrationIn {
    fn parse<'a>(
        &'a self,
        token: &'a LoginToken,
        user_agent: &'a str,
        ip: &'a str,
    ) -> ApiResult<Registration<'a>> {
        let invalid = |field: &str| ApiError::Invalid(Some(field.to_owned()));
        let identity = |error: zhipei_domain::IdentityError| Rejection::from(error);
        let kind =
            DocumentKind::parse(&self.document_kind).ok_or_else(|| invalid("document_kind"))?;
        let born_on = self.born_on.as_deref().filter(|text| !text.is_empty());
        let born_on: Option<LocalDay> = born_on
            .map(str::parse)
            .transpose()
            .map_err(|_| invalid("born_on"))?;
        let employer = self.employer.as_deref().map(str::trim);
        let employer = employer.filter(|text| !text.is_empty()).map(Title::parse);
        let mut consents = Vec::new();
        for given in &self.consents {
            let purpose =
                ConsentPurpose::parse(&given.purpose).ok_or_else(|| invalid("consents"))?;
            if consents.iter().any(|(other, _)| *other == purpose) {
                return Err(invalid("consents"));
            }
            consents.push((purpose, given.version));
        }
        Ok(Registration {
            phone: Phone::parse(&self.phone).map_err(identity)?,
            ticket: self.ticket,
            code: &self.code,
            name: PersonName::parse(&self.name).map_err(identity)?,
            document: IdDocument::parse(kind, &self.document_number).map_err(identity)?,
            born_on,
            employer: employer.transpose().map_err(|_| invalid("employer"))?,
            region: RegionCode::parse(&self.region).map_err(|_| invalid("region"))?,
            categories: TraineeCategory::parse_all(self.categories.iter().map(String::as_str))?,
            password: &self.password,
            evidence: self
                .evidence
                .as_deref()
                .filter(|text| !text.trim().is_empty()),
            consents,
            token,
            user_agent,
            ip,
        })
    }
}
