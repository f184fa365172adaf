//! Who may have something thrown away here that came from elsewhere.

use super::{Ruling, forbidden, hidden, yes_if};
use crate::domain::{GroupId, Host, PostId};
use crate::policy::{Denial, Permit, Reason, Viewer, act};

/// A post that another house wants thrown away, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginFacts {
    pub group: GroupId,
    pub post: PostId,
    /// The server of who wrote it; none: somebody of this house did.
    pub author: Option<Host>,
    /// The house of the group it is in; none: it is ours.
    pub house: Option<Host>,
}

/// May the viewer have this post thrown away here? The house it came from may: that of its author, and that of the group
/// in which it was shown to us. What people here wrote is theirs; only they take it back. To anybody else it is as if it
/// were not here.
pub fn permit_take_back(
    viewer: &Viewer,
    facts: &OriginFacts,
) -> Result<Permit<act::DeletePost>, Denial> {
    origin_asks(viewer, facts)?;
    Ok(Permit::new(facts.group, facts.post))
}

fn origin_asks(viewer: &Viewer, facts: &OriginFacts) -> Ruling {
    let Viewer::Server { host } = viewer else {
        return hidden(Reason::Unknown);
    };
    let in_its_group = facts.house.as_ref() == Some(host);
    match &facts.author {
        None if in_its_group => forbidden(Reason::NotAuthor),
        None => hidden(Reason::Unknown),
        Some(author) => yes_if(author == host || in_its_group, hidden(Reason::Unknown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str) -> Host {
        name.parse().unwrap()
    }

    fn answer(viewer: &Viewer, author: Option<&str>, house: Option<&str>) -> Option<Denial> {
        let facts = OriginFacts {
            group: GroupId(1),
            post: PostId(2),
            author: author.map(host),
            house: house.map(host),
        };
        permit_take_back(viewer, &facts).err()
    }

    #[test]
    fn only_the_house_it_came_from_takes_something_back() {
        let acme = Viewer::Server {
            host: host("acme.example"),
        };
        let (own, other) = (Some("acme.example"), Some("cedar.example"));
        // Its people's words, in whatever group; and whatever was said in a group of its own.
        assert_eq!(answer(&acme, own, own), None);
        assert_eq!(answer(&acme, own, other), None);
        assert_eq!(answer(&acme, own, None), None);
        assert_eq!(answer(&acme, other, own), None);
        for house in [other, None] {
            assert_eq!(answer(&acme, other, house), Some(Denial::Hidden));
            assert_eq!(answer(&acme, None, house), Some(Denial::Hidden));
        }
        // What people here said in a group of that house is there to be seen, and theirs.
        let theirs = Some(Denial::Forbidden(Reason::NotAuthor));
        assert_eq!(answer(&acme, None, own), theirs);
    }

    #[test]
    fn nobody_but_a_server_asks() {
        for viewer in [Viewer::Anonymous, Viewer::Operator] {
            let own = Some("acme.example");
            assert_eq!(answer(&viewer, own, own), Some(Denial::Hidden));
        }
    }
}
