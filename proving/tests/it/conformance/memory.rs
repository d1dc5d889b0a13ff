//! The contract of port `Checkpoints`, and of alerts that are kept once, told to every engine.

use super::ledgers::House;
use super::samples::{alert, at, context, tenants};
use futures::executor::block_on;
use wardwatch_detect::Piece;
use wardwatch_ident::{Cursor, Timestamp};

fn piece(name: &str, bytes: &[u8]) -> Piece {
    Piece { name: name.to_owned(), bytes: bytes.to_vec() }
}

#[test]
fn a_checkpoint_replaces_what_changed_and_survives_a_restart() {
    for mut house in House::each() {
        assert_eq!(house.memory().load().expect("readable"), (Cursor(0), Vec::new()));
        let (a, b, c) = (piece("baseline/1", &[1; 9]), piece("sequence/1/x", &[]), piece("seen/1", &[0; 100_000]));
        let save = |house: &House, at: u64, changed: &[Piece], gone: &[String]| {
            block_on(house.memory().save(Cursor(at), changed, gone, Timestamp::default())).expect("kept");
        };
        save(&house, 10, &[a.clone(), b, c.clone()], &[]);
        let other = piece("baseline/1", &[2; 3]);
        save(&house, 20, std::slice::from_ref(&other), &["sequence/1/x".to_owned(), "never there".to_owned()]);
        house.restart();
        assert_eq!(house.memory().covered().ok(), Some(Cursor(20)));
        assert_eq!(house.memory().load().expect("readable"), (Cursor(20), vec![other, c]));
    }
}

#[test]
fn an_alert_of_a_correlation_is_kept_once_until_it_is_forgotten() {
    for mut house in House::each() {
        let [own, foreign] = tenants();
        let commit = |house: &House, after: u64, through: u64, once: &[_]| {
            block_on(house.book().commit(Cursor(after), Cursor(through), &[], once)).expect("kept");
        };
        let count = |house: &House| {
            let of = |tenant| house.book().recent(&context(tenant), 100).expect("readable").len();
            (of(own), of(foreign))
        };
        commit(&house, 0, 5, &[alert(own, 3), alert(own, 3), alert(foreign, 3)]);
        commit(&house, 5, 5, &[alert(own, 3), alert(own, 4)]);
        house.restart();
        commit(&house, 5, 9, &[alert(own, 3), alert(own, 4)]);
        assert_eq!(count(&house), (2, 1));
        block_on(house.memory().save(Cursor(9), &[], &[], at(4))).expect("kept");
        commit(&house, 9, 10, &[alert(own, 3), alert(own, 4)]);
        assert_eq!(count(&house), (3, 1), "what was received before was forgotten, what came after was not");
    }
}
