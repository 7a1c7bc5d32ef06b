//! The name in an author's line.

/// The name in `me@example.org (Name)`, `Name <me@example.org>` or `Name`; the address where there is nothing else.
pub(super) fn person(text: &str) -> String {
    let text = text.trim();
    let is_bracket = |character: char| matches!(character, '(' | ')' | '<' | '>' | '[' | ']' | '"');
    let Some(email) = text
        .split(|character: char| character.is_whitespace() || is_bracket(character))
        .find(|word| is_email(word))
    else {
        return text.to_owned();
    };
    let Some((before, behind)) = text.split_once(email) else {
        return text.to_owned();
    };
    let trimmed = |part: &str| {
        part.trim_matches(|character: char| {
            character.is_whitespace()
                || is_bracket(character)
                || matches!(character, ',' | ':' | ';' | '-')
        })
        .to_owned()
    };
    let (before, behind) = (trimmed(before), trimmed(behind));
    let name = if behind.is_empty() { before } else { behind };
    if name.is_empty() {
        email.strip_prefix("mailto:").unwrap_or(email).to_owned()
    } else {
        name
    }
}

fn is_email(word: &str) -> bool {
    let Some((user, host)) = word.split_once('@') else {
        return false;
    };
    !user.is_empty() && host.contains('.') && !host.contains('@')
}

#[cfg(test)]
mod tests {
    use super::person;

    #[test]
    fn a_name_stands_before_behind_or_without_an_address() {
        for (text, name) in [
            ("me@example.org (Jo Doe)", "Jo Doe"),
            ("Jo Doe <me@example.org>", "Jo Doe"),
            ("Jo Doe (me@example.org)", "Jo Doe"),
            (
                "\u{201C}me@example.org\u{201D}",
                "\u{201C}me@example.org\u{201D}",
            ),
            ("mailto:me@example.org", "me@example.org"),
            ("Jo Doe (the elder)", "Jo Doe (the elder)"),
            ("@jodoe", "@jodoe"),
        ] {
            assert_eq!(person(text), name);
        }
    }
}
