//! A generated log on standard output, for measuring: `log SEED LINES [FORM]`, in the form of the
//! appliance's own file (`file`) or as a gateway pushes it (`h2`). One gateway's lines where `file`.

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
    let plan = Plan::full(seed, lines);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in Generator::new(plan.clone()) {
        if let Line::Written(line) = line
            && (form == Form::H2 || line.appliance == 0)
        {
            out.write_all(&render(&line, form, &plan.appliances))?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}
