//! What a group passes on of a third server's people without a proof of theirs: looked up where they
//! are. Only their own server can say what they wrote or did, and only servers we speak with are
//! asked; the group's word alone changes nothing.

use crate::domain::{Actor, Uri};
use crate::error::{Error, Result};
use crate::federation::{Federation, activities, objects};
use crate::services::inbox::{self, Command, Vouching};
use crate::services::posts::ReceivedPost;

/// What became of something that was passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// So it is, in the words of the server that can say it.
    Found(Box<Command>),
    /// Nothing to apply; a word for the record.
    Nothing(&'static str),
}

impl Federation {
    /// Looks up what `group` says that `actor` did. A post is read at its address; anything else as
    /// the activity itself.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server that must be asked does not answer now, or the group's has
    /// had us ask too often this minute.
    pub async fn look_up(
        &self,
        group: &Actor,
        actor: &Uri,
        activity: &Uri,
        command: &Command,
    ) -> Result<LookedUp> {
        if let Command::CreatePost(post) = command {
            return self.look_up_post(group, &post.uri).await;
        }
        if !inbox::follows(&self.app, group).await? {
            return Ok(LookedUp::Nothing("nobody_here_is_in_it"));
        }
        let is_post = matches!(command, Command::UpdatePost(_));
        match self.may_look_up(group) {
            false if is_post => return Err(asked_too_often()),
            // A like is not worth a queue.
            false => return Ok(LookedUp::Nothing("looked_up_too_often")),
            true => {}
        }
        let read = match command {
            Command::UpdatePost(post) => {
                let read = self.read_post(&post.uri, group).await;
                read.map(Command::UpdatePost)
            }
            _ => self.read_activity(actor, activity, command).await,
        };
        self.found(group, read, actor, activity).await
    }

    /// Looks up a post that `group` passes on by its address, as groups for microblogs do.
    ///
    /// # Errors
    /// As [`Self::look_up`].
    pub async fn look_up_post(&self, group: &Actor, post: &Uri) -> Result<LookedUp> {
        if !inbox::follows(&self.app, group).await? {
            return Ok(LookedUp::Nothing("nobody_here_is_in_it"));
        }
        if inbox::knows_post(&self.app, post.clone()).await? {
            return Ok(LookedUp::Nothing("known"));
        }
        if !self.may_look_up(group) {
            return Err(asked_too_often());
        }
        let read = self.read_post(post, group).await;
        let author = read.as_ref().map_or(post, |read| &read.author).clone();
        self.found(group, read.map(Command::CreatePost), &author, post)
            .await
    }

    fn may_look_up(&self, group: &Actor) -> bool {
        let now = self.app.clock.now();
        self.keyring.may_look_up(group.uri.host(), now)
    }

    /// Reads a post of `group` where its author keeps it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, or it is not of this group; [`Error::Denied`] by a server
    /// we do not speak with; [`Error::Unavailable`] when it does not answer.
    pub(super) async fn read_post(&self, uri: &Uri, group: &Actor) -> Result<ReceivedPost> {
        let token = self.token_for(group, uri).await;
        let document = self.fetch_with(uri, token.as_deref()).await?;
        let post = objects::post::parse_post(&document.json, None)?;
        let its_own = post.uri == *uri && post.author.host() == uri.host();
        let of_the_group = post.parent.is_some() || post.group.as_ref() == Some(&group.uri);
        match its_own && of_the_group {
            true => Ok(post),
            false => Err(Error::NotFound),
        }
    }

    /// Reads an activity at its own address, where it must say the same.
    async fn read_activity(&self, actor: &Uri, id: &Uri, passed_on: &Command) -> Result<Command> {
        if id.host() != actor.host() {
            return Err(Error::NotFound);
        }
        let document = self.fetch(id).await?;
        let claim = activities::read_claim(&document.json).map_err(|_| Error::NotFound)?;
        let command = activities::into_command(&document.json).map_err(|_| Error::NotFound)?;
        match claim.id == *id && claim.actor == *actor && command == *passed_on {
            true => Ok(command),
            false => Err(Error::NotFound),
        }
    }

    /// Makes what was read ready to be applied. It counts like the house's own word: who can say it
    /// was asked.
    async fn found(
        &self,
        group: &Actor,
        read: Result<Command>,
        actor: &Uri,
        activity: &Uri,
    ) -> Result<LookedUp> {
        let command = match read {
            Ok(command) => Box::new(command),
            Err(Error::Denied(_)) => return Ok(LookedUp::Nothing("announce_of_another_servers")),
            Err(error) if error.is_temporary() => return Err(error),
            Err(_) => return Ok(LookedUp::Nothing("not_at_its_server")),
        };
        command.prepare();
        let unknown = inbox::list_unknown_actors(&self.app, vec![actor.clone()]).await?;
        if !unknown.is_empty() && self.meet_in(group, actor).await.is_err() {
            return Ok(LookedUp::Nothing("actor_unavailable"));
        }
        Ok(LookedUp::Found(Box::new(Command::Announced {
            actor: actor.clone(),
            activity: activity.clone(),
            command,
            vouching: Vouching::House,
        })))
    }
}

fn asked_too_often() -> Error {
    Error::Unavailable("a group had us ask other servers too often".into())
}
