//! A subscription's filter: a CEL expression over the answer, to yes or no.
//!
//! It sees the members of the published answer by their names; `message` and `connection` are both
//! there, one of them null. Bounded: 2,000 bytes, 48 levels (eight of brackets: whoever reads or
//! asks it goes as deep, and a stack that is full ends the whole service), lists are cut at 1,000 elements, no list is gone through within another one, and nothing is made longer within one: what
//! doubles a text in each of a row of `map`s would fill all memory.
//!
//! Not here: which answers are asked about (`office.rs`).

use std::sync::{Arc, OnceLock};

use cel::common::ast::{CallExpr, EntryExpr, Expr, operators};
use cel::{Context, Env, ExecutionError, IdedExpr, Program};
use serde_json::Value;
use whymid_diagnosis::nearest_word;
use whymid_schemas::{Answer, Text};

/// The longest filter, bytes.
const LONGEST: usize = 2_000;

/// The most elements of a list that a filter sees.
const MOST: usize = 1_000;

/// The most levels.
const DEEPEST: usize = 48;

/// So many of them a bracket takes, and a condition: the parser is that much deeper then.
const BRACKET: usize = 6;

/// What a filter may speak of.
const MEMBERS: [&str; 5] = ["summary", "message", "connection", "diagnosis", "also"];

/// What a filter may call, beside operators and what goes through lists.
const FUNCTIONS: [&str; 14] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "bytes",
    "value",
    "hasValue",
    "or",
    "orValue",
];

/// A compiled filter.
#[derive(Debug)]
pub(crate) struct Filter(Program);

/// An answer as filters see it.
/// Made once: putting an answer into a context costs more than most filters do.
pub(crate) struct View(Context<'static, 'static>);

impl View {
    /// What filters see of an answer.
    pub(crate) fn of(answer: &Answer) -> Self {
        let mut json = serde_json::to_value(answer).unwrap_or_default();
        static ENV: OnceLock<Arc<Env>> = OnceLock::new();
        let env = ENV.get_or_init(|| Arc::new(Env::stdlib()));
        let mut context = Context::with_env(Arc::clone(env));
        for name in MEMBERS {
            let mut value = json.get_mut(name).map(Value::take).unwrap_or_default();
            cut(&mut value);
            // what JSON can hold, CEL can
            let value = cel::to_value(value).unwrap_or(cel::Value::Null);
            context.add_variable_from_value(name, value);
        }
        Self(context)
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
    pub(crate) fn compile(source: &str) -> Result<Self, Text> {
        if source.len() > LONGEST {
            return Err(twins!(
                "it is longer than {LONGEST} bytes",
                "{LONGEST} バイトを超えています"
            ));
        }
        if depth(source) > DEEPEST {
            return Err(twins!(
                "it nests too deep, or chains too much: split it into parts with &&",
                "入れ子が深すぎるか、連鎖が長すぎます。&& で分けてください"
            ));
        }
        let program = Program::compile(source).map_err(|errors| {
            let first = errors.errors.first().map(|error| error.msg.clone());
            let first = first.unwrap_or_else(|| errors.to_string());
            twins!(
                "it is not a CEL expression: {first}. Write something like: diagnosis.severity == \"warning\" && \"our_policy\" in diagnosis.party",
                "CEL 式ではありません: {first}。例: diagnosis.severity == \"warning\" && \"our_policy\" in diagnosis.party"
            )
        })?;
        check(program.expression(), &mut Vec::new())?;
        Ok(Self(program))
    }

    /// Whether an answer fits.
    ///
    /// # Errors
    /// What the answer lacks for the filter to be asked.
    pub(crate) fn fits(&self, answer: &View) -> Result<bool, Text> {
        match self.0.execute(&answer.0) {
            Ok(cel::Value::Bool(fits)) => Ok(fits),
            Ok(_) => Err(twins!(
                "it yields no yes or no: compare the value with something",
                "結果が真偽値になりません。値を何かと比較してください"
            )),
            Err(error) => Err(lacks(&error)),
        }
    }
}

/// What an answer lacks. Values of strangers do not belong into an error.
fn lacks(error: &ExecutionError) -> Text {
    let text = if let ExecutionError::NoSuchKey(_) | ExecutionError::NoSuchOverload(_) = error {
        let short: String = error.to_string().chars().take(120).collect();
        twins!("{short}", "{short}")
    } else {
        twins!(
            "it computes with what can't be computed with",
            "計算できない値を計算に使っています"
        )
    };
    twins!(
        "{}. Ask first whether it is there, as in: has(message.subject)",
        "{}。先に値の有無を確認してください。例: has(message.subject)"; text
    )
}

/// How many levels a filter has at most, by its signs: what is joined by `&&`, `||` and commas stands
/// side by side, all else goes one deeper.
fn depth(source: &str) -> usize {
    // for each bracket that is open: what goes deeper since the last part began, and in all parts
    let mut open = vec![(0, 0)];
    let (mut deepest, mut quote, mut word) = (0, None, String::new());
    let mut escaped = false;
    for sign in source.chars() {
        if let Some(end) = quote {
            let closes = sign == end && !escaped;
            escaped = sign == '\\' && !escaped;
            quote = Some(end).filter(|_| !closes);
            continue;
        }
        if sign.is_alphanumeric() || sign == '_' {
            word.push(sign);
            continue;
        }
        let is_in = word == "in";
        word.clear();
        let Some(top) = open.last_mut() else {
            return usize::MAX;
        };
        top.0 += usize::from(is_in);
        match sign {
            '"' | '\'' => quote = Some(sign),
            '&' | '|' | ',' => top.0 = 0,
            '.' | '+' | '-' | '*' | '/' | '%' | '!' | '<' | '>' | '=' => top.0 += 1,
            '?' => top.1 += BRACKET,
            '(' | '[' | '{' => {
                top.0 += usize::from(sign != '{');
                open.push((0, BRACKET));
            }
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
        let levels = open.iter().map(|(part, all)| part + all).sum();
        deepest = deepest.max(levels);
    }
    deepest
}

/// Checks the names that stand for nothing else, and that no list is gone through within another.
fn check(at: &IdedExpr, loops: &mut Vec<String>) -> Result<(), Text> {
    match &at.expr {
        Expr::Ident(name) => known(name, loops),
        Expr::Select(select) => check(&select.operand, loops),
        Expr::Call(call) => {
            callable(&call.func_name)?;
            if call.func_name == operators::ADD && !loops.is_empty() {
                return check_sum(call, loops);
            }
            let target = call.target.iter().map(AsRef::as_ref);
            let mut parts = target.chain(&call.args);
            parts.try_for_each(|part| check(part, loops))
        }
        Expr::List(list) if !loops.is_empty() && !list.elements.iter().all(is_literal) => {
            Err(longer())
        }
        Expr::List(list) => list.elements.iter().try_for_each(|one| check(one, loops)),
        Expr::Map(_) if !loops.is_empty() => Err(longer()),
        Expr::Map(map) => map.entries.iter().try_for_each(|one| match &one.expr {
            EntryExpr::MapEntry(entry) => {
                check(&entry.key, loops)?;
                check(&entry.value, loops)
            }
            EntryExpr::StructField(field) => check(&field.value, loops),
        }),
        Expr::Struct(_) => Err(twins!(
            "it makes a structure, which filters have no use for",
            "フィルターでは構造体を使えません"
        )),
        Expr::Comprehension(one) => {
            check(&one.iter_range, loops)?;
            if !loops.is_empty() {
                return Err(twins!(
                    "it goes through a list within a list: that takes too long for answers with thousands of recipients",
                    "リストの中のリストをたどっています。受信者が数千人いる回答では時間がかかりすぎます"
                ));
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

fn longer() -> Text {
    twins!(
        "it makes something longer while it goes through a list, which could fill all memory: compare parts instead",
        "リストをたどりながら値を連結するなどして長くしています。メモリーを使い切るおそれがあります。代わりに部分ごとに比較してください"
    )
}

fn is_literal(one: &IdedExpr) -> bool {
    matches!(one.expr, Expr::Literal(_))
}

/// A sum within a loop: only what the loop itself gathers.
fn check_sum(call: &CallExpr, loops: &mut Vec<String>) -> Result<(), Text> {
    let [so_far, more] = call.args.as_slice() else {
        return Err(longer());
    };
    let gathers = matches!(&so_far.expr, Expr::Ident(name) if name.starts_with('@'));
    if !gathers {
        return Err(longer());
    }
    if let Expr::List(list) = &more.expr {
        return list.elements.iter().try_for_each(|one| check(one, loops));
    }
    check(more, loops)
}

fn callable(name: &str) -> Result<(), Text> {
    // operators have no names of letters
    if FUNCTIONS.contains(&name) || !name.starts_with(char::is_alphabetic) {
        return Ok(());
    }
    let (hint, all) = (hint(name, &FUNCTIONS), FUNCTIONS.join(", "));
    Err(Text {
        en: format!(
            "it calls `{name}`{}, which filters do not have. There are: {all}, and exists, all, exists_one, filter, map and has",
            hint.en
        ),
        ja: format!(
            "フィルターでは関数 `{name}` を使えません{}。使えるもの: {all}, exists, all, exists_one, filter, map, has",
            hint.ja
        ),
    })
}

fn known(name: &str, loops: &[String]) -> Result<(), Text> {
    if MEMBERS.contains(&name) || loops.iter().any(|one| one == name) || name.starts_with('@') {
        return Ok(());
    }
    let (hint, all) = (hint(name, &MEMBERS), MEMBERS.join(", "));
    Err(Text {
        en: format!("it names `{name}`{}. An answer has: {all}", hint.en),
        ja: format!("回答に `{name}` はありません{}。使えるもの: {all}", hint.ja),
    })
}

/// The word that was probably meant.
fn hint(name: &str, among: &[&'static str]) -> Text {
    match nearest_word(name, among.iter().copied()) {
        Some(one) => twins!(" (did you mean `{one}`?)", "（`{one}` のことですか）"),
        None => twins!("", ""),
    }
}

#[cfg(test)]
mod tests;
