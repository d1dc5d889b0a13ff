//! RELP dialogues.

use crate::syslog::certificates;
use crate::world::{World, busy, config, known};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use wardwatch_intake::{Bounds, Kind, Refused};

/// Sends and reads until as much has come as is expected.
async fn dialogue(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), say: &str, expect: &str) {
    stream.write_all(say.as_bytes()).await.unwrap();
    let mut heard = vec![0; expect.len()];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), expect, "after {say:?}");
}

const OPEN: &str = "1 open 15 relp_version=0\n\n";
const OPENED: &str = "1 rsp 61 200 OK\nrelp_version=0\nrelp_software=wardwatch\ncommands=syslog\n";

#[tokio::test]
async fn messages_are_answered_in_order_after_they_are_durable() {
    let world = World::new(Kind::Relp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    dialogue(&mut sender, OPEN, OPENED).await;
    // A journal that refuses is no reason to answer anything but, in the end, OK.
    world.memory.refuse(busy(), 3);
    world.memory.refuse(Refused::Full, 0);
    dialogue(
        &mut sender,
        "2 syslog 7 <13>one\n3 syslog 8 <13>t\nwo\n4 syslog 5 <13>x\n",
        "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n",
    )
    .await;
    assert_eq!(world.memory.lines(), ["<13>one", "<13>t\nwo", "<13>x"]);
    dialogue(&mut sender, "5 nonsense 0\n", "5 rsp 21 500 command not known\n").await;
    dialogue(&mut sender, "6 syslog 1 y\n7 close 0\n", "6 rsp 6 200 OK\n7 rsp 6 200 OK\n0 serverclose 0\n").await;
    assert_eq!(sender.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(world.memory.lines().len(), 4);
}

#[tokio::test]
async fn an_unfinished_message_is_neither_stored_nor_answered() {
    let world = World::new(Kind::Relp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    dialogue(&mut sender, OPEN, OPENED).await;
    dialogue(&mut sender, "2 syslog 1 a\n3 syslog 10 half", "2 rsp 6 200 OK\n").await;
    drop(sender);
    assert_eq!(world.stop().await, ["a"]);
}

#[tokio::test]
async fn what_is_not_relp_closes_the_connection() {
    for say in ["<13>plain syslog\n", "1 syslog 1 a\n", "1 open 3 abcde\n"] {
        let world = World::new(Kind::Relp);
        let mut sender = TcpStream::connect(world.address).await.unwrap();
        sender.write_all(say.as_bytes()).await.unwrap();
        assert_eq!(sender.read(&mut [0; 8]).await.unwrap_or(0), 0, "{say:?}");
        assert_eq!(world.intake.meters.reading().sources[0].invalid, 1, "{say:?}");
        assert_eq!(world.stop().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn stopping_answers_what_was_read_and_says_goodbye() {
    let world = World::new(Kind::Relp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    dialogue(&mut sender, OPEN, OPENED).await;
    dialogue(&mut sender, "2 syslog 1 a\n", "2 rsp 6 200 OK\n").await;
    assert_eq!(world.stop().await, ["a"]);
    let mut rest = String::new();
    sender.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "0 serverclose 0\n");
}

#[tokio::test]
async fn relp_over_tls() {
    let certificates = certificates();
    let mut settings = config(Kind::RelpTls);
    settings.tls = Some(certificates.files(false, false));
    let world = World::with(settings, Bounds::default(), known());
    let mut sender = certificates.connect(world.address, false).await.unwrap();
    dialogue(&mut sender, OPEN, OPENED).await;
    dialogue(&mut sender, "2 syslog 1 a\n", "2 rsp 6 200 OK\n").await;
    assert_eq!(world.memory.lines(), ["a"]);
}

/// A sender that asks for answers until its connection takes no more, and reads none.
async fn deaf(world: &World) -> TcpStream {
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    dialogue(&mut sender, OPEN, OPENED).await;
    let questions = "2 nonsense 0\n".repeat(10_000);
    let full = async { while sender.write_all(questions.as_bytes()).await.is_ok() {} };
    // Both directions are full when nothing moves any more.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), full).await;
    sender
}

#[tokio::test]
async fn a_sender_that_reads_no_answers_is_cut_off() {
    let bounds = Bounds { body_idle_ms: 100, ..Bounds::default() };
    let world = World::with(config(Kind::Relp), bounds, known());
    let _sender = deaf(&world).await;
    while world.intake.meters.reading().connections > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.intake.meters.reading().sources[0].cut_off, 1);
}

#[tokio::test]
async fn a_sender_that_reads_no_answers_does_not_keep_the_server() {
    let world = World::new(Kind::Relp);
    let _sender = deaf(&world).await;
    assert_eq!(world.stop().await, Vec::<String>::new());
}

#[tokio::test]
async fn empty_messages_are_answered_however_many() {
    let world = World::new(Kind::Relp);
    let mut sender = TcpStream::connect(world.address).await.unwrap();
    dialogue(&mut sender, OPEN, OPENED).await;
    world.memory.refuse(busy(), 20);
    let number = 150_000;
    let say: String =
        std::iter::once("2 syslog 1 a\n".to_owned()).chain((0..number).map(|_| "3 syslog 0\n".into())).collect();
    let expect = format!("2 rsp 6 200 OK\n{}", "3 rsp 6 200 OK\n".repeat(number));
    let (mut input, mut output) = sender.into_split();
    let mut heard = vec![0; expect.len()];
    let (said, read) = tokio::join!(output.write_all(say.as_bytes()), input.read_exact(&mut heard));
    assert!(said.is_ok() && read.is_ok() && heard == expect.as_bytes());
    assert_eq!(world.memory.lines(), ["a"]);
}
