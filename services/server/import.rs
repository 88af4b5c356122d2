//! `whymid import`: archived logs into a running service, piece by piece.
//!
//! ```text
//! file ──► plain bytes (gzip, zstd) ──► lines, oldest first ──► pieces ──► POST /v1/lines, lane archive
//!                                                                 └──► what is done, in a file of state
//! ```
//!
//! Invariants: a piece is done once the service said that it is on disk; what was done is not sent
//! again, and would change nothing if it were. A service that is busy or away is waited for.
//!
//! Not here: what the service does with the lines.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use whymid_syslog::{YearReader, Years};

use crate::args::Import;
use crate::client::{Client, Refusal, distrust};

/// Bytes of a piece, about.
const PIECE: usize = 4 * 1024 * 1024;

/// Lines by which it is told whether a file begins with the newest.
const LOOK: usize = 2000;

/// How long a service that is away or busy is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// Usage.
const USAGE: u8 = 2;
/// Some file could not be read or taken.
const FAILED: u8 = 1;

/// Runs the command: 0 when all is imported, 1 when some of it is not, 2 for usage.
pub fn run(args: &Import) -> ExitCode {
    match Importer::new(args) {
        Ok(importer) => importer.run(),
        Err(error) => {
            eprintln!("whymid: {error:#}");
            ExitCode::from(USAGE)
        }
    }
}

struct Importer<'a> {
    args: &'a Import,
    client: Client,
    url: String,
    state: State,
    progress: ProgressBar,
    lines: u64,
}

impl<'a> Importer<'a> {
    fn new(args: &'a Import) -> anyhow::Result<Self> {
        let client = Client::new(&args.whom)?;
        if let Some(zone) = &args.timezone {
            let known = TimeZone::get(zone);
            known
                .context("--timezone: not a known zone; give an IANA name, as in Europe/Berlin")?;
        }
        let mut query = vec![
            ("lane", "archive".to_owned()),
            ("appliance", args.appliance.clone()),
        ];
        query.extend(args.timezone.clone().map(|zone| ("timezone", zone)));
        let query = serde_urlencoded::to_string(query)?;
        let bytes = args
            .files
            .iter()
            .filter_map(|file| std::fs::metadata(file).ok());
        let all = bytes.map(|meta| meta.len()).sum();
        Ok(Self {
            args,
            url: client.url(&format!("/v1/lines?{query}")),
            client,
            state: State::open(args.state.as_deref())?,
            progress: progress(all),
            lines: 0,
        })
    }

    fn run(mut self) -> ExitCode {
        let begun = Instant::now();
        let mut failed = 0;
        let mut files: Vec<&PathBuf> = self.args.files.iter().collect();
        // the oldest first, as far as the files tell; those that can't be read say so in their turn
        files.sort_by_cached_key(|file| first_stamp(file).unwrap_or_default());
        for file in &files {
            let name = file.display().to_string();
            self.progress.set_message(name.clone());
            if let Err(error) = self.file(file) {
                failed += 1;
                self.progress
                    .suspend(|| eprintln!("whymid: {name}: {error:#}"));
            }
        }
        self.progress.finish_and_clear();
        let seconds = begun.elapsed().as_secs_f64();
        let done = files.len() - failed;
        println!(
            "{done} of {} files imported, {} lines in {seconds:.1} s",
            files.len(),
            self.lines
        );
        if failed > 0 {
            ExitCode::from(FAILED)
        } else {
            ExitCode::SUCCESS
        }
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let meta = std::fs::metadata(path).context("failed to read")?;
        let key = Done::key(&self.url, path, &meta);
        let done = self.state.done.get(&key).copied().unwrap_or_default();
        if done.whole && !self.args.again {
            self.progress.inc(meta.len());
            return Ok(());
        }
        let skip = if self.args.again { 0 } else { done.bytes };
        let read = self.progress.wrap_read(std::fs::File::open(path)?);
        let mut years = self
            .args
            .year
            .map(|year| Years::Counting(YearReader::starting_in(year)));
        let mut pieces = Pieces::of(plain(read)?)?;
        let mut sent = 0;
        while let Some(piece) = pieces.next()? {
            let year = years.as_mut().and_then(|years| year_of(&piece, years));
            sent += piece.len() as u64;
            if sent <= skip || piece.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            self.lines += self.send(&piece, year)?;
            self.state.note(
                &key,
                Done {
                    bytes: sent,
                    whole: false,
                },
            )?;
        }
        self.state.note(
            &key,
            Done {
                bytes: sent,
                whole: true,
            },
        )
    }

    /// Sends a piece, as often as it takes; how many lines the service took.
    fn send(&self, piece: &[u8], year: Option<i16>) -> anyhow::Result<u64> {
        let body = zstd::encode_all(piece, 1)?;
        let url = match year {
            Some(year) => format!("{}&year={year}", self.url),
            None => self.url.clone(),
        };
        let begun = Instant::now();
        let mut wait = Duration::from_millis(250);
        loop {
            let request = self.client.with_token(self.client.agent.post(&url));
            let request = request
                .header("Content-Type", "application/octet-stream")
                .header("Content-Encoding", "zstd");
            let why = match request.send(&body[..]) {
                Ok(mut response) => {
                    let status = response.status().as_u16();
                    let after = response.headers().get("retry-after");
                    let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
                    let text = response.body_mut().read_to_string().unwrap_or_default();
                    let told: Told = serde_json::from_str(&text).unwrap_or_default();
                    match status {
                        202 => return Ok(told.accepted),
                        429 | 503 => {
                            wait = after.map_or(wait, Duration::from_secs);
                            told.refusal.says(status)
                        }
                        _ => bail!("the service refused: {}", told.refusal.says(status)),
                    }
                }
                // waiting makes nobody trusted
                Err(error) => match distrust(&error) {
                    Some(text) => bail!("{text}"),
                    None => error.to_string(),
                },
            };
            if begun.elapsed() > PATIENCE {
                bail!(
                    "gave up after {} s: {why}; start the same command again to go on from here",
                    PATIENCE.as_secs()
                );
            }
            self.progress
                .set_message(format!("waiting for the service: {why}"));
            std::thread::sleep(wait);
            wait = (wait * 2).min(Duration::from_secs(15));
        }
    }
}

/// What the service answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    accepted: u64,
    #[serde(flatten)]
    refusal: Refusal,
}

fn progress(bytes: u64) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template(
        "{bar:30} {percent:>3} %  {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left  {wide_msg}",
    );
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Plain bytes, unpacked by what they begin with.
fn plain(read: impl Read + 'static) -> anyhow::Result<Box<dyn Read>> {
    let mut read = BufReader::with_capacity(256 * 1024, read);
    let begins = read.fill_buf().context("failed to read")?;
    if begins.starts_with(&[0x1f, 0x8b]) {
        Ok(Box::new(flate2::bufread::MultiGzDecoder::new(read)))
    } else if begins.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Ok(Box::new(zstd::stream::read::Decoder::with_buffer(read)?))
    } else {
        Ok(Box::new(read))
    }
}

/// A file in pieces of whole lines, the oldest first.
struct Pieces {
    read: Box<dyn Read>,
    /// Read and not handed out yet.
    held: Vec<u8>,
    over: bool,
    /// Why no more can be read; told when what was read before is handed out.
    broken: Option<std::io::Error>,
}

impl Pieces {
    fn of(read: Box<dyn Read>) -> anyhow::Result<Self> {
        let mut pieces = Self {
            read,
            held: Vec::new(),
            over: false,
            broken: None,
        };
        pieces.fill();
        if is_newest_first(&pieces.held) {
            let mut all = std::mem::take(&mut pieces.held);
            pieces.broken = pieces.read.read_to_end(&mut all).err().or(pieces.broken);
            let lines = all.split(|byte| *byte == b'\n').rev();
            for line in lines.filter(|line| !line.is_empty()) {
                pieces.held.extend_from_slice(line);
                pieces.held.push(b'\n');
            }
            pieces.over = true;
        }
        Ok(pieces)
    }

    fn fill(&mut self) {
        while !self.over && self.held.len() < PIECE {
            let wanted = (PIECE - self.held.len()) as u64;
            let read = self.read.by_ref().take(wanted).read_to_end(&mut self.held);
            self.over = !matches!(read, Ok(1..));
            self.broken = read.err();
        }
    }

    /// The next piece; a last line without an end is one.
    fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        self.fill();
        if self.held.is_empty() {
            let broken = self.broken.take();
            return broken.map_or(Ok(None), |error| {
                Err(error).context("failed to read all of it")
            });
        }
        let most = self.held.len().min(PIECE);
        let end = memchr::memrchr(b'\n', &self.held[..most]);
        let end = match end {
            Some(end) => end + 1,
            None => memchr::memchr(b'\n', &self.held).map_or(self.held.len(), |end| end + 1),
        };
        let rest = self.held.split_off(end);
        Ok(Some(std::mem::replace(&mut self.held, rest)))
    }
}

/// Stamps of the first lines, as moments in one zone.
fn stamps(text: &[u8]) -> Vec<jiff::Timestamp> {
    let mut years = Years::NearestTo(crate::clock::now());
    let lines = whymid_syslog::lines(text).take(LOOK);
    let stamps = lines.filter_map(|line| {
        let (text, _) = whymid_syslog::text(&line.bytes);
        let stamp = whymid_syslog::parse(&text).stamp?;
        stamp.resolve(&mut years, &TimeZone::UTC, true)
    });
    stamps.collect()
}

/// Whether most neighbours of another second run backwards.
fn is_newest_first(text: &[u8]) -> bool {
    let stamps = stamps(text);
    let back = stamps.windows(2).filter(|pair| pair[1] < pair[0]).count();
    let on = stamps.windows(2).filter(|pair| pair[1] > pair[0]).count();
    back > on.saturating_mul(3)
}

/// When a file begins, for the order of files.
fn first_stamp(file: &Path) -> Option<jiff::Timestamp> {
    let mut text = Vec::new();
    let read = plain(std::fs::File::open(file).ok()?).ok()?;
    read.take(64 * 1024).read_to_end(&mut text).ok()?;
    stamps(&text).into_iter().min()
}

/// The year of a piece's first stamp that has none; reads all of it, so that the next piece goes on.
fn year_of(piece: &[u8], years: &mut Years) -> Option<i16> {
    let mut first = None;
    for line in whymid_syslog::lines(piece) {
        let (text, _) = whymid_syslog::text(&line.bytes);
        let stamp = whymid_syslog::parse(&text).stamp;
        let at = stamp.and_then(|stamp| stamp.resolve(years, &TimeZone::UTC, false));
        first = first.or(at.map(|at| TimeZone::UTC.to_datetime(at).year()));
    }
    first
}

/// How much of a file is done.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Done {
    bytes: u64,
    whole: bool,
}

/// A line of the file of state.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    key: String,
    #[serde(flatten)]
    done: Done,
}

impl Done {
    /// A file that was imported into that place as that appliance: another one once it changed.
    fn key(url: &str, path: &Path, meta: &std::fs::Metadata) -> String {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let changed = meta.modified().ok().and_then(|at| {
            let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
            Some(since.as_nanos())
        });
        format!("{url} {} {} {changed:?}", path.display(), meta.len())
    }
}

/// What is done, over several starts: a line of JSON for each step.
struct State {
    file: std::fs::File,
    done: HashMap<String, Done>,
}

impl State {
    fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => default_state()?,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {}", folder.display()))?;
        }
        let opened = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .read(true)
            .open(&path);
        let file = opened.with_context(|| {
            format!(
                "failed to open {}; name another file with --state",
                path.display()
            )
        })?;
        let mut done = HashMap::new();
        for line in BufReader::new(&file).lines() {
            // a line that was cut off by the end of a run is as if it had never been
            if let Ok(note) = serde_json::from_str::<Note>(&line?) {
                done.insert(note.key, note.done);
            }
        }
        Ok(Self { file, done })
    }

    fn note(&mut self, key: &str, done: Done) -> anyhow::Result<()> {
        let note = Note {
            key: key.to_owned(),
            done,
        };
        let mut line = serde_json::to_string(&note)?;
        line.push('\n');
        let written = self.file.write_all(line.as_bytes());
        written.context("failed to note what is done")?;
        self.done.insert(note.key, done);
        Ok(())
    }
}

/// `$XDG_STATE_HOME/whymid/import.jsonl`, or below `~/.local/state`.
fn default_state() -> anyhow::Result<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let folder = state.or_else(home);
    let folder = folder.context("no home folder; name a file with --state")?;
    Ok(folder.join("whymid").join("import.jsonl"))
}
