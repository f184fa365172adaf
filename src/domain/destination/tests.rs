use super::*;

const FAR: Duration = Duration::from_secs(30);

fn start() -> Timestamp {
    Timestamp::parse("2026-11-22").unwrap()
}

fn after(seconds: u64) -> Timestamp {
    start().plus(Duration::from_secs(seconds))
}

/// The first attempt of a delivery.
fn first(delivery: i64, impression: Impression) -> Attempt {
    Attempt {
        delivery: DeliveryId(delivery),
        earlier: 0,
        impression,
    }
}

fn again(delivery: i64, impression: Impression) -> Attempt {
    Attempt {
        earlier: 1,
        ..first(delivery, impression)
    }
}

const DOWN: Impression = Impression::Down(None);

/// A server that failed five times at the beginning.
fn resting() -> Health {
    let mut health = Health::default();
    for delivery in 0..5 {
        health.hear(first(delivery, DOWN), start());
    }
    assert!(health.is_resting());
    health
}

/// Gives a delivery the next turn, and says when that was.
fn take(health: &mut Health, delivery: i64) -> Timestamp {
    let now = health.not_before;
    assert!(health.take_turn(DeliveryId(delivery), now, now.plus(FAR)));
    now
}

#[test]
fn a_healthy_server_gets_everything_at_once_and_nothing_changes() {
    let mut health = Health::default();
    for delivery in 0..100 {
        assert!(health.take_turn(DeliveryId(delivery), start(), after(30)));
        health.hear(first(delivery, Impression::Alive), start());
    }
    assert_eq!(health, Health::default());
    assert_eq!(health.state(start()), DestinationState::Ready);
}

#[test]
fn five_failures_in_a_row_make_it_rest_and_one_success_between_them_does_not() {
    let mut health = Health::default();
    for delivery in 0..4 {
        health.hear(first(delivery, DOWN), start());
    }
    health.hear(first(4, Impression::Alive), start());
    health.hear(first(5, DOWN), start());
    assert_eq!((health.failures, health.is_resting()), (1, false));

    let rests = resting();
    assert_eq!(rests.state(start()), DestinationState::Resting);
    let pause = rests.not_before.since(start()).as_secs();
    assert!((10..=12).contains(&pause), "{pause}");
}

#[test]
fn one_delivery_that_fails_again_and_again_does_not_stop_the_others() {
    let mut health = Health::default();
    health.hear(first(1, DOWN), start());
    for _ in 0..100 {
        health.hear(again(1, DOWN), start());
    }
    assert_eq!((health.failures, health.not_before), (1, Timestamp::MIN));
}

#[test]
fn while_it_rests_one_delivery_at_a_time_tries() {
    let mut health = resting();
    let early = health.not_before.minus(Duration::from_micros(1));
    assert!(!health.take_turn(DeliveryId(9), early, early.plus(FAR)));
    let now = take(&mut health, 9);
    assert_eq!(health.state(now), DestinationState::Probing);
    assert!(!health.take_turn(DeliveryId(10), now, now.plus(FAR)));
    // Nobody heard of it any more: its process died. When its lease ends, another one tries.
    let later = now.plus(FAR);
    assert!(health.take_turn(DeliveryId(10), later, later.plus(FAR)));
}

#[test]
fn each_try_in_vain_doubles_the_rest_up_to_an_hour() {
    let mut health = resting();
    for (delivery, seconds) in (10..).zip([20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600]) {
        let now = take(&mut health, delivery);
        health.hear(again(delivery, DOWN), now);
        let pause = health.not_before.since(now).as_secs();
        assert!((seconds..=seconds * 5 / 4).contains(&pause), "{pause}");
    }
}

#[test]
fn what_was_sent_before_the_rest_makes_it_no_longer() {
    let before = resting();
    let mut health = before.clone();
    for delivery in 5..24 {
        health.hear(first(delivery, DOWN), after(9));
    }
    assert_eq!(health, before);
}

#[test]
fn a_try_that_never_left_leaves_its_place_to_another() {
    for impression in [Impression::Untried, Impression::Unclear] {
        let mut health = resting();
        let now = take(&mut health, 9);
        health.hear(first(9, impression), now);
        assert!(health.is_resting());
        assert!(health.take_turn(DeliveryId(10), now, now.plus(FAR)));
    }
}

#[test]
fn who_is_back_gets_one_delivery_a_second_then_ever_more_then_all() {
    let mut health = resting();
    let mut now = take(&mut health, 9);
    health.hear(again(9, Impression::Alive), now);
    assert_eq!((health.is_resting(), health.failures), (false, 0));
    let mut pauses = Vec::new();
    for delivery in 10..20 {
        assert!(health.take_turn(DeliveryId(delivery), now, now.plus(FAR)));
        pauses.push(health.not_before.since(now).as_millis());
        now = health.not_before.max(now);
        health.hear(first(delivery, Impression::Alive), now);
    }
    assert_eq!(pauses, [1_000, 500, 250, 125, 62, 31, 15, 0, 0, 0]);
    assert_eq!(health.state(now), DestinationState::Ready);
}

#[test]
fn nothing_is_sent_before_the_time_that_the_server_names() {
    for impression in [
        Impression::Limited(Some(after(90))),
        Impression::Down(Some(after(90))),
    ] {
        let mut health = Health::default();
        health.hear(first(1, impression), start());
        assert_eq!(health.until(start()), Some(after(90)), "{impression:?}");
        assert!(!health.take_turn(DeliveryId(2), after(89), after(119)));
        assert!(health.take_turn(DeliveryId(2), after(90), after(120)));
        // Afterwards one after the other.
        assert!(!health.take_turn(DeliveryId(3), after(90), after(120)));
        assert!(health.take_turn(DeliveryId(3), after(91), after(121)));
    }
}

#[test]
fn a_later_failure_never_shortens_what_the_server_asked_for() {
    let mut health = Health::default();
    health.hear(first(0, Impression::Down(Some(after(3_000)))), start());
    for delivery in 1..5 {
        health.hear(first(delivery, DOWN), start());
    }
    assert!(health.is_resting());
    assert_eq!(health.not_before, after(3_000));
}

#[test]
fn too_much_halves_the_pace_once_for_all_that_was_under_way() {
    let mut health = Health::default();
    for delivery in 0..24 {
        health.hear(first(delivery, Impression::Limited(None)), start());
    }
    assert_eq!(health.gap, Duration::from_secs(1));
    let now = take(&mut health, 30);
    health.hear(first(30, Impression::Limited(None)), now);
    assert_eq!(health.gap, Duration::from_secs(2));
    for delivery in 31..60 {
        let now = take(&mut health, delivery);
        health.hear(first(delivery, Impression::Limited(None)), now);
    }
    assert_eq!(health.gap, Duration::from_secs(60));
    assert_eq!(health.pace_per_minute(), Some(1));
}

/// A server that takes ten deliveries a minute and refuses the eleventh, for a thousand deliveries.
#[test]
fn the_pace_of_a_server_with_a_limit_is_found_and_kept() {
    let mut health = Health::default();
    let (mut now, mut taken, mut refused) = (start(), Vec::new(), 0_u32);
    for delivery in 0..1_000 {
        now = now.max(health.not_before);
        assert!(health.take_turn(DeliveryId(delivery), now, now.plus(FAR)));
        let minute_ago = now.minus(Duration::from_secs(60));
        taken.retain(|at| *at > minute_ago);
        let impression = if taken.len() < 10 {
            taken.push(now);
            Impression::Alive
        } else {
            refused += 1;
            let oldest: Timestamp = taken[0];
            Impression::Limited(Some(oldest.plus(Duration::from_secs(60))))
        };
        health.hear(first(delivery, impression), now);
    }
    assert!(refused < 1_000 / 15, "{refused} of 1000 were refused");
    let minutes = now.since(start()).as_secs() / 60;
    let a_minute = (1_000 - u64::from(refused)) / minutes;
    assert!((5..=10).contains(&a_minute), "{a_minute} a minute");
}

#[test]
fn what_a_server_takes_is_known_after_it_was_away() {
    let mut health = Health {
        gap: Duration::from_secs(6),
        limit: Duration::from_secs(6),
        ..resting()
    };
    let now = take(&mut health, 9);
    health.hear(again(9, Impression::Alive), now);
    assert_eq!(health.gap, Duration::from_secs(6));
    // Also when it answers "too much": it is back.
    let mut health = resting();
    let now = take(&mut health, 9);
    health.hear(again(9, Impression::Limited(None)), now);
    assert_eq!(health.state(now), DestinationState::Waiting);
}

#[test]
fn those_that_wait_get_turns_one_after_the_other() {
    let health = Health {
        not_before: after(5),
        gap: Duration::from_secs(6),
        ..Health::default()
    };
    let turns: Vec<_> = [0, 1, 2, 8, 1_000]
        .map(|place| health.next_turn(place, start()).since(start()).as_secs())
        .to_vec();
    assert_eq!(turns, [5, 11, 17, 53, 53]);
    let rests = resting();
    assert!(rests.next_turn(0, start()) > rests.not_before);
}

#[test]
fn many_servers_that_failed_together_are_not_tried_together() {
    let mut times: Vec<i64> = (0..500)
        .map(|server| {
            let mut health = Health::default();
            for delivery in 0..5 {
                health.hear(first(server * 5 + delivery, DOWN), start());
            }
            health.not_before.micros() / 100_000
        })
        .collect();
    times.sort_unstable();
    let most = times.chunk_by(|a, b| a == b).map(<[i64]>::len).max();
    // Two and a half seconds have twenty-five tenths.
    assert!(most.unwrap() <= 40, "{most:?} in one tenth of a second");
}

#[test]
fn a_clock_is_said_to_differ_by_another_amount_only_when_it_does() {
    let mut health = Health::default();
    for (seen, known) in [(0, 0), (2, 0), (-2, 0), (3, 3), (1, 3), (600, 600)] {
        health.see_clock(seen);
        assert_eq!(health.clock_difference, Some(known), "{seen}");
    }
}

#[test]
fn administrators_read_how_it_is_sent_to() {
    let rests = resting();
    let until = rests.not_before.for_people();
    assert_eq!(
        rests.describe(start()),
        format!("resting until {until}, after 5 failures")
    );
    let slow = Health {
        gap: Duration::from_secs(6),
        ..Health::default()
    };
    assert_eq!(slow.describe(start()), "at most 10 a minute");
    assert_eq!(Health::default().describe(start()), "ready");
}
