//! The manual page (man(7)), made from what `--help` says.
//!
//! `services/server/package/whymid.1` holds it for the package; a test guards that.

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::args::Cli;

/// The page, with a section for each command.
///
/// # Errors
/// Never, as it is written into memory.
pub fn page() -> std::io::Result<Vec<u8>> {
    let mut cli = Cli::command();
    cli.build();
    let mut page = Vec::new();
    let top = Man::new(cli.clone()).manual("whymid").source("whymid");
    top.render_title(&mut page)?;
    top.render_name_section(&mut page)?;
    top.render_synopsis_section(&mut page)?;
    top.render_description_section(&mut page)?;
    for command in cli.get_subcommands() {
        section(command, "whymid", &mut page)?;
    }
    top.render_extra_section(&mut page)?;
    let mut more = Roff::new();
    more.control("SH", ["SEE ALSO"]);
    more.text([roman(
        "/usr/share/doc/whymid/README.md, /usr/share/doc/whymid/SECURITY.md, rsyslogd(8), systemd.exec(5)",
    )]);
    page.extend(more.to_roff().into_bytes());
    Ok(page)
}

/// A command, and those below it.
fn section(command: &Command, above: &str, page: &mut Vec<u8>) -> std::io::Result<()> {
    let name = format!("{above} {}", command.get_name());
    if command.get_name() == "help" {
        return Ok(());
    }
    if command.has_subcommands() {
        for below in command.get_subcommands() {
            section(below, &name, page)?;
        }
        return Ok(());
    }
    let mut title = Roff::new();
    title.control("SH", [name.to_uppercase().as_str()]);
    if let Some(about) = command.get_about() {
        title.text([roman(about.to_string())]);
    }
    page.extend(title.to_roff().into_bytes());
    let mut options = Vec::new();
    Man::new(command.clone()).render_options_section(&mut options)?;
    // below the command's own heading
    let options = String::from_utf8_lossy(&options).replace(".SH OPTIONS", ".SS Options");
    page.extend(options.into_bytes());
    Ok(())
}
