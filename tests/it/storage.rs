//! The database as the house relies on it, on both kinds.

use std::collections::BTreeMap;

use guildhall::app::Asker;
use guildhall::domain::{ActorId, OrgRole, Page, Post, PostId, PostState};
use guildhall::policy::{Action, FederationMode, House, ProfileReach, Viewer, decide};
use guildhall::services::access;
use guildhall::storage::{self, Connection, Database};
use guildhall::{Error, Result};

use crate::support::database::TestDatabase;
use crate::support::dice::Dice;
use crate::support::random_world::{RandomWorld, Size, day};
use crate::support::requirements::Backend;

// The schema --------------------------------------------------------------------------------------

#[tokio::test]
async fn migrations_go_up_down_and_up_again() {
    for database in TestDatabase::each_empty() {
        let walk = |connection: &mut Connection| {
            let count = storage::migration_status(connection)?.len();
            let up = |connection: &mut Connection| {
                let mut steps = 0;
                while storage::migrate_once(connection)?.is_some() {
                    steps += 1;
                }
                Ok::<_, Error>((steps, storage::list_columns(connection)?))
            };
            let (steps, first) = up(connection)?;
            assert_eq!(steps, count);
            let mut back = 0;
            while storage::migrate_down_once(connection)?.is_some() {
                back += 1;
            }
            assert_eq!((back, storage::list_columns(connection)?), (count, vec![]));
            let (again, second) = up(connection)?;
            assert_eq!((again, second), (count, first));
            Ok(())
        };
        database.db.maintain("walk", walk).await.unwrap();
    }
}

/// A column as `schema.rs` says it: table, name, type.
type Columns = BTreeMap<(String, String), String>;

#[tokio::test]
async fn the_schema_the_code_knows_is_the_one_the_databases_have() {
    let known = columns_of_the_code();
    assert!(known.len() > 100, "schema.rs is not read: {known:?}");
    for database in TestDatabase::each().await {
        let columns = database
            .db
            .read("columns", storage::list_columns)
            .await
            .unwrap();

        let found: Columns = columns
            .into_iter()
            .map(|column| {
                let kind = kind_of(database.backend, &column);
                ((column.table, column.name), kind)
            })
            .collect();

        assert_eq!(found, known, "{:?}", database.backend);
    }
}

/// The type that diesel has for a column.
fn kind_of(backend: Backend, column: &storage::Column) -> String {
    let kind = match (backend, column.kind.to_lowercase().as_str()) {
        // SQLite's own row number must be called so, and has 64 bits.
        (Backend::Sqlite, "integer") if column.is_key => "BigInt",
        (_, "bigint") => "BigInt",
        (_, "integer") => "Integer",
        (_, "text") => "Text",
        (_, "boolean") => "Bool",
        (_, "double" | "double precision") => "Double",
        (_, "blob" | "bytea") => "Binary",
        (_, other) => panic!("{}.{}: {other}", column.table, column.name),
    };
    match column.nullable {
        true => format!("Nullable<{kind}>"),
        false => kind.to_owned(),
    }
}

/// Reads `diesel::table!` as it is written: `name (key) {` and `column -> Type,`.
fn columns_of_the_code() -> Columns {
    let text = include_str!("../../src/storage/schema.rs");
    let mut table = "";
    let mut columns = Columns::new();
    for line in text.lines().map(str::trim) {
        if let Some((name, _)) = line
            .strip_suffix('{')
            .and_then(|line| line.split_once(" ("))
        {
            table = name;
        } else if let Some((name, kind)) = line
            .strip_suffix(',')
            .and_then(|line| line.split_once(" -> "))
        {
            columns.insert((table.to_owned(), name.to_owned()), kind.to_owned());
        }
    }
    columns
}

#[tokio::test]
async fn both_databases_have_the_same_indexes() {
    let mut all = Vec::new();
    for database in TestDatabase::each().await {
        all.push(
            database
                .db
                .read("indexes", storage::list_indexes)
                .await
                .unwrap(),
        );
    }

    assert!(
        all.iter()
            .all(|indexes| indexes.len() > 10 && *indexes == all[0]),
        "{all:#?}"
    );
}

// Writing -----------------------------------------------------------------------------------------

/// Adds a line that can be counted.
fn note(connection: &mut Connection, text: &str) -> Result<()> {
    storage::settings::save(connection, text, "")
}

async fn is_noted(db: &Database, text: &str) -> bool {
    let text = text.to_owned();
    db.read("is_noted", move |connection| {
        storage::settings::find(connection, &text)
    })
    .await
    .unwrap()
    .is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_write_at_once_and_no_write_fails() {
    const TASKS: usize = 4;
    const WRITES: usize = 200;
    for database in TestDatabase::each().await {
        let processes = [database.open_again(), database.open_again()];
        let mut tasks = Vec::new();
        for (process, db) in processes.iter().enumerate() {
            for task in 0..TASKS {
                let db = db.clone();
                tasks.push(tokio::spawn(async move {
                    for write in 0..WRITES {
                        let text = format!("{process}/{task}/{write}");
                        db.write("note", move |connection| {
                            // Reading first: the transaction must have begun as a writer.
                            storage::settings::find(connection, &text)?;
                            note(connection, &text)
                        })
                        .await
                        .unwrap();
                    }
                }));
            }
        }
        for task in tasks {
            task.await.unwrap();
        }

        for process in 0..processes.len() {
            for task in 0..TASKS {
                assert!(is_noted(&database.db, &format!("{process}/{task}/{}", WRITES - 1)).await);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_fails_undoes_only_itself() {
    for database in TestDatabase::each().await {
        let stories = (0..60).map(|number| {
            let db = database.db.clone();
            tokio::spawn(async move {
                let story = move |connection: &mut Connection| {
                    note(connection, &format!("story {number}"))?;
                    match number % 3 {
                        0 => Err(Error::Conflict("no".into())),
                        1 if number % 2 == 0 => panic!("a story panics, as this test wants"),
                        _ => Ok(number),
                    }
                };
                db.write("story", story).await
            })
        });
        let stories: Vec<_> = stories.collect();

        for (number, story) in stories.into_iter().enumerate() {
            let outcome = story.await.unwrap();
            let kept = is_noted(&database.db, &format!("story {number}")).await;
            match number % 6 {
                0 | 3 => assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}"),
                4 => assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}"),
                _ => assert_eq!(outcome.unwrap(), number),
            }
            assert_eq!(kept, !matches!(number % 6, 0 | 3 | 4), "{number}");
        }
    }
}

// The home timeline -------------------------------------------------------------------------------

const HOUSE: House = House {
    federation: FederationMode::Closed,
    public_pages: true,
    owners_open_groups: false,
    four_eyes: false,
    profiles: ProfileReach::Colleagues,
};

const SIZE: Size = Size {
    people_here: 3,
    groups: 60,
    posts_per_group: 8,
};

#[tokio::test(flavor = "multi_thread")]
async fn home_shows_the_newest_readable_topics_of_ones_groups_page_by_page() {
    let seed = Dice::seed_or(7);
    for database in TestDatabase::each().await {
        let mut dice = Dice::new(seed);
        let world = RandomWorld::imagine(&mut dice, SIZE)
            .save(&database.db)
            .await;
        let mut longest = 0;
        for (person, role) in
            world
                .people_here
                .iter()
                .zip([OrgRole::Member, OrgRole::Guest, OrgRole::Admin])
        {
            let viewer = Viewer::Member {
                actor: *person,
                role,
            };
            let asker = Asker {
                viewer,
                house: HOUSE,
                now: day(4),
                vouched: None,
            };
            let expected = expected_home(&database.db, &world, &asker, *person).await;
            longest = longest.max(expected.len());
            for page in pages(&mut dice, &expected) {
                let (asker, person) = (asker.clone(), *person);
                let listed = database.db.read("home", move |connection| {
                    storage::posts::list_home(connection, &access::scope(&asker), person, page)
                });
                let listed: Vec<PostId> =
                    listed.await.unwrap().iter().map(|post| post.id).collect();
                assert_eq!(
                    listed,
                    part(&expected, page),
                    "{:?}, GUILDHALL_TEST_SEED={seed}, {role}: {page:?} of {expected:?}",
                    database.backend
                );
            }
        }
        assert!(longest > 20, "a world with hardly a topic: {longest}");
    }
}

/// Everything, asked one by one, newest first.
async fn expected_home(
    db: &Database,
    world: &RandomWorld,
    asker: &Asker,
    person: ActorId,
) -> Vec<PostId> {
    let is_candidate = |post: &&Post| {
        post.is_topic()
            && post.state == PostState::Visible
            && match post.group {
                Some(group) => world.is_member(group, person),
                None => {
                    let followed = world.is_following(person, post.author);
                    post.audience.is_on_profile() && (post.author == person || followed)
                }
            }
    };
    let candidates: Vec<Post> = world.posts.iter().filter(is_candidate).cloned().collect();
    let asker = asker.clone();
    let readable = db.read("expected_home", move |connection| {
        let mut readable = Vec::new();
        for post in candidates {
            let group = access::find_group_of(connection, &post)?;
            let facts = access::post_facts(connection, &asker, group.as_ref(), &post)?;
            if decide(&asker.viewer, Action::Read, &facts).is_ok() {
                readable.push(post.id);
            }
        }
        Ok(readable)
    });
    let mut readable = readable.await.unwrap();
    readable.sort_unstable_by(|one, other| other.cmp(one));
    readable
}

/// The first page, walks with `max_id`, `since_id` and `min_id`, and pages that are empty.
fn pages(dice: &mut Dice, all: &[PostId]) -> Vec<Page> {
    let mut pages = vec![Page::first(100), Page::first(5)];
    for _ in 0..6 {
        let [older, newer] = [(); 2].map(|()| dice.pick(all).0);
        let few = Page::first(1 + u32::try_from(dice.below(7)).unwrap());
        pages.extend([
            few.before(Some(newer)),
            few.after(Some(older)),
            from_oldest(few.after(Some(older))),
            few.before(Some(newer)).after(Some(older)),
            from_oldest(few.before(Some(newer)).after(Some(older))),
        ]);
    }
    pages
}

fn from_oldest(mut page: Page) -> Page {
    page.from_oldest = true;
    page
}

/// The page of a list that is newest first.
fn part(all: &[PostId], page: Page) -> Vec<PostId> {
    let inside = |id: &&PostId| {
        page.before.is_none_or(|before| id.0 < before)
            && page.after.is_none_or(|after| id.0 > after)
    };
    let inside: Vec<PostId> = all.iter().filter(inside).copied().collect();
    let items = (page.items() as usize).min(inside.len());
    match page.from_oldest {
        true => inside[inside.len() - items..].to_vec(),
        false => inside[..items].to_vec(),
    }
}
