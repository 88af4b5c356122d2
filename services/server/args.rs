//! The command line: every command, every flag, and the help that teaches them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use whymid_schemas::Lang;

use crate::client::Whom;

/// Answers "why was this MID aborted?" from Cisco Secure Email Gateway mail_logs.
#[derive(Debug, Parser)]
#[command(
    name = "whymid",
    version,
    about,
    long_about = "Takes the mail_logs of Cisco Secure Email Gateways by syslog, rebuilds each message's \
                  story and answers why it was aborted, rejected, bounced or is late: the diagnosis, the \
                  lines that prove it, who holds the mail, who can act, what to do next.",
    after_help = "Start here:\n  whymid serve --demo                    a service with sample traffic, answers in seconds\n  whymid explain --mid 1404 mail.log     no service needed: why was MID 1404 aborted?\n  whymid kb explain receiving-aborted-by-sender"
)]
pub struct Cli {
    /// What to do; `serve` when nothing is given.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service: syslog in, answers over HTTP
    Serve(Serve),
    /// Answer from a log file, without a service
    Explain(Explain),
    /// Bring archived logs into a running service
    Import(Import),
    /// Erase an address from everything that a running service keeps
    Forget(Forget),
    /// The kinds of line that are known; the lines of a log that are not
    Events(Events),
    /// The knowledge base: check it, read it
    #[command(subcommand)]
    Kb(Kb),
    /// API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Personal data: the key of the pseudonyms
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// The configuration: print the default one, check a file
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI document
    Openapi,
    /// Print the manual page (whymid man | man -l -)
    Man,
}

/// `whymid serve`
#[derive(Debug, Default, Args)]
#[command(
    after_help = "Strongest first: flag, environment variable, configuration file, default.\nPort 0 takes a free port; the bound addresses are printed on stdout, one line each."
)]
pub struct Serve {
    /// Configuration file (see `whymid config default`)
    #[arg(long, value_name = "FILE", env = "WHYMID_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where journal and index are kept [default: ./whymid-data]
    #[arg(long, value_name = "DIR", env = "WHYMID_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address and port of the API and the pages [default: 127.0.0.1:8514]
    #[arg(long, value_name = "ADDR", env = "WHYMID_HTTP")]
    pub http: Option<SocketAddr>,
    /// Where appliances push syslog over UDP [default: 127.0.0.1:5514]
    #[arg(long, value_name = "ADDR", env = "WHYMID_SYSLOG_UDP")]
    pub syslog_udp: Option<SocketAddr>,
    /// Where appliances push syslog over TCP [default: 127.0.0.1:5514]
    #[arg(long, value_name = "ADDR", env = "WHYMID_SYSLOG_TCP")]
    pub syslog_tcp: Option<SocketAddr>,
    /// Where appliances push syslog over TLS; takes a certificate in the configuration file [default: not at all]
    #[arg(long, value_name = "ADDR", env = "WHYMID_SYSLOG_TLS")]
    pub syslog_tls: Option<SocketAddr>,
    /// Play sample gateway traffic into the own syslog port, with a data folder of its own
    #[arg(long, env = "WHYMID_DEMO")]
    pub demo: bool,
    /// Answer on more than loopback without tokens: whoever reaches the port reads mail metadata
    #[arg(long, env = "WHYMID_INSECURE_NO_AUTH")]
    pub insecure_no_auth: bool,
}

impl Serve {
    /// `serve` when no command is given: flags at their defaults, the environment as ever.
    pub fn from_environment() -> Self {
        match Cli::parse_from(["whymid", "serve"]).command {
            Some(Command::Serve(serve)) => serve,
            _ => Self::default(),
        }
    }
}

/// `whymid import`
#[derive(Debug, Args)]
#[command(
    after_help = "Files may be plain, gzip or zstd, in the appliance's own form or any syslog form, newest line first\nor last; many at once. What was imported before is not sent again, so a run that was cut off goes on\nwhere it was, and importing twice changes nothing. Nothing imported raises a notification.\n\n  whymid import --to http://127.0.0.1:8514 --appliance esa1 mail.*.s mail.current\n\nExit codes: 0 all is imported, 1 some of it is not, 2 usage."
)]
pub struct Import {
    /// Which service.
    #[command(flatten)]
    pub whom: Whom,
    /// The appliance that wrote the files
    #[arg(long, value_name = "NAME")]
    pub appliance: String,
    /// The zone of the stamps, where the appliance's own is not known (IANA name)
    #[arg(long, value_name = "TZ")]
    pub timezone: Option<String>,
    /// The year in which each file begins, where its stamps have none
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i16).range(1970..=2999))]
    pub year: Option<i16>,
    /// Where it is noted what is done [default: ~/.local/state/whymid/import.jsonl]
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Send again what was imported before; it changes nothing
    #[arg(long)]
    pub again: bool,
    /// The logs
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// `whymid forget`
#[derive(Debug, Args)]
#[command(
    after_help = "What stands in front of the address's domain is replaced by * in every record and in the lines as they\ncame, as far as they were received before now; the files in which it stood are written anew. Its mail stays,\nand so do subjects and names without an @. It takes a token with the scope `admin`, and some minutes.\n\n  whymid forget end_user@example.com\n\nExit codes: 0 done, 1 not done: ask again to go on."
)]
pub struct Forget {
    /// Which service.
    #[command(flatten)]
    pub whom: Whom,
    /// The address, bare and whole
    #[arg(value_name = "ADDRESS")]
    pub address: String,
}

/// `whymid explain`
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 answered, 1 the id is not in the log, 2 usage, 3 unreadable input."
)]
pub struct Explain {
    /// Answer for this message id
    #[arg(long, value_name = "N", conflicts_with = "icid")]
    pub mid: Option<u64>,
    /// Answer for this connection id
    #[arg(long, value_name = "N")]
    pub icid: Option<u64>,
    /// Only this appliance; also the name of lines that carry none
    #[arg(long, value_name = "NAME")]
    pub appliance: Option<String>,
    /// Language of the answer
    #[arg(long, default_value = "en", value_parser = parse_lang, value_name = "en|ja")]
    pub lang: Lang,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// The year in which the log begins, where its stamps have none
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i16).range(1970..=2999))]
    pub year: Option<i16>,
    /// The appliance's zone (IANA name)
    #[arg(long, value_name = "TZ")]
    pub timezone: Option<String>,
    /// The log: plain, .gz or .zst, file form or any syslog form; `-` or nothing reads stdin
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// `whymid events`
#[derive(Debug, Args)]
#[command(
    after_help = "Without --unknown: every kind of line, whose it is, what it ends, and its forms.\nTo report lines that are missing, without names, addresses or subjects:\n  whymid events --unknown --anonymise mail.log\nExit codes: 0 done, 2 usage, 3 unreadable input."
)]
pub struct Events {
    /// The lines of a log that are not known, as shapes: `COUNT SHAPE`, most frequent first
    #[arg(long)]
    pub unknown: bool,
    /// Leave out every word that could be a name, an address or a text of somebody's
    #[arg(long, requires = "unknown")]
    pub anonymise: bool,
    /// The log: plain, .gz or .zst, file form or any syslog form; `-` or nothing reads stdin
    #[arg(value_name = "FILE", requires = "unknown")]
    pub files: Vec<PathBuf>,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For reading
    Text,
    /// For pasting into a ticket
    Markdown,
    /// For programs
    Json,
}

/// `whymid kb`
#[derive(Debug, Subcommand)]
pub enum Kb {
    /// Tell every fault of articles, rules, translations, examples and links at once
    Check {
        /// A knowledge base's folder; the built-in one when nothing is given
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
    },
    /// One diagnosis and what its article says
    Explain {
        /// The diagnosis, as in receiving-aborted-by-sender
        #[arg(value_name = "ID")]
        id: String,
        /// Language
        #[arg(long, default_value = "en", value_parser = parse_lang, value_name = "en|ja")]
        lang: Lang,
    },
}

/// `whymid token`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Print a new API token once, and the lines for the configuration
    New {
        /// What the token is called in the configuration and the log
        #[arg(long)]
        name: String,
        /// What it may do
        #[arg(long, value_parser = ["read", "ticket", "ingest", "admin"])]
        scope: String,
        /// From then on it is refused: a day or a moment
        #[arg(long, value_name = "DAY")]
        expires: Option<String>,
        /// Only what this appliance wrote; several may be given
        #[arg(long = "appliance", value_name = "NAME")]
        appliances: Vec<String>,
        /// Only mail for recipients in this domain, and nothing of other recipients; several may be given
        #[arg(long = "recipient-domain", value_name = "DOMAIN")]
        recipient_domains: Vec<String>,
        /// It may ask by real addresses and subjects where those are kept as pseudonyms
        #[arg(long)]
        real_addresses: bool,
    },
}

/// `whymid privacy`
#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Print a new secret key for privacy.pseudonym_key (umask 077; whymid privacy key > FILE)
    Key,
}

/// `whymid config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the commented default configuration
    Default,
    /// Tell every fault of a configuration file at once
    Check {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    Lang::from_word(text).ok_or_else(|| "use en or ja".to_owned())
}
