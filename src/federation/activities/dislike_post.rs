//! `Dislike{Page, Note}`: read and passed on, never sent.

use super::{Claim, Envelope, Reading};
use crate::services::inbox::Command;

pub(super) fn read(envelope: &Envelope<'_>, claim: &Claim) -> Reading<Command> {
    Ok(Command::Dislike {
        dislike: claim.id.clone(),
        object: envelope.object_id()?,
    })
}

#[cfg(test)]
mod tests {
    use crate::federation::activities::into_command;
    use crate::federation::objects::tests::fixture;
    use crate::services::inbox::Command;

    #[test]
    fn dislikes_of_lemmy_are_read() {
        let object: crate::domain::Uri = "https://acme.example/p/87".parse().unwrap();
        let dislike =
            "https://lemmy.example/activities/dislike/44444444-0000-4000-8000-000000000003";
        let expected = Command::Dislike {
            dislike: dislike.parse().unwrap(),
            object: object.clone(),
        };
        assert_eq!(into_command(&fixture("lemmy/dislike")), Ok(expected));
        let undone = Command::Undislike { object };
        assert_eq!(into_command(&fixture("lemmy/undo_dislike")), Ok(undone));
    }
}
