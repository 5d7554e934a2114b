//! The process's keys: files in a folder of their own, outside the database and its backups.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::TryRngCore;
use rand::rngs::OsRng;
use zhipei_ledger::{AuthKey, KeyError, SigningKey};
use zhipei_vault::{IndexKey, KeyRing, MasterKey, Suite};

/// All keys.
#[derive(Clone)]
pub struct Keys {
    /// Authenticates ledger entries.
    pub ledger_mac: AuthKey,
    /// Signs the heads of all chains.
    pub ledger_signing: SigningKey,
    /// Signs media addresses.
    pub media: [u8; 32],
    /// Seals personal data and secrets.
    pub vault: KeyRing,
    /// Were they drawn just now? Then nothing that is stored can have been written with them.
    pub fresh: bool,
}

const FILES: [&str; 5] = [
    "ledger-mac.key",
    "ledger-signing.key",
    "media-address.key",
    "vault-master-1.key",
    "vault-index-intl.key",
];

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The disk.
    #[error("密钥文件 {0} 读写失败：{1}")]
    Io(PathBuf, io::Error),
    /// Others on this machine can read it.
    #[error("密钥文件 {0} 别的账号也能读，请执行 chmod 600")]
    Open(PathBuf),
    /// Some of the keys are there and others are not.
    #[error("密钥文件夹 {0} 里缺少 {1}，请从备份放回；重新生成会让以前的记录无法核验")]
    Missing(PathBuf, &'static str),
    /// It is not 64 hexadecimal digits.
    #[error("密钥文件 {0} 的内容不对，须为 64 位十六进制数字")]
    Damaged(PathBuf),
}

impl Keys {
    /// Reads the keys of the folder. An empty folder gets fresh ones; one that lacks some of them is
    /// refused, since old entries would not verify with new keys.
    pub fn in_folder(folder: &Path) -> Result<Self, KeysError> {
        let failed = |error| KeysError::Io(folder.to_owned(), error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        let is_there = |name: &&str| folder.join(name).exists();
        let fresh = !FILES.iter().any(is_there);
        if let Some(missing) = FILES.iter().find(|name| !fresh && !is_there(name)) {
            return Err(KeysError::Missing(folder.to_owned(), missing));
        }
        let [ledger_mac, ledger_signing, media, master, index] =
            FILES.map(|name| folder.join(name));
        let damaged = |path: &Path| {
            let path = path.to_owned();
            move |_: KeyError| KeysError::Damaged(path)
        };
        Ok(Self {
            ledger_mac: AuthKey::from_hex("ledger-mac-1", &text(&ledger_mac)?)
                .map_err(damaged(&ledger_mac))?,
            ledger_signing: SigningKey::from_hex("ledger-signing-1", &text(&ledger_signing)?)
                .map_err(damaged(&ledger_signing))?,
            media: bytes(&media)?,
            vault: KeyRing::new(
                Suite::Intl,
                vec![MasterKey::from_bytes("vault-master-1", bytes(&master)?)],
                IndexKey::from_bytes(Suite::Intl, bytes(&index)?),
                random,
            )
            .expect("one master key with a plain name makes a ring"),
            fresh,
        })
    }
}

/// 32 bytes from the operating system's generator.
pub(crate) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system's generator answers");
    bytes
}

fn bytes(path: &Path) -> Result<[u8; 32], KeysError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text(path)?.trim(), &mut key)
        .map_err(|_| KeysError::Damaged(path.to_owned()))?;
    Ok(key)
}

fn text(path: &Path) -> Result<String, KeysError> {
    let failed = |error| KeysError::Io(path.to_owned(), error);
    match File::open(path) {
        Ok(file) => {
            let mode = file.metadata().map_err(failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(KeysError::Open(path.to_owned()));
            }
            io::read_to_string(file).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let text = hex::encode(random());
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
                .map_err(failed)?;
            writeln!(file, "{text}").map_err(failed)?;
            // An entry must never be authenticated by a key that a crash can lose.
            file.sync_all().map_err(failed)?;
            Ok(text)
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_lacks_one_of_its_keys_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        assert!(Keys::in_folder(&folder).unwrap().fresh);
        assert!(!Keys::in_folder(&folder).unwrap().fresh);
        std::fs::remove_file(folder.join("ledger-mac.key")).unwrap();
        let refused = Keys::in_folder(&folder);
        assert!(matches!(
            refused,
            Err(KeysError::Missing(_, "ledger-mac.key"))
        ));
    }

    #[test]
    fn keys_are_drawn_once_and_read_by_their_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        let first = Keys::in_folder(&folder).unwrap();
        let again = Keys::in_folder(&folder).unwrap();
        assert_eq!(first.media, again.media);
        for file in std::fs::read_dir(&folder).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let path = folder.join("media-address.key");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::in_folder(&folder), Err(KeysError::Open(_))));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(
            Keys::in_folder(&folder),
            Err(KeysError::Damaged(_))
        ));
    }
}
