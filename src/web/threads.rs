//! Comments in the order in which one reads them: each below the one it answers.

use std::collections::{HashMap, HashSet};

use crate::domain::PostId;
use crate::services::posts::Shown;

/// A comment, how deep it is, and where in the given list the comment it answers was.
pub struct Placed {
    pub depth: usize,
    pub shown: Shown,
    /// None: it answers the topic, or something the viewer does not see.
    pub answers: Option<PostId>,
}

/// Puts a thread that comes in order of time into reading order. What answers something that is
/// not here stands like an answer to the topic.
pub fn in_reading_order(topic: PostId, comments: Vec<Shown>) -> Vec<Placed> {
    let parents: Vec<(PostId, Option<PostId>)> = comments
        .iter()
        .map(|one| (one.view.post.id, one.view.post.parent))
        .collect();
    let mut waiting: HashMap<PostId, Shown> = comments
        .into_iter()
        .map(|one| (one.view.post.id, one))
        .collect();
    let mut placed = Vec::with_capacity(parents.len());
    for (id, depth, answers) in order(topic, &parents) {
        if let Some(shown) = waiting.remove(&id) {
            placed.push(Placed {
                depth,
                shown,
                answers,
            });
        }
    }
    placed
}

/// Each id with its depth and the comment it answers. No recursion: threads can be deep.
fn order(
    topic: PostId,
    parents: &[(PostId, Option<PostId>)],
) -> Vec<(PostId, usize, Option<PostId>)> {
    let known: HashSet<PostId> = parents.iter().map(|(id, _)| *id).collect();
    let mut answers: HashMap<Option<PostId>, Vec<PostId>> = HashMap::new();
    for (id, parent) in parents {
        // A comment is younger than what it answers, so there are no circles.
        let above = parent.filter(|above| *above != topic && above < id && known.contains(above));
        answers.entry(above).or_default().push(*id);
    }
    let mut ordered = Vec::with_capacity(parents.len());
    let mut open: Vec<(PostId, usize, Option<PostId>)> = Vec::new();
    let push = |open: &mut Vec<_>, below: Option<PostId>, depth: usize, all: &HashMap<_, Vec<PostId>>| {
        for id in all.get(&below).into_iter().flatten().rev() {
            open.push((*id, depth, below));
        }
    };
    push(&mut open, None, 0, &answers);
    while let Some((id, depth, above)) = open.pop() {
        ordered.push((id, depth, above));
        push(&mut open, Some(id), depth + 1, &answers);
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: PostId = PostId(1);

    fn ordered(thread: &[(i64, i64)]) -> Vec<(i64, usize)> {
        let parents: Vec<_> = thread
            .iter()
            .map(|(id, parent)| (PostId(*id), Some(PostId(*parent))))
            .collect();
        let order = order(TOPIC, &parents);
        order.iter().map(|(id, depth, _)| (id.0, *depth)).collect()
    }

    #[test]
    fn answers_stand_below_what_they_answer() {
        assert_eq!(
            ordered(&[(2, 1), (3, 1), (4, 2), (5, 3), (6, 4), (7, 2)]),
            [(2, 0), (4, 1), (6, 2), (7, 1), (3, 0), (5, 1)]
        );
    }

    #[test]
    fn nothing_is_lost_when_its_parent_is_not_here() {
        assert_eq!(ordered(&[(3, 99), (4, 3)]), [(3, 0), (4, 1)]);
        // Arrived before what it answers: shown all the same.
        assert_eq!(ordered(&[(3, 4), (4, 3)]), [(3, 0), (4, 1)]);
    }

    #[test]
    fn a_deep_thread_does_not_exhaust_the_stack() {
        let chain: Vec<(i64, i64)> = (2..200_000).map(|id| (id, id - 1)).collect();
        assert_eq!(ordered(&chain).last().unwrap().1, 199_997);
    }
}
