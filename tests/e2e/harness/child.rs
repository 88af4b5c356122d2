//! A process that a test started: what it wrote, and its end.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use super::wait_for;

/// What a process wrote so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output(Arc<Mutex<String>>);

impl Output {
    /// The text so far.
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("no reader panicked").clone()
    }

    fn follow(&self, stream: impl Read + Send + 'static) -> JoinHandle<()> {
        let output = self.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut line = Vec::new();
            while reader
                .read_until(b'\n', &mut line)
                .is_ok_and(|length| length > 0)
            {
                let text = String::from_utf8_lossy(&line).into_owned();
                output.0.lock().expect("no reader panicked").push_str(&text);
                line.clear();
            }
        })
    }
}

/// A running process, with both of its streams read all the time.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts it, or fails the test.
    pub(crate) fn start(command: &mut Command) -> Self {
        let spawned = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child =
            spawned.unwrap_or_else(|error| panic!("failed to start {command:?}: {error}"));
        let (stdout, stderr) = (Output::default(), Output::default());
        let readers = vec![
            stdout.follow(child.stdout.take().expect("piped")),
            stderr.follow(child.stderr.take().expect("piped")),
        ];
        Self {
            child,
            stdout,
            stderr,
            readers,
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The status once it has ended by itself.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child is ours")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal)
            .expect("the child is ours and not reaped");
    }

    /// SIGTERM, then waits for the end; `None` when it does not come (it is killed then).
    pub(crate) fn terminate(&mut self) -> Option<ExitStatus> {
        if self.ended().is_none() {
            self.signal(Signal::TERM);
        }
        let status = wait_for(|| self.ended());
        if status.is_none() {
            self.kill();
        }
        self.join_readers();
        status
    }

    /// SIGKILL: no goodbye of any kind.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
        self.join_readers();
    }

    /// Both streams have been read to their ends.
    fn join_readers(&mut self) {
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}
