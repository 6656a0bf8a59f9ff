//! An answer reaches its call, and no other.

use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use super::*;

/// Runs `work` as a worker does: on one thread with local tasks.
fn at_work<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().expect("a runtime");
    let guarded = async {
        let end = tokio::time::timeout(Duration::from_secs(60), work);
        end.await.expect("somebody was not told")
    };
    LocalSet::new().block_on(&runtime, guarded)
}

/// Reply slots that the test ticks, not the clock.
fn rarely_looked_at<A: Send + 'static>(ticks: u32) -> ReplySlots<A> {
    ReplySlots::new(Timeout {
        ticks,
        tick: Duration::from_secs(3_600),
    })
}

fn tick<A>(callers: &ReplySlots<A>) {
    for shard in callers.shards.load().iter() {
        shard.tick();
        shard.notify.notify_one();
    }
}

fn is_watched<A>(callers: &ReplySlots<A>) -> bool {
    let shards = callers.shards.load();
    shards.iter().any(|shard| shard.slots().is_ticking)
}

fn taken<A>(callers: &ReplySlots<A>) -> usize {
    let shards = callers.shards.load();
    shards.iter().map(|shard| shard.slots().all.len()).sum()
}

#[test]
fn each_gets_its_own_answer_whichever_thread_it_is_on() {
    let callers: ReplySlots<u64> = rarely_looked_at(9);
    let (asks, asked) = std::sync::mpsc::channel::<(Responder<u64>, u64)>();
    let teller = thread::spawn(move || {
        while let Ok(first) = asked.recv() {
            let all: Vec<_> = [first].into_iter().chain(asked.try_iter()).collect();
            ReplySlots::reply_all(all.into_iter().map(|(reply, asked)| (reply, asked * 2)));
        }
    });
    let workers = [0, 1, 2].map(|worker| {
        let (callers, asks) = (callers.clone(), asks.clone());
        thread::spawn(move || {
            at_work(async {
                let one = async |lane: u64| {
                    for n in 0..2_000 {
                        let number = (worker << 40) + (lane << 20) + n;
                        let (reply, future) = callers.allocate();
                        asks.send((reply, number)).expect("asks");
                        if n % 17 == 3 {
                            drop(future);
                        } else {
                            assert_eq!(future.await, Some(number * 2));
                        }
                    }
                };
                futures_util::future::join_all((0..40).map(one)).await;
            });
        })
    });
    for worker in workers {
        worker.join().expect("tick caller got its own answer");
    }
    drop(asks);
    teller.join().expect("told all");
    assert_eq!(taken(&callers), 0, "tick slot is free again");
}

#[test]
fn a_reply_that_is_dropped_says_so() {
    at_work(async {
        let callers: ReplySlots<u8> = rarely_looked_at(9);
        let (reply, future) = callers.allocate();
        tokio::task::spawn_blocking(move || drop(reply));
        assert_eq!(future.await, None);
        assert_eq!(taken(&callers), 0);
    });
}

#[test]
fn who_waits_for_too_many_looks_is_told_and_the_answer_goes_to_nobody_else() {
    at_work(async {
        let callers: ReplySlots<u8> = rarely_looked_at(3);
        let (late, future) = callers.allocate();
        let waiting = tokio::task::spawn_local(future);
        tokio::task::yield_now().await;
        tick(&callers);
        let (reply, younger) = callers.allocate();
        tick(&callers);
        assert!(!late.is_late() && !waiting.is_finished());
        tick(&callers);
        assert!(late.is_late() && !reply.is_late());
        assert_eq!(waiting.await.expect("waits"), None);

        // The slot is kept until the late answer came, whatever is allocated meanwhile.
        let (other, next) = callers.allocate();
        late.reply(7);
        other.reply(8);
        reply.reply(9);
        assert_eq!((next.await, younger.await), (Some(8), Some(9)));
        assert_eq!(taken(&callers), 0);
    });
}

#[test]
fn looks_begin_with_a_caller_and_end_with_the_last() {
    at_work(async {
        let tick = Duration::from_millis(5);
        let callers: ReplySlots<u8> = ReplySlots::new(Timeout { ticks: 3, tick });
        for _ in 0..3 {
            let came = Instant::now();
            let (reply, future) = callers.allocate();
            assert_eq!(future.await, None);
            assert!(came.elapsed() >= tick * 2, "told too soon");
            assert!(is_watched(&callers), "its answer may still come");
            drop(reply);
            while is_watched(&callers) {
                tokio::time::sleep(tick).await;
            }
        }
    });
}

#[test]
fn an_answer_that_comes_between_the_look_and_the_telling_is_taken() {
    at_work(async {
        let callers: ReplySlots<u8> = rarely_looked_at(1);
        let (reply, future) = callers.allocate();
        tick(&callers);
        reply.reply(7);
        assert_eq!(future.await, Some(7));
        let (reply, future) = callers.allocate();
        tick(&callers);
        drop(future);
        drop(reply);
        assert_eq!(taken(&callers), 0);
    });
}

#[test]
fn a_slot_that_was_left_is_not_given_away_before_its_answer_came() {
    at_work(async {
        let callers: ReplySlots<u8> = rarely_looked_at(9);
        let (reply, future) = callers.allocate();
        drop(future);
        let (other, next) = callers.allocate();
        reply.reply(1);
        assert_eq!(taken(&callers), 1, "that of the other");
        let (third, last) = callers.allocate();
        ReplySlots::reply_all([(third, 3), (other, 2)]);
        assert_eq!((next.await, last.await), (Some(2), Some(3)));
    });
}
