//! `whymid explain`: a log file to answers, without a service.

use std::io::Write as _;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use whymid_diagnosis::{Knowledge, Listeners, Log, LogReader, Reading, Style, Wanted};
use whymid_mailflow::Settings;
use whymid_schemas::Answer;

use crate::args::{Explain, Format};
use crate::{clock, log_file};

/// The id is not in the log.
const NOT_FOUND: u8 = 1;
/// Usage.
const USAGE: u8 = 2;
/// Unreadable input.
const UNREADABLE: u8 = 3;

/// Runs the command; see [`Explain`] for the exit codes.
pub fn run(args: &Explain) -> ExitCode {
    let zone = match args.timezone.as_deref().map(TimeZone::get).transpose() {
        Ok(zone) => zone,
        Err(_) => {
            eprintln!(
                "whymid: --timezone: not a known zone; give an IANA name, as in Europe/Berlin"
            );
            return ExitCode::from(USAGE);
        }
    };
    let log = match read(args, zone) {
        Ok(log) => log,
        Err(error) => {
            eprintln!("whymid: {error:#}");
            return ExitCode::from(UNREADABLE);
        }
    };
    let knowledge = Knowledge::embedded();
    let style = Style {
        lang: args.lang,
        zone: TimeZone::UTC,
        base_url: String::new(),
    };
    let appliance = args.appliance.as_deref();
    let (asked, answer) = match (args.mid, args.icid) {
        (Some(mid), _) => (
            format!("MID {mid}"),
            log.answer_mid(&knowledge, mid, appliance, &style),
        ),
        (None, Some(icid)) => (
            format!("ICID {icid}"),
            log.answer_icid(&knowledge, icid, appliance, &style),
        ),
        (None, None) => return print_all(args, &log, &knowledge, &style),
    };
    let Some(answer) = answer else {
        eprintln!(
            "whymid: {asked} is not in the log ({} lines, appliances: {})",
            log.lines,
            log.appliances().join(", ")
        );
        return ExitCode::from(NOT_FOUND);
    };
    let printed = match args.format {
        Format::Json => serde_json::to_string_pretty(&answer).unwrap_or_default(),
        Format::Text | Format::Markdown => written(&answer, args),
    };
    print(&printed)
}

fn print_all(args: &Explain, log: &Log, knowledge: &Knowledge, style: &Style) -> ExitCode {
    let appliance = args.appliance.as_deref();
    let all = usize::MAX;
    let (answers, _) = log.answers(knowledge, appliance, Wanted::GoneWrong, all, style);
    let printed = match args.format {
        Format::Json => serde_json::to_string_pretty(&answers).unwrap_or_default(),
        Format::Text | Format::Markdown if answers.is_empty() => nothing_wrong(log),
        Format::Text | Format::Markdown => {
            let all: Vec<String> = answers.iter().map(|answer| written(answer, args)).collect();
            all.join(if args.format == Format::Markdown {
                "\n---\n\n"
            } else {
                "\n\n"
            })
        }
    };
    print(&printed)
}

fn nothing_wrong(log: &Log) -> String {
    let (lines, understood) = (log.lines, log.understood);
    if understood == 0 {
        return format!("Nothing in these {lines} lines was recognised as a line of mail_logs.");
    }
    format!(
        "No message or connection here is known to have gone wrong ({lines} lines, {understood} of them understood)."
    )
}

fn written(answer: &Answer, args: &Explain) -> String {
    match args.format {
        Format::Markdown => whymid_diagnosis::markdown(answer, args.lang),
        Format::Text | Format::Json => whymid_diagnosis::text(answer, args.lang),
    }
}

/// A reader that went away (`| head`) is no failure.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", text.trim_end());
    ExitCode::SUCCESS
}

fn read(args: &Explain, zone: Option<TimeZone>) -> anyhow::Result<Log> {
    let unnamed = args
        .appliance
        .clone()
        .unwrap_or_else(|| "unnamed".to_owned());
    let mut reader = LogReader::new(Reading {
        settings: Settings {
            appliances: Vec::new(),
            zone,
            unnamed,
        },
        listeners: Listeners::default(),
        year: args.year,
        now: clock::now(),
    });
    for contents in log_file::each(&args.files) {
        reader.read(&contents?);
    }
    Ok(reader.finish())
}
