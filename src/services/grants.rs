//! stub
use crate::{app::Asker, domain::*, error::Result, storage::Connection};
pub(super) fn receive_offer(
    _: &mut Connection,
    _: &Asker,
    _: &Uri,
    _: &Group,
    _: &Uri,
    _: GrantTerms,
) -> Result<()> {
    Ok(())
}
pub(super) fn receive_end(_: &mut Connection, _: &Asker, _: &Uri, _: &Uri) -> Result<()> {
    Ok(())
}
