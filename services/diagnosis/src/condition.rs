//! One CEL expression over the facts, compiled once, with three outcomes.
//!
//! An untold fact is left undeclared while evaluating, so CEL's own rules decide whether the
//! outcome hangs on it: `false && untold` is false, `true || untold` is true, the rest is untold.

use std::sync::{Arc, OnceLock};

use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, Program};

use crate::facts::{self, FACTS, Type, Value};
use crate::story::Story;

/// What a condition came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Yes,
    No,
    Untold,
}

/// A compiled condition.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Program,
}

impl Condition {
    /// Compiles and type-checks an expression. The error says what is wrong with it.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        let program = Program::compile(source).map_err(|errors| {
            let first = errors.errors.first().map(|error| error.msg.clone());
            format!(
                "not a CEL expression: {}",
                first.unwrap_or_else(|| errors.to_string())
            )
        })?;
        for name in program.references().variables() {
            if facts::row(name).is_none() {
                let hint = crate::fault::nearest(name, FACTS.iter().map(|row| row.name));
                return Err(format!("unknown fact `{name}`{hint}"));
            }
        }
        let condition = Self { program };
        condition.try_out()?;
        Ok(condition)
    }

    /// Evaluates on made-up facts of the right types: everything "small", everything "large",
    /// and each fact alone the other way, so that most branches are taken once.
    fn try_out(&self) -> Result<(), String> {
        for large in [false, true] {
            for odd in std::iter::once(None).chain(FACTS.iter().map(|row| Some(row.name))) {
                let made_up = MadeUp { large, odd };
                let outcome = self.run(&made_up);
                match outcome {
                    Ok(cel::Value::Bool(_)) => {}
                    Ok(_) => return Err("does not yield a boolean; compare the value".to_owned()),
                    Err(error) => return Err(format!("can't be evaluated: {error}")),
                }
            }
        }
        Ok(())
    }

    /// Evaluates on a story.
    pub(crate) fn on(&self, facts: &Facts<'_>) -> Told {
        match self.run(facts) {
            Ok(cel::Value::Bool(true)) => Told::Yes,
            Ok(cel::Value::Bool(false)) => Told::No,
            _ => Told::Untold,
        }
    }

    fn run(&self, resolver: &dyn VariableResolver) -> Result<cel::Value, ExecutionError> {
        static ENV: OnceLock<Arc<Env>> = OnceLock::new();
        let env = ENV.get_or_init(|| Arc::new(Env::stdlib()));
        let mut context = Context::with_env(Arc::clone(env));
        context.set_variable_resolver(resolver);
        self.program.execute(&context)
    }
}

/// The facts of one story, each read at most once, when first needed.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    story: &'a Story,
    read: Vec<OnceLock<Option<Value>>>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(story: &'a Story) -> Self {
        Self {
            story,
            read: FACTS.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// A fact; `None` when it is untold or no fact at all.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        let place = FACTS.iter().position(|row| row.name == name)?;
        self.read[place]
            .get_or_init(|| (FACTS[place].read)(self.story))
            .as_ref()
    }
}

impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        Some(match self.get(variable)? {
            Value::Bool(value) => CowVal::owned(CelBool::from(*value)),
            Value::Int(value) => CowVal::owned(CelInt::from(*value)),
            Value::Text(value) => CowVal::owned(CelString::from(value.as_str())),
        })
    }
}

/// Made-up facts for trying an expression out.
struct MadeUp {
    large: bool,
    odd: Option<&'static str>,
}

impl VariableResolver for MadeUp {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let row = facts::row(variable)?;
        let large = self.large != (self.odd == Some(row.name));
        Some(match row.kind {
            Type::Bool => CowVal::owned(CelBool::from(large)),
            Type::Int => CowVal::owned(CelInt::from(if large { 86_400 } else { 0 })),
            Type::Text => CowVal::owned(CelString::from(if large { "x" } else { "" })),
        })
    }
}
