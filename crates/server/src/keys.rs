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
    /// Seals what is personal.
    pub vault: KeyRing,
    /// Were they drawn just now? Then nothing that is stored can have been written with them.
    pub fresh: bool,
}

const FILES: [&str; 3] = ["ledger-mac.key", "ledger-signing.key", "media-address.key"];
/// The first master key of the vault; a rotation makes `vault-master-2.key`.
const FIRST_MASTER: &str = "vault-master-1.key";

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
    #[error(
        "密钥文件夹 {0} 里缺少 {1}，请从备份放回；重新生成会让以前的记录无法核验、个人信息无法读出"
    )]
    Missing(PathBuf, &'static str),
    /// It is not 64 hexadecimal digits.
    #[error("密钥文件 {0} 的内容不对，须为 64 位十六进制数字")]
    Damaged(PathBuf),
    /// A master key that is asked to go is not there, or is the only one.
    #[error("没有主密钥 {0}，或者它是唯一的主密钥")]
    NoSuchMaster(u32),
}

impl Keys {
    /// Those that a change of a person's data needs.
    pub(crate) fn of_people(&self) -> zhipei_actions::Keys {
        zhipei_actions::Keys {
            vault: self.vault.clone(),
            ledger: self.ledger_mac.clone(),
        }
    }

    /// Reads the keys of the folder. An empty folder gets fresh ones; one that lacks some of them is
    /// refused, since old entries would not verify with new keys, and nobody could be read. `suite` is
    /// for what is sealed from now on.
    pub fn in_folder(folder: &Path, suite: Suite) -> Result<Self, KeysError> {
        let failed = |error| KeysError::Io(folder.to_owned(), error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        let is_there = |name: &&str| folder.join(name).exists();
        let masters = masters(folder).map_err(failed)?;
        let index_suite = [Suite::Intl, Suite::Gm]
            .into_iter()
            .find(|suite| is_there(&index_file(*suite)));
        let fresh = !FILES.iter().any(is_there) && masters.is_empty() && index_suite.is_none();
        let vault_lacks = [
            masters.is_empty().then_some(FIRST_MASTER),
            index_suite.is_none().then_some(index_file(suite)),
        ];
        let missing = FILES.iter().find(|name| !is_there(name)).copied();
        let missing = missing.or_else(|| vault_lacks.into_iter().flatten().next());
        if let Some(missing) = missing.filter(|_| !fresh) {
            return Err(KeysError::Missing(folder.to_owned(), missing));
        }
        let numbers = if fresh { vec![1] } else { masters };
        let [ledger_mac, ledger_signing, media] = FILES.map(|name| folder.join(name));
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
            vault: vault(folder, &numbers, suite, index_suite.unwrap_or(suite))?,
            fresh,
        })
    }
}

/// Draws the next master key of the vault. What is wrapped from now on is wrapped by it.
pub(crate) fn add_master(folder: &Path) -> Result<u32, KeysError> {
    let failed = |error| KeysError::Io(folder.to_owned(), error);
    let newest = masters(folder).map_err(failed)?.first().copied();
    let next = newest.unwrap_or_default() + 1;
    bytes(&folder.join(master_file(next)))?;
    Ok(next)
}

/// Destroys a master key that is not the newest. Whatever it still wraps, here or in a backup, is gone.
pub(crate) fn remove_master(folder: &Path, number: u32) -> Result<(), KeysError> {
    let failed = |error| KeysError::Io(folder.to_owned(), error);
    if !masters(folder).map_err(failed)?[1..].contains(&number) {
        return Err(KeysError::NoSuchMaster(number));
    }
    let path = folder.join(master_file(number));
    // Overwritten first: some file systems would keep the bytes for whoever looks under them.
    let mut file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
    file.write_all(hex::encode(random()).as_bytes())
        .map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::remove_file(&path).map_err(failed)
}

/// The name by which a master key is written into what it wraps.
pub(crate) fn master_name(number: u32) -> String {
    format!("master-{number}")
}

fn master_file(number: u32) -> String {
    format!("vault-master-{number}.key")
}

/// The suite of blind indexes stays with their key: under another one nobody would be found.
fn index_file(suite: Suite) -> &'static str {
    match suite {
        Suite::Intl => "vault-index-intl.key",
        Suite::Gm => "vault-index-gm.key",
    }
}

/// The numbers of the master keys in the folder, the newest first.
fn masters(folder: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let name = file?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix("vault-master-")?.strip_suffix(".key"))
            .and_then(|number| number.parse::<u32>().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

fn vault(
    folder: &Path,
    numbers: &[u32],
    suite: Suite,
    index_suite: Suite,
) -> Result<KeyRing, KeysError> {
    let mut masters = Vec::new();
    for number in numbers {
        let key = bytes(&folder.join(master_file(*number)))?;
        masters.push(MasterKey::from_bytes(master_name(*number), key));
    }
    let index = bytes(&folder.join(index_file(index_suite)))?;
    let index = IndexKey::from_bytes(index_suite, index);
    Ok(KeyRing::new(suite, masters, index, random).expect("numbers are different names"))
}

/// The first line of a file that only its owner reads.
pub(crate) fn secret_text(path: &Path) -> Result<String, KeysError> {
    let failed = |error| KeysError::Io(path.to_owned(), error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(KeysError::Open(path.to_owned()));
    }
    let text = io::read_to_string(file).map_err(failed)?;
    Ok(text.trim().to_owned())
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

    fn in_folder(folder: &Path) -> Result<Keys, KeysError> {
        Keys::in_folder(folder, Suite::Intl)
    }

    #[test]
    fn a_folder_that_lacks_one_of_its_keys_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        assert!(in_folder(&folder).unwrap().fresh);
        assert!(!in_folder(&folder).unwrap().fresh);
        for lost in ["ledger-mac.key", FIRST_MASTER, "vault-index-intl.key"] {
            let kept = std::fs::read(folder.join(lost)).unwrap();
            std::fs::remove_file(folder.join(lost)).unwrap();
            match in_folder(&folder) {
                Err(KeysError::Missing(_, name)) => assert_eq!(name, lost),
                other => panic!("{lost}: {:?}", other.map(|keys| keys.fresh)),
            }
            std::fs::write(folder.join(lost), kept).unwrap();
            let owner_only = PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(folder.join(lost), owner_only).unwrap();
        }
        assert!(in_folder(&folder).is_ok());
    }

    #[test]
    fn a_master_key_is_added_and_an_old_one_goes_but_never_the_newest() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        assert_eq!(in_folder(&folder).unwrap().vault.newest(), "master-1");
        assert!(matches!(
            remove_master(&folder, 1),
            Err(KeysError::NoSuchMaster(1))
        ));
        assert_eq!(add_master(&folder).unwrap(), 2);
        assert_eq!(in_folder(&folder).unwrap().vault.newest(), "master-2");
        for absent in [2, 3] {
            assert!(remove_master(&folder, absent).is_err(), "{absent}");
        }
        remove_master(&folder, 1).unwrap();
        assert_eq!(in_folder(&folder).unwrap().vault.newest(), "master-2");
        assert!(!folder.join(FIRST_MASTER).exists());
    }

    #[test]
    fn the_suite_of_blind_indexes_is_the_one_they_began_with() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        let first = Keys::in_folder(&folder, Suite::Gm).unwrap().vault;
        let now = in_folder(&folder).unwrap().vault;
        assert_eq!(
            first.index().index("phone", "1"),
            now.index().index("phone", "1")
        );
        assert!(folder.join("vault-index-gm.key").exists());
        assert!(!folder.join("vault-index-intl.key").exists());
    }

    #[test]
    fn keys_are_drawn_once_and_read_by_their_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        let first = in_folder(&folder).unwrap();
        let again = in_folder(&folder).unwrap();
        assert_eq!(first.media, again.media);
        for file in std::fs::read_dir(&folder).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let path = folder.join("media-address.key");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(matches!(in_folder(&folder), Err(KeysError::Open(_))));
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(in_folder(&folder), Err(KeysError::Damaged(_))));
    }
}
