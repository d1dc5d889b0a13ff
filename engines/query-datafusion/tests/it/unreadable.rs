//! Files that cannot be read: their rows are missing, the answer says so, and all others are found.

use crate::world::{T1, World, block_on, row, seqs, shown};
use std::path::Path;
use wardwatch_lake::Layout;

/// Three files of which the second is spoiled: searched before, while it is spoiled, and after it is put back.
fn check(spoil: fn(&Path)) {
    let world = World::new();
    block_on(async {
        for seq in 1..=3 {
            let long = format!("login {seq} {}", "x".repeat(200));
            world.file(T1, Layout::L1, &[row(seq, Some(seq as i64), &[("raw", &long), ("user", "kim")])]).await;
        }
        let (path, kept) = world.file_of(2);
        let whole = std::fs::read(&kept).unwrap();
        spoil(&kept);
        for round in ["first", "again"] {
            let answer = world.ask(T1, "login user:kim").await.unwrap();
            assert_eq!((seqs(&answer), &answer.unreadable), (vec![3, 1], &vec![path.clone()]), "{round}");
            assert_eq!((answer.scanned.files, answer.scanned.rows), (2, 2));
            let answer = world.ask(T1, "login | stats count").await.unwrap();
            assert_eq!((shown(&answer), &answer.unreadable), ("count=2".to_owned(), &vec![path.clone()]), "{round}");
            assert_eq!(world.lake.counts().files_unreadable, 1, "{round}");
        }
        std::fs::write(&kept, whole).unwrap();
        let answer = world.ask(T1, "login").await.unwrap();
        assert_eq!((seqs(&answer), answer.unreadable.len()), (vec![3, 2, 1], 0));
        assert_eq!(world.lake.counts().files_unreadable, 0, "put right is no longer counted");
    });
}

fn overwritten(path: &Path, from: usize, bytes: usize) {
    let mut content = std::fs::read(path).unwrap();
    content[from..from + bytes].fill(0xFF);
    std::fs::write(path, content).unwrap();
}

#[test]
fn a_file_that_is_missing_is_left_out() {
    check(|path| std::fs::remove_file(path).unwrap());
}

#[test]
fn a_file_that_was_cut_off_is_left_out() {
    check(|path| std::fs::write(path, &std::fs::read(path).unwrap()[..100]).unwrap());
    check(|path| std::fs::write(path, "").unwrap());
}

#[test]
fn a_file_whose_end_is_damaged_is_left_out() {
    check(|path| overwritten(path, std::fs::metadata(path).unwrap().len() as usize - 4, 4));
    check(|path| overwritten(path, std::fs::metadata(path).unwrap().len() as usize - 300, 280));
}

#[test]
fn a_file_whose_pages_are_damaged_is_left_out() {
    check(|path| overwritten(path, 4, std::fs::metadata(path).unwrap().len() as usize / 4));
}

#[test]
fn whole_rows_have_only_columns_with_a_value() {
    let world = World::new();
    block_on(async {
        world.file(T1, Layout::L1, &[row(1, None, &[("raw", "a"), ("user", "kim")])]).await;
        world.file(T1, Layout::L1, &[row(2, Some(9_000), &[("raw", "b"), ("host", "his")])]).await;
        let names = |answer: &wardwatch_search::Answer| -> Vec<String> {
            answer.columns.iter().map(|column| column.name.clone()).collect()
        };
        let both = world.ask(T1, "*").await.unwrap();
        assert_eq!(seqs(&both), [2, 1]);
        let has = |name: &str| both.place(name).is_some();
        assert!(has("time") && has("raw") && has("user") && has("host") && !has("src_ip"), "{:?}", names(&both));
        let one = world.ask(T1, "user:kim").await.unwrap();
        assert!(one.place("time").is_some() && one.place("host").is_none(), "{:?}", names(&one));
        let none = world.ask(T1, "nowhere").await.unwrap();
        assert_eq!(none.rows(), 0);
        let asked = world.ask(T1, "* | fields src_ip, user").await.unwrap();
        assert_eq!(names(&asked), ["src_ip", "user"], "what was asked for is there");
    });
}
