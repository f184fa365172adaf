//! Posts that somebody asked the moderators to look at. The posts are not shown here.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{PostId, ReportId, ReportState, Timestamp};
use crate::services::reports::Reported;

/// A report.
#[derive(Serialize, ToSchema)]
pub struct Report {
    pub id: ReportId,
    pub at: Timestamp,
    pub group: String,
    /// Its number in its address, `/p/ID`.
    pub post: PostId,
    pub uri: String,
    pub author: String,
    pub by: String,
    pub text: String,
    /// The author's server and the house of the group were asked, too.
    pub forwarded: bool,
    pub state: ReportState,
}

impl From<&Reported> for Report {
    fn from(reported: &Reported) -> Self {
        let Reported {
            report,
            post,
            author,
            by,
            group,
        } = reported;
        Self {
            id: report.id,
            at: report.created_at,
            group: group.actor.handle().to_string(),
            post: post.id,
            uri: post.uri.to_string(),
            author: author.handle().to_string(),
            by: by.handle().to_string(),
            text: report.text.as_str().to_owned(),
            forwarded: report.forwarded,
            state: report.state(),
        }
    }
}
