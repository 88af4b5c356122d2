//! File descriptors: how many the system gives us, and who may have how many of them.
//!
//! The journal and the index must never lack one: a journal that can't open its next segment
//! accepts nothing more. So what the sockets may hold at a time is bounded by what there is.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Kept for journal, index, listeners and whatever libraries open.
const OURS: usize = 256;
/// HTTP connections at a time, where there are descriptors enough.
const HTTP: usize = 1024;

/// How many connections there may be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Over syslog's TCP.
    pub syslog: usize,
    /// Over HTTP.
    pub http: usize,
}

/// Raises the soft limit to the hard one, and shares out what that gives; says so in the log
/// where it is less than `syslog.max_connections` asks for.
pub fn share_out(max_connections: usize) -> Shares {
    let limit = raise_limit();
    let shares = shares(limit, max_connections);
    if shares.syslog < max_connections {
        tracing::warn!(
            limit,
            asked = max_connections,
            given = shares.syslog,
            "syslog.max_connections can't be had: the system lets this process open too few files; raise its limit (ulimit -Hn, LimitNOFILE= in systemd)"
        );
    }
    shares
}

/// The limit that holds from now on.
fn raise_limit() -> usize {
    let known = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: known.maximum,
        maximum: known.maximum,
    };
    let limit = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => known.maximum,
        Err(error) => {
            tracing::warn!(%error, "failed to raise the limit of open files");
            known.current
        }
    };
    limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    })
}

fn shares(limit: usize, max_connections: usize) -> Shares {
    let left = limit.saturating_sub(OURS);
    let http = HTTP.min(left / 4).max(2);
    let syslog = max_connections.min(left.saturating_sub(http)).max(1);
    Shares { syslog, http }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_enough_descriptors_everybody_gets_what_was_asked_for() {
        for limit in [10_000, 1_048_576, usize::MAX] {
            let all = Shares {
                syslog: 8192,
                http: HTTP,
            };
            assert_eq!(shares(limit, 8192), all, "{limit}");
        }
    }

    #[test]
    fn with_few_descriptors_the_sockets_never_take_those_of_journal_and_index() {
        for limit in [300, 1024, 4096, 9000] {
            let shared = shares(limit, 8192);
            assert!(shared.syslog + shared.http + OURS <= limit, "{shared:?}");
            assert!(shared.syslog < 8192, "{shared:?}");
        }
        let least = shares(0, 8192);
        assert_eq!((least.syslog, least.http), (1, 2));
    }
}
