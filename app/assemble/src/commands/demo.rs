//! `wardwatch demo`: three invented hospitals, their senders in processes of their own, and the page.

use crate::clock::SystemClock;
use crate::run::{Session, environment};
use crate::serve::{Running, stop_asked};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wardwatch_cli::{Complaint, DemoArgs, Exit};
use wardwatch_demo::{Ask, Played, Stage, forget, play, prepare};

/// Prepares the folder, starts the server, opens the page, and plays until Ctrl-C.
pub fn run(args: &DemoArgs, session: Session) -> Result<Exit, Complaint> {
    let folder = args.folder.clone().unwrap_or_else(default_folder);
    if args.fresh && folder.exists() {
        forget(&folder).map_err(unready)?;
    }
    let page = SocketAddr::from(([127, 0, 0, 1], args.port));
    let ask = Ask { folder, page, rate: args.rate, search_path: environment("PATH").map(Into::into) };
    let stage = prepare(&ask).map_err(unready)?;
    crate::logging::start("warn,wardwatch=info", true);
    let config = super::config::read(&stage.config)?;
    let runtime = crate::serve::runtime()?;
    let played = runtime.block_on(async {
        let running = Running::start(config, Arc::new(SystemClock), &[], true).await?;
        announce(&running, &stage, args, session)?;
        let played = curtain(stage, args).await;
        running.drain().await;
        played
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    let played = played?;
    if !session.quiet {
        let (lines, seconds) = (played.lines, played.seconds);
        eprintln!(
            "{}",
            session.language.pick(
                format!("演示已停止：{seconds} 秒内发送 {lines} 行。再次运行将从此处继续；--fresh 重新开始。"),
                format!("the demo has stopped: {lines} lines in {seconds} s. The next run goes on from here; --fresh begins anew."),
            )
        );
        for (flow, exit) in &played.ended {
            eprintln!("{flow}: {exit}");
        }
    }
    Ok(Exit::Ok)
}

/// Plays until somebody stops it or the time is over.
async fn curtain(mut stage: Stage, args: &DemoArgs) -> Result<Played, Complaint> {
    let program = std::env::current_exe().map_err(|e| Complaint::failed(format!("where am I? {e}")))?;
    let seconds = args.seconds;
    let stop = async move {
        let over = async {
            match seconds {
                Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! { () = stop_asked() => {}, () = over => {} }
    };
    play(&mut stage, &program, &SystemClock, stop).await.map_err(unready)
}

fn unready(fault: wardwatch_demo::DemoFault) -> Complaint {
    Complaint::new(Exit::Failed, fault, "--folder names another folder, --port another port")
}

fn announce(running: &Running, stage: &Stage, args: &DemoArgs, session: Session) -> Result<(), Complaint> {
    let link = running.link()?;
    let (hospitals, flows) = (wardwatch_demo::HOSPITALS.len(), stage.flows.len());
    println!("{link}");
    eprintln!(
        "{}",
        session.language.pick(
            format!("演示运行中：{hospitals} 家虚构医院，{flows} 条日志流。请在浏览器打开上面的链接（只能用一次，十分钟内有效）。\nCtrl-C 停止；数据在 {}", stage.folder.display()),
            format!("the demo runs: {hospitals} invented hospitals, {flows} flows. Open the link above (it works once, for ten minutes).\nCtrl-C stops; data in {}", stage.folder.display()),
        )
    );
    let (config, first) =
        (stage.config.display(), wardwatch_demo::HOSPITALS.first().map_or("", |hospital| hospital.slug));
    let example = format!("wardwatch search --config {config} --tenant {first} '| stats count by source'");
    eprintln!(
        "{}",
        session
            .language
            .pick(format!("在另一个终端里检索：{example}"), format!("search from another terminal: {example}"))
    );
    if !args.no_open && environment("DISPLAY").or_else(|| environment("WAYLAND_DISPLAY")).is_some() {
        // A machine without a browser is fine: the link is printed.
        let _ = std::process::Command::new("xdg-open")
            .arg(&link)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn();
    }
    Ok(())
}

/// `$XDG_DATA_HOME/wardwatch/demo`, else `~/.local/share/wardwatch/demo`, else the current folder.
fn default_folder() -> PathBuf {
    let data = environment("XDG_DATA_HOME").map(PathBuf::from);
    let home = || environment("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or_else(home).map_or_else(|| PathBuf::from("wardwatch-demo"), |base| base.join("wardwatch/demo"))
}
