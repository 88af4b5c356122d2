//! A generated log on standard output, for measuring: `log SEED LINES [FORM]`, the plain traffic of one
//! gateway, in the form of its own file (`file`), or all there is of four, as they push it (`h2`).

use std::io::{BufWriter, Write as _};

use whymid_generator::{Form, Generator, Line, Plan, render};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| arguments.get(place).and_then(|text| text.parse().ok());
    let (Some(seed), Some(lines)) = (number(0), number(1)) else {
        eprintln!("usage: log SEED LINES [file|h2]");
        std::process::exit(2);
    };
    let form = match arguments.get(2).map(String::as_str) {
        Some("h2") => Form::H2,
        _ => Form::File,
    };
    let plan = if form == Form::H2 {
        Plan::full(seed, lines)
    } else {
        let mut plan = Plan::busy(seed, lines, 100);
        plan.appliances.truncate(1);
        plan
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in Generator::new(plan.clone()) {
        if let Line::Written(line) = line {
            out.write_all(&render(&line, form, &plan.appliances))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}
