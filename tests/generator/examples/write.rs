//! Writes a log, and what is true of it, to files.
//!
//! ```text
//! cargo run -p whymid-generator --example write -- \
//!     --seed 7 --lines 100000 --form h2 --out FILE [--truth FILE.jsonl] \
//!     [--plan full|small|hostile|busy] [--rate LINES_PER_SECOND]
//! ```
//!
//! Without `--out` the log goes to standard output. A line of the truth is one record:
//! `{"id":…,"kind":…,"appliance":…,"number":…,"generation":…,"first":…,"last":…,"lines":[…],
//! "ending":…,"cut":…,"recipients":[{"rid":…,"address":…,"fate":…}]}`.
//!
//! Not here: sending it anywhere.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use whymid_generator::{Form, Generator, Line, Plan, TruthRecord, render};

/// What was asked for.
struct Asked {
    plan: Plan,
    form: Form,
    out: Box<dyn Write>,
    truth: Option<Box<dyn Write>>,
}

fn main() -> ExitCode {
    let asked = match read_arguments(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    match write_all(asked) {
        Ok(lines) => {
            eprintln!("{lines} lines");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("failed to write: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Asked, String> {
    let (mut seed, mut lines, mut rate, mut preset) = (1, 100_000, None, "full".to_owned());
    let (mut form, mut out, mut truth) = (Form::File, None, None);
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--seed" => seed = number(&name, &value)?,
            "--lines" => lines = number(&name, &value)?,
            "--rate" => rate = Some(number(&name, &value)? as u32),
            "--plan" => preset = value,
            "--form" => form = form_of(&value)?,
            "--out" => out = Some(value),
            "--truth" => truth = Some(value),
            _ => return Err(format!("{name} is not known; see the head of write.rs")),
        }
    }
    let mut plan = plan_of(&preset, seed, lines)?;
    plan.rate = rate.unwrap_or(plan.rate);
    Ok(Asked {
        plan,
        form,
        out: match out {
            Some(path) => file(&path)?,
            None => Box::new(BufWriter::new(io::stdout().lock())),
        },
        truth: truth.as_deref().map(file).transpose()?,
    })
}

fn number(name: &str, value: &str) -> Result<u64, String> {
    value
        .parse()
        .map_err(|_| format!("{name} wants a number, not {value}"))
}

fn file(path: &str) -> Result<Box<dyn Write>, String> {
    let file = File::create(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(Box::new(BufWriter::new(file)))
}

fn form_of(name: &str) -> Result<Form, String> {
    Ok(match name {
        "file" => Form::File,
        "h1" => Form::H1,
        "h2" => Form::H2,
        "h3" => Form::H3,
        "h8" => Form::H8,
        "rfc5424" => Form::Rfc5424,
        _ => {
            return Err(format!(
                "--form is file, h1, h2, h3, h8 or rfc5424, not {name}"
            ));
        }
    })
}

fn plan_of(name: &str, seed: u64, lines: u64) -> Result<Plan, String> {
    Ok(match name {
        "full" => Plan::full(seed, lines),
        "hostile" => Plan::hostile(seed, lines),
        "busy" => Plan::busy(seed, lines, 2_000),
        "small" => Plan {
            lines,
            ..Plan::small(seed)
        },
        _ => {
            return Err(format!(
                "--plan is full, hostile, busy or small, not {name}"
            ));
        }
    })
}

fn write_all(mut asked: Asked) -> io::Result<u64> {
    let appliances = asked.plan.appliances.clone();
    let mut lines = 0;
    for line in Generator::new(asked.plan) {
        match line {
            Line::Written(written) => {
                asked
                    .out
                    .write_all(&render(&written, asked.form, &appliances))?;
                asked.out.write_all(b"\n")?;
                lines += 1;
            }
            Line::Done(record) => {
                if let Some(truth) = &mut asked.truth {
                    writeln!(
                        truth,
                        "{}",
                        json(&record, &appliances[record.appliance].name)
                    )?;
                }
            }
        }
    }
    asked.out.flush()?;
    if let Some(truth) = &mut asked.truth {
        truth.flush()?;
    }
    Ok(lines)
}

fn json(record: &TruthRecord, appliance: &str) -> String {
    let recipients: Vec<String> = record
        .recipients
        .iter()
        .map(|one| {
            let rid = one.rid.map_or("null".to_owned(), |rid| rid.to_string());
            let address = quoted(&one.address);
            let fate = quoted(&format!("{:?}", one.fate));
            format!(r#"{{"rid":{rid},"address":{address},"fate":{fate}}}"#)
        })
        .collect();
    format!(
        r#"{{"id":{},"kind":"{:?}","appliance":{},"number":{},"generation":{},"first":"{}","last":"{}","lines":{:?},"ending":{},"cut":{},"recipients":[{}]}}"#,
        record.id,
        record.kind,
        quoted(appliance),
        record.number,
        record.generation,
        record.first,
        record.last,
        record.line_ids,
        quoted(&format!("{:?}", record.ending)),
        record.cut,
        recipients.join(",")
    )
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
