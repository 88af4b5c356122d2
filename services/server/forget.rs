//! `whymid forget`: a running service forgets an address; how far it is, and what it can't reach.
//!
//! Not here: what the service does (`eraser.rs`).

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget};
use whymid_schemas::{Erasure, ErasureList, ErasureState};

use crate::args::Forget;
use crate::client::{Client, Refusal, distrust};

/// How often it is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// How long a service that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command: 0 when it is done, 1 when it is not.
pub fn run(args: &Forget) -> ExitCode {
    match forget(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("whymid: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn forget(args: &Forget) -> anyhow::Result<()> {
    let client = Client::new(&args.whom)?;
    let mut erasure = begin(&client, &args.address)?;
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let progress = ProgressBar::with_draw_target(None, target);
    while erasure.ended_at.is_none() {
        progress.set_message(so_far(&erasure));
        progress.tick();
        std::thread::sleep(LOOK);
        erasure = patiently(&client, &erasure)?;
    }
    progress.finish_and_clear();
    if let Some(failure) = &erasure.failure {
        bail!("it is not done: {failure}; ask again to go on");
    }
    println!(
        "Erased from {} and {} as they came.",
        counted(erasure.records, "record"),
        counted(erasure.raw_lines, "line")
    );
    if erasure.raw_unreadable > 0 {
        println!(
            "{} pieces of those lines can't be read and may hold it still: see the files *.damaged in the data folder.",
            erasure.raw_unreadable
        );
    }
    println!("\nNot reached:");
    for place in &erasure.not_reached {
        println!("- {place}");
    }
    Ok(())
}

fn counted(count: u64, what: &str) -> String {
    let more = if count == 1 { "" } else { "s" };
    format!("{count} {what}{more}")
}

fn so_far(erasure: &Erasure) -> String {
    match erasure.state {
        ErasureState::Waiting => {
            "waiting until what came in is written; that takes up to two minutes".to_owned()
        }
        ErasureState::Records => format!("{} so far", counted(erasure.records, "record")),
        ErasureState::Raw => "lines as they came".to_owned(),
        ErasureState::Done | ErasureState::Failed => String::new(),
    }
}

fn begin(client: &Client, address: &str) -> anyhow::Result<Erasure> {
    let body = serde_json::json!({ "address": address }).to_string();
    let request = client.agent.post(client.url("/v1/erasures"));
    let request = client.with_token(request);
    let request = request.header("Content-Type", "application/json");
    reply(request.send(&body), 202)
}

/// How far it is; a service that is busy or away for a moment is asked again.
fn patiently(client: &Client, erasure: &Erasure) -> anyhow::Result<Erasure> {
    let begun = Instant::now();
    loop {
        match present(client) {
            Ok(all) => {
                let is_it = |one: &Erasure| {
                    one.number == erasure.number && one.begun_at == erasure.begun_at
                };
                let own = all.items.into_iter().find(is_it);
                return own.context("the service was started anew meanwhile: ask again to go on");
            }
            Err(error) if begun.elapsed() > PATIENCE => return Err(error),
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

fn present(client: &Client) -> anyhow::Result<ErasureList> {
    let request = client.agent.get(client.url("/v1/erasures"));
    reply(client.with_token(request).call(), 200)
}

fn reply<T: serde::de::DeserializeOwned>(
    reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    wanted: u16,
) -> anyhow::Result<T> {
    let mut response = match reply {
        Ok(response) => response,
        Err(error) => match distrust(&error) {
            Some(text) => bail!("{text}"),
            None => return Err(error).context("the service does not answer (--to)"),
        },
    };
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string()?;
    if status != wanted {
        let refusal: Refusal = serde_json::from_str(&text).unwrap_or_default();
        bail!("the service refused: {}", refusal.says(status));
    }
    serde_json::from_str(&text)
        .context("the service's reply can't be read: is it of another release?")
}
