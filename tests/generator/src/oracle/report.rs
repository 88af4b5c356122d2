//! Faults, counted, with some examples of each.
//!
//! Invariants: every fault is counted, whether or not there is room for it among the examples;
//! what is printed names the seed and the line ids, so that the lines can be written again.

use std::fmt;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A delivered line is in no record.
    Lost,
    /// A line is in two records and its wording does not name both.
    Doubled,
    /// Fewer copies of a line than one source held.
    CopiesShort,
    /// More copies of a line than any source held.
    CopiesOver,
    /// A record holds lines of two truth records.
    Mixed,
    /// A record holds a line of another appliance.
    Foreign,
    /// One truth record is spread over two records.
    Split,
    /// A record holds a line that was never delivered: its stamp or its body is not that.
    Invented,
    /// A line is in a record of another number.
    WrongNumber,
    /// A line is in a record of another kind.
    WrongKind,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 10] = [
        Self::Lost,
        Self::Doubled,
        Self::CopiesShort,
        Self::CopiesOver,
        Self::Mixed,
        Self::Foreign,
        Self::Split,
        Self::Invented,
        Self::WrongNumber,
        Self::WrongKind,
    ];

    /// In words.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Lost => "lines in no record",
            Self::Doubled => "lines in two records",
            Self::CopiesShort => "lines with too few copies",
            Self::CopiesOver => "lines with too many copies",
            Self::Mixed => "lines in a record of another truth record of that number",
            Self::Foreign => "lines in a record of another appliance",
            Self::Split => "truth records spread over several records",
            Self::Invented => "lines that were never delivered",
            Self::WrongNumber => "lines in a record of another number",
            Self::WrongKind => "lines in a record of another kind",
        }
    }
}

/// One example of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// The place of the gateway in `Plan::appliances`.
    pub appliance: usize,
    /// MID, ICID or DCID; 0 for an event.
    pub number: u64,
    /// The program's ids.
    pub records: Vec<String>,
    /// The lines; those that agree are named by the first of them.
    pub line_ids: Vec<u64>,
    /// The body, if it is at hand, or what kind of line it is.
    pub note: String,
}

/// What is wrong with what a program made of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed of the plan.
    pub seed: u64,
    /// Lines handed over, copies included.
    pub delivered: u64,
    /// Lines that differ in appliance, second or body.
    pub lines: u64,
    /// Records of the program.
    pub records: u64,
    counts: [u64; Fault::ALL.len()],
    examples: Vec<Finding>,
    most: usize,
}

impl Report {
    pub(super) fn new(seed: u64, most: usize) -> Self {
        Self {
            seed,
            delivered: 0,
            lines: 0,
            records: 0,
            counts: [0; Fault::ALL.len()],
            examples: Vec::new(),
            most,
        }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        let count = &mut self.counts[finding.fault as usize];
        *count += 1;
        if *count <= self.most as u64 {
            self.examples.push(finding);
        }
    }

    /// How often that is wrong.
    #[must_use]
    pub fn count(&self, fault: Fault) -> u64 {
        self.counts[fault as usize]
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// The examples of a fault.
    pub fn examples(&self, fault: Fault) -> impl Iterator<Item = &Finding> {
        self.examples.iter().filter(move |one| one.fault == fault)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, delivered, records) = (self.seed, self.delivered, self.records);
        writeln!(
            f,
            "seed {seed}: {delivered} lines delivered, {} different, {records} records",
            self.lines
        )?;
        for fault in Fault::ALL {
            if self.count(fault) > 0 {
                writeln!(f, "  {} {}", self.count(fault), fault.what())?;
            }
            for one in self.examples(fault) {
                writeln!(
                    f,
                    "    appliance {}, number {}, lines {:?}, records {:?} {}",
                    one.appliance, one.number, one.line_ids, one.records, one.note
                )?;
            }
        }
        Ok(())
    }
}
