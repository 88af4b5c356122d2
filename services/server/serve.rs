//! `whymid serve`: bind everything, say so, run until told to stop, drain.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use whymid_api::{Audit, Pulse, Reading};
use whymid_diagnosis::Knowledge;
use whymid_journal::{Journal, Options, Position, Recovery, Vault};
use whymid_mailflow::{Intake, Settings};
use whymid_store::{Checkpoint, Library, Names};
use whymid_ticketing::{Guard, Network, Office as TicketOffice};

use crate::args::Serve;
use crate::audit::AuditLog;
use crate::clerk::Clerk;
use crate::clock::Uptime;
use crate::config::{self, Config};
use crate::data::DataFolder;
use crate::demo;
use crate::descriptors::{self, Shares};
use crate::eraser::{Eraser, Office};
use crate::for_tests;
use crate::heart::Heart;
use crate::ingest::Ingest;
use crate::keeper::Keeper;
use crate::listen::{self, Gate, Sources, Tls};
use crate::pipeline::{Parts, Pipeline, Telling};
use crate::privacy;
use crate::sockets::{self, Keyrings};
use crate::telemetry::Telemetry;
use crate::tls::{self, Keyring};

/// The longest that a stop may take.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs the service.
///
/// # Errors
/// When the configuration has faults, or something can't be bound or opened: one clear line.
pub fn run(args: &Serve) -> anyhow::Result<()> {
    let (config, demo_dir) = settled_config(args)?;
    refuse_open_doors(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let result = runtime.block_on(serve(config));
    runtime.shutdown_timeout(Duration::from_secs(1));
    if let Some(dir) = demo_dir {
        let _ = std::fs::remove_dir_all(dir);
    }
    result
}

/// File, then flags; the demo's own data folder.
fn settled_config(args: &Serve) -> anyhow::Result<(Config, Option<PathBuf>)> {
    let mut config = match &args.config {
        Some(path) => config::load(path)?,
        None => Config::default(),
    };
    if let Some(dir) = &args.data_dir {
        config.data_dir.clone_from(dir);
    }
    config.http = args.http.unwrap_or(config.http);
    config.syslog_udp = args.syslog_udp.unwrap_or(config.syslog_udp);
    config.syslog_tcp = args.syslog_tcp.unwrap_or(config.syslog_tcp);
    config.syslog_tls = args.syslog_tls.or(config.syslog_tls);
    config.insecure_no_auth |= args.insecure_no_auth;
    config.demo |= args.demo;
    let memory = for_tests::number("WHYMID_TEST_MEMORY_BYTES").map(usize::try_from);
    config.memory = memory.and_then(Result::ok).unwrap_or(config.memory);
    let own_dir = config.demo && args.data_dir.is_none();
    let demo_dir =
        own_dir.then(|| std::env::temp_dir().join(format!("whymid-demo-{}", std::process::id())));
    if let Some(dir) = &demo_dir {
        config.data_dir.clone_from(dir);
    }
    Ok((config, demo_dir))
}

/// On more than loopback nobody reads without a token, unless it is said out loud.
fn refuse_open_doors(config: &Config) -> anyhow::Result<()> {
    let open =
        config.tokens.is_empty() && !config.insecure_no_auth && !config.http.ip().is_loopback();
    anyhow::ensure!(
        !open,
        "refusing to listen for HTTP on {}: no API token is configured and it is not loopback; make one with `whymid token new`, or say --insecure-no-auth",
        config.http
    );
    Ok(())
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let uptime = Uptime::start();
    let shares = descriptors::share_out(config.max_connections);
    let data = DataFolder::open(&config.data_dir)?;
    let pseudonyms = config.privacy.pseudonyms()?.map(Arc::new);
    let opened = whymid_store::open(&data.index(), pseudonyms.as_deref());
    let (writer, index, checkpoint) = opened.with_context(|| {
        format!(
            "failed to open the index in {} (if it is damaged, move the folder away: it is built anew from what the journal and the raw segments hold)",
            data.index().display()
        )
    })?;
    let options = Options {
        not_before: Position(checkpoint.reached),
        keep_raw: config.retention.keeps_raw(),
        segment_bytes: for_tests::number("WHYMID_TEST_SEGMENT_BYTES")
            .unwrap_or(Options::default().segment_bytes),
    };
    let (journal, recovery) = Journal::open(&data.journal(), options)?;
    let vault = Arc::new(Vault::open(&data.journal())?);
    let tickets = whymid_ticketing::Settings {
        public_url: config.public_url.clone(),
        haste: for_tests::number("WHYMID_TEST_TICKET_HASTE")
            .map_or(1, |haste| u32::try_from(haste).unwrap_or(u32::MAX)),
    };
    let tickets = Arc::new(TicketOffice::open(&data.tickets(), tickets)?);
    if let Some(pseudonyms) = &pseudonyms {
        tickets.cover(pseudonyms.key_id(), &|text| pseudonyms.text(text))?;
    }
    let telemetry = Telemetry::new();
    let keyrings = Keyrings::open(&config, &telemetry)?;
    let audit = AuditLog::open(&config.audit, &telemetry)?;
    let sockets = sockets::bind(&config)?;
    // before anybody reads an address: whoever does may stop us at once
    let mut stop_signals = StopSignals::install()?;
    let listeners = sockets::announce(&sockets, &keyrings)?;
    tell_recovery(&recovery, checkpoint, &telemetry);
    telemetry
        .udp_buffer
        .set(i64::try_from(sockets.udp_granted).unwrap_or(i64::MAX));
    tracing::info!(
        bytes = sockets.udp_granted,
        asked = config.udp_buffer,
        "UDP receive buffer"
    );
    if sockets.udp_granted < config.udp_buffer {
        tracing::warn!(
            "the kernel granted a smaller UDP buffer than asked for, bursts may be lost: raise net.core.rmem_max (sysctl -w net.core.rmem_max={})",
            config.udp_buffer
        );
    }
    let knowledge = Arc::new(Knowledge::embedded());
    let settings = Settings {
        appliances: config.appliances.clone(),
        zone: config.timezone.clone(),
        unnamed: "unnamed".to_owned(),
    };
    let mut intake = Intake::remembering(&settings, index.memories()?);
    if let Some(pseudonyms) = pseudonyms.clone() {
        intake.disguise(pseudonyms);
    }
    let names = Names::new(intake.appliances.renamed());
    let pipeline = Pipeline::start(Parts {
        journal,
        oldest: recovery.oldest.0,
        raw: (checkpoint.complete < recovery.oldest.0).then(|| vault.frames()),
        group_commit: Duration::from_millis(config.group_commit_ms),
        intake,
        writer,
        index: index.clone(),
        knowledge: Arc::clone(&knowledge),
        listeners: config.listeners.clone(),
        telling: Telling::new(Arc::clone(&tickets), config.ticketing.live_within),
        retention: config.retention,
        roll: config.privacy.roll(config.retention.raw),
        checkpoint,
        memory: config.memory,
        telemetry: Arc::clone(&telemetry),
    })?;
    let (stop_keeper, keeper_stops) = std::sync::mpsc::channel();
    let keeper = Keeper {
        vault: Arc::clone(&vault),
        retention: config.privacy.of_segments(config.retention),
        state: Arc::clone(&pipeline.state),
        telemetry: Arc::clone(&telemetry),
    };
    let keeper = keeper.start(keeper_stops)?;
    let (stop, stopped) = watch::channel(false);
    let gate = Gate {
        journal: pipeline.frames.clone(),
        allow: Arc::new(config.allow.clone()),
        telemetry: Arc::clone(&telemetry),
        stop: stopped,
    };
    let syslog_tcp = sockets.tcp.local_addr()?;
    let udp = tokio::spawn(listen::run_udp(sockets.udp, gate.clone()));
    let sources = Sources::from_now_on();
    let ingest = Arc::new(Ingest {
        journal: pipeline.frames.downgrade(),
        sources: sources.clone(),
        state: Arc::clone(&pipeline.state),
        telemetry: Arc::clone(&telemetry),
    });
    let tls = sockets.tls.zip(keyrings.syslog.clone());
    // each of the two has half of the places
    let places = if tls.is_some() {
        shares.syslog.div_ceil(2)
    } else {
        shares.syslog
    };
    let tls = tls.map(|(listener, keyring)| {
        let tls = Tls::new(keyring, config.certificates.clone());
        let (gate, sources) = (gate.clone(), sources.clone());
        tokio::spawn(listen::run_tcp(listener, gate, sources, places, Some(tls)))
    });
    let tcp = tokio::spawn(listen::run_tcp(sockets.tcp, gate, sources, places, None));
    let watch = tokio::spawn(tls::watch(keyrings.all()));
    let heart = Arc::new(Heart {
        uptime,
        listeners,
        telemetry,
        state: Arc::clone(&pipeline.state),
        index: index.clone(),
        frames: pipeline.frames.downgrade(),
        retention: config.retention,
        memory: config.memory,
        kb_version: knowledge.version.clone(),
        keyrings: keyrings.all(),
        pseudonyms: pseudonyms.is_some(),
        tickets: Arc::clone(&tickets),
    });
    let library = Library::new(index.clone(), Arc::new(pipeline.memory.clone()), names);
    let desk = Arc::new(Reading::new(
        library,
        knowledge,
        config.listeners.clone(),
        settings,
        Arc::clone(&heart) as Arc<dyn Pulse>,
    ));
    let settings = whymid_api::Settings {
        audit: audit.map(|audit| audit as Arc<dyn Audit>),
        pseudonyms: pseudonyms.clone(),
        ..api_settings(&config, shares, &keyrings)?
    };
    let eraser = Arc::new(Eraser::new(Office {
        forgetting: pipeline.forgetting.clone(),
        state: Arc::clone(&pipeline.state),
        index,
        vault: Arc::clone(&vault),
        pseudonyms: pseudonyms.clone(),
        backups: config.privacy.backups.clone(),
        tickets: Arc::clone(&tickets),
        erasures: Mutex::default(),
    }));
    let (stop_clerk, clerk_stops) = std::sync::mpsc::channel();
    let clerk = Clerk {
        office: Arc::clone(&tickets),
        desk: Arc::clone(&desk) as Arc<dyn whymid_api::Desk>,
        carrier: Arc::new(Network::new(Guard::new(config.ticketing.allow.clone()))),
        base_url: config.public_url.clone().unwrap_or_default(),
    };
    let clerk = clerk.start(clerk_stops)?;
    let desks = whymid_api::Desks {
        desk,
        gauge: heart,
        door: ingest,
        eraser,
        tickets,
    };
    let http = whymid_api::serve(sockets.http, desks, settings)?;
    let http_handle = http.handle();
    let http = tokio::spawn(http);
    if config.demo {
        tokio::spawn(demo::play(syslog_tcp));
    }
    stop_signals.wait().await;
    tracing::info!("stopping: everything that came in is written first");
    pipeline.state.stopping.store(true, Ordering::Relaxed);
    let _ = stop.send(true);
    let drained = tokio::time::timeout(DRAIN, async {
        watch.abort();
        let _ = (udp.await, tcp.await);
        if let Some(tls) = tls {
            let _ = tls.await;
        }
        http_handle.stop(true).await;
        let _ = http.await;
        drop((stop_keeper, stop_clerk));
        tokio::task::spawn_blocking(move || {
            let state = Arc::clone(&pipeline.state);
            let _ = clerk.join();
            pipeline.join();
            let _ = keeper.join();
            if pseudonyms.is_some() {
                privacy::leave_nothing(&data.journal(), &vault, state.checkpoint());
            }
        })
        .await
    })
    .await;
    anyhow::ensure!(
        drained.is_ok(),
        "failed to drain within {} s; the journal keeps every accepted line",
        DRAIN.as_secs()
    );
    Ok(())
}

/// Says what was found on disk, and loudly what was not.
fn tell_recovery(recovery: &Recovery, checkpoint: Checkpoint, telemetry: &Telemetry) {
    tracing::info!(
        begins = recovery.oldest.0,
        ends = recovery.end.0,
        index_holds = checkpoint.complete,
        to_read = recovery.end.0.saturating_sub(checkpoint.complete),
        "the journal, in bytes of lines"
    );
    if recovery.torn_bytes > 0 {
        tracing::warn!(
            bytes = recovery.torn_bytes,
            "the journal's end was torn by an unclean stop and was cut at the last whole line"
        );
    }
    if checkpoint.complete < recovery.oldest.0 {
        tracing::warn!(
            bytes = recovery.oldest.0 - checkpoint.complete,
            "the index does not hold what has left the journal: it was lost or damaged, or comes from an older copy. It is built again from the raw segments, as far as they are kept"
        );
    }
    if recovery.missing_bytes > 0 {
        telemetry.count(&telemetry.failures, "room", "journal");
        tracing::error!(
            bytes = recovery.missing_bytes,
            "the journal ends before what the index has seen of it: the folder was lost, damaged or restored from an older copy. Lines that were not yet in the index are gone; what the journal still had is kept with the raw segments"
        );
    }
}

fn api_settings(
    config: &Config,
    shares: Shares,
    keyrings: &Keyrings,
) -> anyhow::Result<whymid_api::Settings> {
    let loopback = config.http.ip().is_loopback();
    let tls = keyrings.http.as_ref().map(Keyring::following);
    Ok(whymid_api::Settings {
        public_url: config.public_url.clone(),
        hosts: config.hosts.clone(),
        tokens: config.tokens.clone(),
        open: config.tokens.is_empty() && (loopback || config.insecure_no_auth),
        max_connections: shares.http,
        requests_per_second: config.requests_per_second,
        tls: tls.transpose()?,
        audit: None,
        pseudonyms: None,
    })
}

/// SIGTERM and SIGINT.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn install() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
