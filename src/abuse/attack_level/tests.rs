//! AttackLevel by the clock that it is told: what counts, how long, and within which bounds.

use super::*;

const START: Timestamp = Timestamp(1_800_000_000_000_000);

fn network(n: u32) -> NetworkKey {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&n.to_be_bytes());
    key
}

fn is_on(pressure: &AttackLevel, n: u32, tool: Option<i32>, now: Timestamp) -> bool {
    pressure.is_on(|| network(n), tool, now)
}

#[test]
fn pressure_is_more_than_so_many_within_the_hour() {
    let pressure = AttackLevel::new(3);
    for n in 0..3 {
        pressure.held(network(1), 7, START.plus_seconds(n));
    }
    assert!(pressure.is_quiet(START) && !is_on(&pressure, 1, Some(7), START));
    let last = START.plus_seconds(10 * 60);
    pressure.held(network(1), 7, last);
    assert!(is_on(&pressure, 1, None, last), "the network, at the mint");
    assert!(
        is_on(&pressure, 2, Some(7), last),
        "the tool, for everybody"
    );
    assert!(!is_on(&pressure, 2, Some(8), last) && !is_on(&pressure, 2, None, last));
    // The first three age first: the one that is left is no pressure.
    let later = START.plus_seconds(HOUR_SECONDS + 1);
    assert!(!pressure.is_quiet(later) && !is_on(&pressure, 1, Some(7), later));
    assert!(is_on(&pressure, 1, Some(7), START.plus_seconds(50 * 60)));
    assert!(pressure.is_quiet(last.plus_seconds(HOUR_SECONDS)));
}

#[test]
fn a_tool_under_an_alert_is_under_pressure_where_that_is_wanted() {
    let alerts = Arc::new(AlertedTools::of(7, START));
    let pressure = AttackLevel::new(10).with_alerts(Arc::clone(&alerts));
    assert!(!pressure.is_quiet(START) && is_on(&pressure, 1, Some(7), START));
    assert!(!is_on(&pressure, 1, Some(8), START) && !is_on(&pressure, 1, None, START));
    assert!(!is_on(
        &pressure,
        1,
        Some(7),
        START.plus_seconds(HOUR_SECONDS)
    ));
    assert!(
        !is_on(&AttackLevel::new(10), 1, Some(7), START),
        "nobody asked for it"
    );
}

#[test]
fn each_network_counts_alone_and_a_tool_counts_them_all() {
    let pressure = AttackLevel::new(10);
    for n in 0..11 {
        pressure.held(network(n), 1, START);
    }
    assert!((0..11).all(|n| !is_on(&pressure, n, None, START)));
    assert!(is_on(&pressure, 99, Some(1), START));
}

#[test]
fn always_and_never() {
    let always = AttackLevel::new(0);
    assert!(is_on(&always, 1, None, START) && !always.is_quiet(Timestamp(i64::MAX - 1)));
    let off = AttackLevel::off();
    for _ in 0..10_000 {
        off.held(network(1), 1, START);
    }
    assert!(off.is_quiet(START) && off.is_quiet(Timestamp(0)));
    assert!(!is_on(&off, 1, Some(1), START));
    assert_eq!(off.counted.lock().expect("free").networks.0.len(), 0);
}

#[test]
fn a_flood_of_networks_neither_fills_the_memory_nor_hides_the_one_that_counts() {
    let pressure = AttackLevel::new(100);
    for _ in 0..101 {
        pressure.held(network(0), 1, START);
    }
    let many = u32::try_from(3 * MOST).expect("small");
    for n in 1..many {
        pressure.held(network(n), 1, START);
    }
    let kept = pressure.counted.lock().expect("free").networks.0.len();
    assert!(kept <= MOST, "{kept} networks");
    assert!(
        is_on(&pressure, 0, None, START),
        "the worst one is still known"
    );
    assert!(!is_on(&pressure, many - 1, None, START));
}

#[test]
fn a_clock_that_was_set_back_or_far_ahead_loses_no_count_and_breaks_nothing() {
    let pressure = AttackLevel::new(2);
    for seconds in [0, -600, -7200] {
        pressure.held(network(1), 1, START.plus_seconds(seconds));
    }
    assert!(is_on(&pressure, 1, None, START.plus_seconds(-7200)));
    pressure.held(network(1), 1, START.plus_seconds(1_000_000_000));
    assert!(!is_on(
        &pressure,
        1,
        None,
        START.plus_seconds(1_000_000_000)
    ));
}
