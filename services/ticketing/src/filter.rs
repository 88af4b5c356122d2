//! A subscription's filter: a CEL expression over the answer, to yes or no.
//!
//! It sees the members of the published answer by their names; `message` and `connection` are both
//! there, one of them null. Bounded: 2,000 bytes, 96 levels (the parser's), lists are cut at 1,000
//! elements, and no list is gone through within another one.
//!
//! Not here: which answers are asked about (`office.rs`).

use std::sync::{Arc, OnceLock};

use cel::common::ast::{EntryExpr, Expr};
use cel::{Context, Env, ExecutionError, IdedExpr, Program};
use serde_json::Value;
use whymid_diagnosis::nearest_word;
use whymid_schemas::Answer;

/// The longest filter, bytes.
const LONGEST: usize = 2_000;

/// The most elements of a list that a filter sees.
const MOST: usize = 1_000;

/// What a filter may speak of.
const MEMBERS: [&str; 5] = ["summary", "message", "connection", "diagnosis", "also"];

/// A compiled filter.
#[derive(Debug)]
pub(crate) struct Filter(Program);

/// An answer as filters see it.
#[derive(Debug)]
pub(crate) struct View(Vec<(&'static str, cel::Value)>);

impl View {
    /// What filters see of an answer.
    pub(crate) fn of(answer: &Answer) -> Self {
        let mut json = serde_json::to_value(answer).unwrap_or_default();
        let member = |name: &'static str| {
            let mut value = json.get_mut(name).map(Value::take).unwrap_or_default();
            cut(&mut value);
            // what JSON can hold, CEL can
            (name, cel::to_value(value).unwrap_or(cel::Value::Null))
        };
        Self(MEMBERS.map(member).into())
    }
}

fn cut(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.truncate(MOST);
            items.iter_mut().for_each(cut);
        }
        Value::Object(members) => members.values_mut().for_each(cut),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Filter {
    /// Compiles a filter.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        if source.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let program = Program::compile(source).map_err(|errors| {
            let first = errors.errors.first().map(|error| error.msg.clone());
            let first = first.unwrap_or_else(|| errors.to_string());
            format!(
                "it is not a CEL expression: {first}. Write something like: diagnosis.severity == \"warning\" && \"our_policy\" in diagnosis.party"
            )
        })?;
        check(program.expression(), &mut Vec::new())?;
        Ok(Self(program))
    }

    /// Whether an answer fits.
    ///
    /// # Errors
    /// What the answer lacks for the filter to be asked.
    pub(crate) fn fits(&self, answer: &View) -> Result<bool, String> {
        static ENV: OnceLock<Arc<Env>> = OnceLock::new();
        let env = ENV.get_or_init(|| Arc::new(Env::stdlib()));
        let mut context = Context::with_env(Arc::clone(env));
        for (name, value) in &answer.0 {
            context.add_variable_from_value(*name, value.clone());
        }
        match self.0.execute(&context) {
            Ok(cel::Value::Bool(fits)) => Ok(fits),
            Ok(_) => Err("it yields no yes or no: compare the value with something".to_owned()),
            Err(error) => Err(lacks(&error)),
        }
    }
}

fn lacks(error: &ExecutionError) -> String {
    let text = error.to_string();
    // values of strangers do not belong into an error
    let short: String = text.chars().take(120).collect();
    format!("{short}. Ask first whether it is there, as in: has(message.subject)")
}

/// Checks the names that stand for nothing else, and that no list is gone through within another.
fn check(at: &IdedExpr, loops: &mut Vec<String>) -> Result<(), String> {
    match &at.expr {
        Expr::Ident(name) => known(name, loops),
        Expr::Select(select) => check(&select.operand, loops),
        Expr::Call(call) => {
            let target = call.target.iter().map(AsRef::as_ref);
            let mut parts = target.chain(&call.args);
            parts.try_for_each(|part| check(part, loops))
        }
        Expr::List(list) => list.elements.iter().try_for_each(|one| check(one, loops)),
        Expr::Map(map) => map.entries.iter().try_for_each(|one| match &one.expr {
            EntryExpr::MapEntry(entry) => {
                check(&entry.key, loops)?;
                check(&entry.value, loops)
            }
            EntryExpr::StructField(field) => check(&field.value, loops),
        }),
        Expr::Struct(_) => Err("it makes a structure, which filters have no use for".to_owned()),
        Expr::Comprehension(one) => {
            check(&one.iter_range, loops)?;
            if !loops.is_empty() {
                return Err(
                    "it goes through a list within a list: that takes too long for answers with thousands of recipients".to_owned(),
                );
            }
            loops.push(one.iter_var.clone());
            loops.push(one.accu_var.clone());
            loops.extend(one.iter_var2.clone());
            let parts = [&one.accu_init, &one.loop_cond, &one.loop_step, &one.result];
            let checked = parts.into_iter().try_for_each(|part| check(part, loops));
            loops.clear();
            checked
        }
        Expr::Unspecified | Expr::Literal(_) => Ok(()),
    }
}

fn known(name: &str, loops: &[String]) -> Result<(), String> {
    if MEMBERS.contains(&name) || loops.iter().any(|one| one == name) || name.starts_with('@') {
        return Ok(());
    }
    let nearest = nearest_word(name, MEMBERS);
    let hint = nearest.map_or_else(String::new, |one| format!(" (did you mean `{one}`?)"));
    Err(format!(
        "it names `{name}`{hint}; an answer has: {}",
        MEMBERS.join(", ")
    ))
}

#[cfg(test)]
mod tests;
