use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tempfile::TempDir;
use tokio::task::spawn_blocking;
use zhipei_domain::MediaAssetId;

use crate::file_name;
use crate::{Error, Result};

/// Where assets lie: one folder each, named by its id, never changed once it is there.
///
/// Callers see assets and file names, no paths, so that an object store can take the folder's place.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Arc<Path>,
}

/// An open file of an asset.
#[derive(Clone, Debug)]
pub struct MediaFile {
    /// Its size in bytes.
    pub len: u64,
    /// For the header of that name.
    pub content_type: &'static str,
    file: Arc<std::fs::File>,
}

/// A folder that an asset is being made in; it vanishes when it is dropped.
#[derive(Debug)]
pub(crate) struct HalfMade {
    folder: TempDir,
    /// Held on the folder, so that other processes know it for one in the making.
    lock: std::fs::File,
}

impl HalfMade {
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Store {
    /// A store in a folder, which is made when it is missing; what a stopped process left half-made goes,
    /// what a running one is making stays.
    pub async fn in_folder(folder: impl Into<PathBuf>) -> Result<Self> {
        let folder = folder.into();
        blocking(move || {
            std::fs::create_dir_all(&folder)?;
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_name().to_string_lossy().starts_with(HALF_MADE) {
                    let lock = std::fs::File::open(entry.path())?;
                    if lock.try_lock().is_ok() {
                        std::fs::remove_dir_all(entry.path())?;
                    }
                }
            }
            Ok(Self {
                folder: folder.into(),
            })
        })
        .await
    }

    /// Is the asset there, whole?
    pub async fn has(&self, asset: MediaAssetId) -> Result<bool> {
        Ok(tokio::fs::try_exists(self.place_of(asset)).await?)
    }

    /// Opens a file of an asset; [`Error::NotFound`] for every name that an asset cannot have.
    pub async fn open(&self, asset: MediaAssetId, name: &str) -> Result<MediaFile> {
        let content_type = file_name::content_type(name).ok_or(Error::NotFound)?;
        let path = self.place_of(asset).join(name);
        blocking(move || {
            let file = std::fs::File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::NotFound,
                _ => error.into(),
            })?;
            Ok(MediaFile {
                len: file.metadata()?.len(),
                content_type,
                file: Arc::new(file),
            })
        })
        .await
    }

    /// A fresh folder to make an asset in.
    pub(crate) async fn begin(&self, asset: MediaAssetId) -> Result<HalfMade> {
        if self.has(asset).await? {
            return Err(Error::AlreadyMade);
        }
        let folder = self.folder.clone();
        blocking(move || {
            let folder = tempfile::Builder::new()
                .prefix(HALF_MADE)
                .tempdir_in(folder)?;
            let lock = std::fs::File::open(folder.path())?;
            lock.lock()?;
            Ok(HalfMade { folder, lock })
        })
        .await
    }

    /// Shows the asset, all of it at once, when every byte has reached the disk.
    pub(crate) async fn finish(&self, asset: MediaAssetId, made: HalfMade) -> Result<()> {
        let place = self.place_of(asset);
        let folder = self.folder.clone();
        blocking(move || {
            for entry in std::fs::read_dir(made.path())? {
                std::fs::File::open(entry?.path())?.sync_all()?;
            }
            made.lock.sync_all()?;
            std::fs::rename(made.path(), place).map_err(|error| match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
                    Error::AlreadyMade
                }
                _ => error.into(),
            })?;
            drop(made.folder.keep());
            std::fs::File::open(folder)?.sync_all()?;
            Ok(())
        })
        .await
    }

    fn place_of(&self, asset: MediaAssetId) -> PathBuf {
        self.folder.join(asset.to_string())
    }
}

impl MediaFile {
    /// The bytes of a range, cut to the file, in pieces of 256 KiB.
    pub fn stream(
        self,
        range: Range<u64>,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let end = range.end.min(self.len);
        stream::try_unfold((self.file, range.start), move |(file, at)| async move {
            if at >= end {
                return Ok(None);
            }
            let size = (end - at).min(PIECE) as usize;
            let reader = file.clone();
            let piece = spawn_blocking(move || {
                let mut piece = vec![0; size];
                reader.read_exact_at(&mut piece, at).map(|()| piece)
            })
            .await??;
            Ok(Some((Bytes::from(piece), (file, at + size as u64))))
        })
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    spawn_blocking(work).await.map_err(io::Error::from)?
}

const PIECE: u64 = 256 * 1024;
const HALF_MADE: &str = ".half-made-";

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;
    use uuid::Uuid;

    use super::*;

    fn asset() -> MediaAssetId {
        MediaAssetId(Uuid::from_u128(7))
    }

    async fn store_with(name: &str, content: &[u8]) -> (TempDir, Store) {
        let home = tempfile::tempdir().unwrap();
        let store = Store::in_folder(home.path()).await.unwrap();
        let making = store.begin(asset()).await.unwrap();
        std::fs::write(making.path().join(name), content).unwrap();
        store.finish(asset(), making).await.unwrap();
        (home, store)
    }

    async fn read(file: &MediaFile, range: Range<u64>) -> (Vec<u8>, usize) {
        let pieces: Vec<Bytes> = file.clone().stream(range).try_collect().await.unwrap();
        (pieces.concat(), pieces.len())
    }

    #[tokio::test]
    async fn a_range_gives_exactly_its_bytes_in_pieces_of_256_kib() {
        let content: Vec<u8> = (0..700_000_u32).map(|n| (n / 3) as u8).collect();
        let (_home, store) = store_with("720p_0000.ts", &content).await;
        let file = store.open(asset(), "720p_0000.ts").await.unwrap();
        assert_eq!((file.len, file.content_type), (700_000, "video/mp2t"));
        assert_eq!(read(&file, 0..file.len).await, (content.clone(), 3));
        assert_eq!(read(&file, 0..u64::MAX).await, (content.clone(), 3));
        assert_eq!(
            read(&file, 262_143..262_145).await,
            (content[262_143..262_145].to_vec(), 1)
        );
        assert_eq!(read(&file, 5..5).await, (vec![], 0));
        assert_eq!(read(&file, 700_000..700_010).await, (vec![], 0));
    }

    #[tokio::test]
    async fn a_name_that_leads_out_of_the_asset_is_not_found() {
        let (home, store) = store_with("master.m3u8", b"#EXTM3U").await;
        std::fs::write(home.path().join("secret.ts"), b"secret").unwrap();
        for name in [
            "../secret.ts",
            "..",
            "",
            "/etc/passwd",
            "none.ts",
            "media.key",
        ] {
            let answer = store.open(asset(), name).await;
            assert!(matches!(answer, Err(Error::NotFound)), "{name}");
        }
        let other = MediaAssetId(Uuid::from_u128(8));
        assert!(matches!(
            store.open(other, "master.m3u8").await,
            Err(Error::NotFound)
        ));
    }

    #[tokio::test]
    async fn a_half_made_asset_never_shows_and_is_swept_once_its_maker_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let store = Store::in_folder(home.path()).await.unwrap();
        let making = store.begin(asset()).await.unwrap();
        std::fs::write(making.path().join("master.m3u8"), b"#EXTM3U").unwrap();
        assert!(!store.has(asset()).await.unwrap());
        assert!(store.open(asset(), "master.m3u8").await.is_err());
        Store::in_folder(home.path()).await.unwrap();
        assert!(making.path().exists(), "another process does not sweep it");
        let HalfMade { folder, lock } = making;
        drop((folder.keep(), lock));
        Store::in_folder(home.path()).await.unwrap();
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_asset_that_is_there_is_never_replaced() {
        let (_home, store) = store_with("master.m3u8", b"first").await;
        assert!(store.has(asset()).await.unwrap());
        assert!(matches!(
            store.begin(asset()).await,
            Err(Error::AlreadyMade)
        ));
    }
}
