//! Pictures and files: taking them in, putting them into posts, and handing them out to those who are shown
//! the post.
//!
//! `upload` takes what people here send, `keep` makes a file of ours of whatever comes, `attach` puts
//! uploads into posts and `receive` what came with posts from elsewhere; `fetched` gets the bytes of
//! those when somebody wants them. `show` hands out bytes, `passes` are links for clients that show
//! no token, and `sweep` clears up.

mod attach;
mod fetched;
mod keep;
mod passes;
mod receive;
mod show;
mod sweep;
mod upload;

pub use attach::Attached;
pub(super) use attach::{attach, rearrange};
pub use fetched::{Wanted, find_wanted, give_up, keep_fetched};
pub use passes::{Passes, viewer_of_pass};
pub use receive::ReceivedAttachment;
pub(super) use receive::{is_other, receive, receive_change};
pub use show::{Answer, Asked, Opened, Shown, find_post, open, show};
pub use sweep::{Usage, sweep, sweep_dropped, usage};
pub use upload::{Upload, describe, find_own, upload};
