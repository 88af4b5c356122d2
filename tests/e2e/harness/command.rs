//! Commands that end by themselves: `whymid explain`, `whymid kb check`, …

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// The repository's folder.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Names another binary to be tested than the one that was built with the tests.
const OTHER: &str = "WHYMID_BINARY";

/// Whether the binary under test is the one that was built with the tests: it has fail points and
/// lets tests shorten what takes hours (`services/server/for_tests.rs`).
pub(crate) fn is_for_tests() -> bool {
    std::env::var_os(OTHER).is_none() && cfg!(debug_assertions)
}

/// The binary under test, without what the tester's environment says of it.
pub(super) fn binary() -> Command {
    let other = std::env::var_os(OTHER);
    let mut command = Command::new(other.unwrap_or(env!("CARGO_BIN_EXE_whymid").into()));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"WHYMID_"))
    {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1");
    command
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; a signal is none and fails the test.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Fails unless the command ended with that code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}", self.stdout))
    }

    /// The one line of stderr; fails when there are more, or none.
    #[track_caller]
    pub(crate) fn one_line(&self) -> &str {
        assert_eq!(
            self.stderr.trim_end().lines().count(),
            1,
            "not one line: {}",
            self.stderr
        );
        self.stderr.trim_end()
    }
}

/// Runs `whymid` to its end.
pub(crate) fn whymid<A: AsRef<OsStr>>(arguments: &[A]) -> Ran {
    whymid_with_input(arguments, b"")
}

/// Runs `whymid` to its end with something on stdin.
pub(crate) fn whymid_with_input<A: AsRef<OsStr>>(arguments: &[A], input: &[u8]) -> Ran {
    let mut command = binary();
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary can be started");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // a command that never reads its stdin closes it: no failure
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("the child is ours");
    writer.join().expect("the writer does not panic");
    let ran = Ran {
        code: output
            .status
            .code()
            .unwrap_or_else(|| panic!("ended by {}", output.status)),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}
