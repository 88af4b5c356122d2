//! As much of JQL as looking for a label needs (Atlassian: "Advanced searching"): conditions on
//! `project`, `labels` and `statusCategory` joined by `AND`, and `ORDER BY` behind them.

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) project: Option<String>,
    pub(super) labels: Vec<String>,
    /// The category, and whether it must be that one or must not.
    pub(super) category: Option<(String, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Equal,
    NotEqual,
}

/// # Errors
/// What is wrong with it.
pub(super) fn parse(jql: &str) -> Result<Query, String> {
    let tokens = tokens(jql)?;
    let end = tokens
        .iter()
        .position(|token| is_word(token, "order"))
        .unwrap_or(tokens.len());
    ordered(&tokens[end..])?;
    let mut query = Query::default();
    for condition in tokens[..end].split(|token| is_word(token, "and")) {
        add(condition, &mut query)?;
    }
    Ok(query)
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(told) if told.eq_ignore_ascii_case(word))
}

fn add(condition: &[Token], query: &mut Query) -> Result<(), String> {
    let [
        Token::Word(field),
        operator,
        Token::Word(value) | Token::Quoted(value),
    ] = condition
    else {
        return Err(format!("Error in the JQL Query: {condition:?}"));
    };
    match (field.to_ascii_lowercase().as_str(), operator) {
        ("project", Token::Equal) => query.project = Some(value.clone()),
        ("labels", Token::Equal) => query.labels.push(value.clone()),
        ("statuscategory", Token::Equal) => query.category = Some((value.clone(), true)),
        ("statuscategory", Token::NotEqual) => query.category = Some((value.clone(), false)),
        _ => return Err(format!("Field '{field}' can't be asked that here.")),
    }
    Ok(())
}

/// `ORDER BY created DESC`, or nothing.
fn ordered(tokens: &[Token]) -> Result<(), String> {
    let right = match tokens {
        [] => true,
        [_, by, Token::Word(field)] => is_word(by, "by") && is_field(field),
        [_, by, Token::Word(field), way] => {
            is_word(by, "by") && is_field(field) && (is_word(way, "asc") || is_word(way, "desc"))
        }
        _ => false,
    };
    right
        .then_some(())
        .ok_or_else(|| format!("Error in the JQL Query: {tokens:?}"))
}

fn is_field(name: &str) -> bool {
    ["created", "updated", "key", "id"].contains(&name.to_ascii_lowercase().as_str())
}

fn tokens(jql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut letters = jql.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' => {}
            '=' => tokens.push(Token::Equal),
            '!' if letters.next_if_eq(&'=').is_some() => tokens.push(Token::NotEqual),
            '"' | '\'' => tokens.push(Token::Quoted(quoted(&mut letters, letter)?)),
            _ if is_plain(letter) => {
                let mut word = letter.to_string();
                while let Some(more) = letters.next_if(|letter| is_plain(*letter)) {
                    word.push(more);
                }
                tokens.push(Token::Word(word));
            }
            _ => return Err(format!("Error in the JQL Query: {letter:?} is reserved.")),
        }
    }
    Ok(tokens)
}

fn is_plain(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-' || letter == '_'
}

fn quoted(letters: &mut impl Iterator<Item = char>, end: char) -> Result<String, String> {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            _ if letter == end => return Ok(text),
            _ => text.push(letter),
        }
    }
    Err("Error in the JQL Query: a quoted string is not ended.".to_owned())
}
