use zhipei_ledger::AuthKey;
use zhipei_vault::KeyRing;

/// What a change of a person's data needs: the vault that seals it, and the key that puts it on record.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Seals and opens.
    pub vault: KeyRing,
    /// Authenticates ledger entries.
    pub ledger: AuthKey,
}
