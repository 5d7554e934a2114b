use crate::{InstitutionId, RegionCode, Title, UnixMs};

/// An organisation that runs training classes (培训机构).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    /// Its identity.
    pub id: InstitutionId,
    /// Its full name; unique.
    pub name: Title,
    /// Where it is registered.
    pub region: RegionCode,
    /// When it was entered.
    pub created_at: UnixMs,
}
