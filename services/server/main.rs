//! The binary: arguments to one of the commands, errors to one line and an exit code.
//!
//! | file | what it is |
//! |---|---|
//! | `args.rs` | the command line |
//! | `config/` | the configuration, as written and validated |
//! | `serve.rs` | bind, run, stop |
//! | `listen.rs`, `listen/` | sockets to frames |
//! | `ingest.rs` | lines handed in over HTTP to frames on disk |
//! | `descriptors.rs` | how many files and sockets may be open |
//! | `data.rs` | the data folder: one instance, a known format |
//! | `heart.rs` | how the service fares: status, readiness, metrics |
//! | `keeper.rs` | raw segments: packed, and removed when old |
//! | `retention.rs` | how long what is kept |
//! | `privacy.rs` | the key of pseudonyms, and what a stop leaves |
//! | `pipeline/` | journal → assembler → index, one thread each |
//! | `telemetry.rs` | the counters |
//! | `explain.rs`, `events.rs`, `kb.rs`, `token.rs` | commands that need no service |
//! | `log_file.rs` | what those read |
//! | `one_line.rs` | the log: one event, one line |
//! | `demo.rs` | sample traffic |
//! | `client.rs` | a running service, for `import.rs` and `forget.rs` |
//! | `eraser.rs` | an address is forgotten |
//! | `clock.rs` | the only place that asks what time it is |
//! | `for_tests.rs` | what end-to-end tests may set, in debug builds |
//!
//! No business rules here: this room only wires the others together.

mod args;
mod audit;
mod clerk;
mod client;
mod clock;
mod config;
mod data;
mod demo;
mod descriptors;
mod eraser;
mod events;
mod explain;
mod for_tests;
mod forget;
mod heart;
mod import;
mod ingest;
mod kb;
mod keeper;
mod listen;
mod log_file;
mod man;
mod one_line;
mod pipeline;
mod privacy;
mod retention;
mod serve;
mod sockets;
mod telemetry;
mod tls;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Cli, Command, ConfigCommand, Kb, PrivacyCommand, Serve, TokenCommand};

/// Records are many small pieces of memory that live for seconds to minutes: the system's own
/// allocator keeps much of what they leave.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // in builds for tests: points at which the process dies, by the variable FAILPOINTS
    let _points = fail::FailScenario::setup();
    let cli = Cli::parse();
    match run(cli
        .command
        .unwrap_or(Command::Serve(Serve::from_environment())))
    {
        Ok(code) => code,
        Err(error) => {
            eprintln!("whymid: {error:#}");
            ExitCode::from(1)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => {
            log_to_stderr();
            serve::run(&args)?;
        }
        Command::Explain(args) => return Ok(explain::run(&args)),
        Command::Import(args) => return Ok(import::run(&args)),
        Command::Forget(args) => return Ok(forget::run(&args)),
        Command::Events(args) => return Ok(events::run(&args)),
        Command::Kb(Kb::Check { dir }) => return kb::run_check(dir.as_deref()),
        Command::Kb(Kb::Explain { id, lang }) => return kb::run_explain(&id, lang),
        Command::Token(TokenCommand::New {
            name,
            scope,
            expires,
            appliances,
            recipient_domains,
            real_addresses,
        }) => token::run_new(&token::Wanted {
            name,
            scope,
            expires,
            appliances,
            recipient_domains,
            real_addresses,
        })?,
        Command::Privacy(PrivacyCommand::Key) => privacy::print_key()?,
        Command::Config(ConfigCommand::Default) => print!("{}", config::DEFAULT),
        Command::Config(ConfigCommand::Check { file }) => {
            config::load(&file)?;
            println!("{}: no faults", file.display());
        }
        Command::Openapi => print!("{}", whymid_api::openapi_yaml()),
        Command::Man => std::io::stdout().write_all(&man::page()?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `WHYMID_LOG` chooses what is logged, as in `WHYMID_LOG=debug`.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("WHYMID_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new("info,tantivy=warn,actix_server=warn")
    });
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(|| one_line::OneLine)
        .init();
}
