//! Pictures and files, counted.

use serde::Serialize;
use utoipa::ToSchema;

use crate::services::attachments::Usage;

/// How many pictures and files there are, and what room they take.
#[derive(Serialize, ToSchema)]
pub struct MediaUsage {
    /// In posts written here.
    pub ours: u64,
    /// In posts from elsewhere.
    pub theirs: u64,
    /// Of those from elsewhere: not fetched, for nobody has looked at them yet.
    pub unfetched: u64,
    /// Uploaded, and in no post yet.
    pub waiting: u64,
    /// In the folder of files, small pictures of pictures too.
    pub files: u64,
    pub bytes: u64,
}

impl From<Usage> for MediaUsage {
    fn from(Usage { counted, kept }: Usage) -> Self {
        Self {
            ours: counted.ours.unsigned_abs(),
            theirs: counted.theirs.unsigned_abs(),
            unfetched: counted.unfetched.unsigned_abs(),
            waiting: counted.waiting.unsigned_abs(),
            files: kept.files,
            bytes: kept.bytes,
        }
    }
}
