//! Institutions: adding one.

use uuid::Uuid;
use zhipei_domain::{Actor, Institution, InstitutionId, RegionCode, Rejection, Title, UnixMs};
use zhipei_storage::{Txn, institutions};

use crate::audit::done;
use crate::{Conflicts, Result};

/// Adds an institution.
pub async fn add(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    name: Title,
    region: RegionCode,
) -> Result<Institution> {
    let institution = Institution {
        id: InstitutionId(Uuid::now_v7()),
        name,
        region,
        created_at: now,
    };
    institutions::insert(txn, &institution)
        .await
        .or_rejected(Rejection::InstitutionExists)?;
    done(
        txn,
        by,
        now,
        "institution.add",
        "institution",
        institution.id,
        institution.name.as_str(),
    )
    .await?;
    Ok(institution)
}
