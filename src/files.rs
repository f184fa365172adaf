//! The folder of pictures and files, and the only place that touches it.
//!
//! A file is named by its SHA-256, and by nothing that anybody sent: `media/ab/abcd…`. It is written under
//! another name, flushed to the disk and then renamed, so that what has its name is whole. What
//! refers to it is a row of the database, which commits afterwards: a crash in between leaves a file
//! that nobody needs, and [`Alone::sweep`] finds those. Everything here blocks: call it on a thread
//! that may.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::crypto;
use crate::domain::{FileDigest, Timestamp, hex};
use crate::error::{Error, Result};

/// Below the folder of data.
const FOLDER: &str = "media";
/// What is being sent, under names of its own.
const INCOMING: &str = "incoming";
/// Whoever writes files shares it until their row is committed; whoever clears up has it alone.
const LOCK: &str = "lock";

/// Where pictures and files are kept. Cheap to clone. Processes that share a database share the folder.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    pub fn below(data_dir: &Path) -> Self {
        Self {
            root: data_dir.join(FOLDER),
        }
    }

    /// A new file, for somebody to write into. It is gone when it is dropped and was not kept.
    pub fn draft(&self) -> Result<Draft> {
        let folder = self.root.join(INCOMING);
        make_folder(&folder)?;
        let name = hex(&crypto::random_bytes::<16>()?);
        let path = folder.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(fault)?;
        Ok(Draft {
            path,
            file,
            bytes: 0,
            digest: crypto::Sha256::default(),
        })
    }

    /// A turn to keep files: none of them is swept away before it ends. It has to last until what
    /// refers to them is committed.
    pub fn hold(&self) -> Result<Hold> {
        let lock = self.open_lock()?;
        lock.lock_shared().map_err(fault)?;
        Ok(Hold { _lock: lock })
    }

    /// The folder to oneself; none while somebody keeps files.
    pub fn alone(&self) -> Result<Option<Alone>> {
        let lock = self.open_lock()?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Alone {
                root: self.root.clone(),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(fault(error)),
        }
    }

    fn open_lock(&self) -> Result<File> {
        make_folder(&self.root)?;
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.root.join(LOCK))
            .map_err(fault)
    }

    /// Gives a draft its name for good.
    pub fn keep(&self, _: &Hold, mut draft: Draft) -> Result<FileDigest> {
        draft.file.sync_all().map_err(fault)?;
        let digest = FileDigest(std::mem::take(&mut draft.digest).finish());
        let place = place(&self.root, &digest);
        let folder = place.parent().unwrap_or(&self.root);
        make_folder(folder)?;
        fs::rename(&draft.path, &place).map_err(fault)?;
        // The name itself has to last, too.
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(fault)?;
        Ok(digest)
    }

    /// The same for bytes that are at hand.
    pub fn keep_bytes(&self, hold: &Hold, bytes: &[u8]) -> Result<FileDigest> {
        let mut draft = self.draft()?;
        draft.write(bytes)?;
        self.keep(hold, draft)
    }

    /// How many files there are, and how large they are together.
    pub fn measure(&self) -> Result<Room> {
        let mut room = Room::default();
        for part in 0..=u8::MAX {
            let folder = self.root.join(format!("{part:02x}"));
            for name in names_in(&folder)? {
                // One that was swept away meanwhile takes no room.
                if let Ok(known) = fs::metadata(folder.join(name)) {
                    room.files += 1;
                    room.bytes += known.len();
                }
            }
        }
        Ok(room)
    }

    /// A file to read, with its size in bytes.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there.
    pub fn open(&self, digest: &FileDigest) -> Result<(File, u64)> {
        let open = || {
            let file = File::open(place(&self.root, digest))?;
            let bytes = file.metadata()?.len();
            Ok((file, bytes))
        };
        open().map_err(|error: io::Error| match error.kind() {
            ErrorKind::NotFound => Error::NotFound,
            _ => fault(error),
        })
    }
}

/// What the files take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    pub files: u64,
    pub bytes: u64,
}

/// See [`Files::hold`].
#[derive(Debug)]
pub struct Hold {
    _lock: File,
}

/// A file that is being written.
pub struct Draft {
    path: PathBuf,
    file: File,
    bytes: u64,
    digest: crypto::Sha256,
}

impl Draft {
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(fault)?;
        self.bytes += bytes.len() as u64;
        self.digest.add(bytes);
        Ok(())
    }

    /// How much was written, bytes.
    pub const fn len(&self) -> u64 {
        self.bytes
    }

    pub const fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// What was written is the same as this.
    pub fn is(&self, digest: FileDigest) -> bool {
        FileDigest(self.digest.clone().finish()) == digest
    }

    /// What was written, at most its first `most` bytes.
    pub fn read(&self, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let file = File::open(&self.path).map_err(fault)?;
        file.take(most).read_to_end(&mut bytes).map_err(fault)?;
        Ok(bytes)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A draft that was kept has another name by now.
        let _ = fs::remove_file(&self.path);
    }
}

/// See [`Files::alone`].
#[derive(Debug)]
pub struct Alone {
    root: PathBuf,
    _lock: File,
}

impl Alone {
    /// The files of one part of the folder; parts are numbered from 0 to 255.
    pub fn list(&self, part: u8) -> Result<Vec<FileDigest>> {
        let names = names_in(&self.root.join(format!("{part:02x}")))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Removes the files among `found` that nobody needs; how many.
    pub fn sweep(&self, found: &[FileDigest], needed: &HashSet<FileDigest>) -> Result<usize> {
        let stray = found.iter().filter(|digest| !needed.contains(digest));
        let mut removed = 0;
        for digest in stray {
            removed += usize::from(remove(&place(&self.root, digest))?);
        }
        Ok(removed)
    }

    /// Removes what was left half written before `moment`.
    pub fn sweep_incoming(&self, moment: Timestamp) -> Result<()> {
        let folder = self.root.join(INCOMING);
        for name in names_in(&folder)? {
            let path = folder.join(name);
            let written = fs::metadata(&path).and_then(|known| known.modified());
            let age = written
                .ok()
                .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            if age.is_some_and(|since_epoch| Timestamp::MIN.plus(since_epoch) < moment) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn place(root: &Path, digest: &FileDigest) -> PathBuf {
    let name = digest.to_string();
    root.join(&name[..2]).join(name)
}

/// For the owner alone, like everything below the folder of data.
fn make_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).map_err(fault)
}

fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(fault(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(fault)?.file_name();
        names.extend(name.to_str().map(str::to_owned));
    }
    Ok(names)
}

/// False: somebody else was quicker.
fn remove(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault(error)),
    }
}

fn fault(error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Error::Unavailable("there is no room for files on the server's disk".into())
        }
        _ => Error::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::below(folder.path());
        (folder, files)
    }

    #[test]
    fn a_file_is_named_by_what_is_in_it() {
        let (_folder, files) = folder();
        let hold = files.hold().unwrap();
        let one = files.keep_bytes(&hold, b"bridge").unwrap();
        assert_eq!(files.keep_bytes(&hold, b"bridge").unwrap(), one);
        let (mut file, bytes) = files.open(&one).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), bytes), ("bridge", 6));
        assert!(matches!(
            files.open(&FileDigest([1; 32])),
            Err(Error::NotFound)
        ));
    }

    #[test]
    fn what_nobody_needs_is_swept_away_but_not_while_it_is_being_kept() {
        let (folder, files) = folder();
        let hold = files.hold().unwrap();
        let digest = files.keep_bytes(&hold, b"bridge").unwrap();
        let left = files.draft().unwrap();
        assert!(files.alone().unwrap().is_none());
        drop((hold, left));

        let alone = files.alone().unwrap().unwrap();
        let found = alone.list(digest.0[0]).unwrap();
        assert_eq!(found, [digest]);
        assert_eq!(alone.sweep(&found, &HashSet::from([digest])).unwrap(), 0);
        assert_eq!(alone.sweep(&found, &HashSet::new()).unwrap(), 1);
        assert!(files.open(&digest).is_err());
        let incoming = folder.path().join(FOLDER).join(INCOMING);
        assert_eq!(names_in(&incoming).unwrap(), Vec::<String>::new());
    }
}
