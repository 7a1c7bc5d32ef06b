//! What agencies write before a headline: `UPDATE 2-`, `CORRECTED-`, `Liveticker:`.

use crate::text::fold::fold;

/// What the marks before a headline say of it, the more telling later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Nothing of an earlier article.
    #[default]
    None,
    /// It goes on as things happen: `LIVE:`.
    Running,
    /// An article comes again, corrected or not: `REFILE-`.
    Again,
    /// An article comes again with something new: `UPDATE 1-`.
    Update,
}

/// By what they say, folded.
#[rustfmt::skip]
const MARKS: [(Mark, &[&str]); 4] = [
    (Mark::Update, &[
        "update", "updated", "wrapup", "roundup", "aktualisiert", "aktualisierung", "zusammenfassung", "mise a jour",
        "maj", "actualizacion", "actualizada", "ampliacion", "amp", "aggiornamento", "atualizacao",
    ]),
    (Mark::Again, &[
        "refile", "rpt", "repeat", "corrected", "correction", "korrektur", "korrigiert", "berichtigung", "wdh",
        "wiederholung", "rectificatif", "corrige", "correccion", "corregida", "rectificacion", "repeticion",
    ]),
    (Mark::Running, &[
        "live", "live updates", "live blog", "liveblog", "liveticker", "newsblog", "watch live", "direct", "en direct",
        "en vivo", "directo", "en directo", "minuto a minuto", "diretta", "ao vivo",
    ]),
    (Mark::None, &[
        "breaking", "breaking news", "exclusive", "factbox", "eil", "eilmeldung", "exklusiv", "alerte info", "urgent",
        "exclusif", "urgente", "ultima hora", "exclusiva",
    ]),
];

/// A headline without what an agency put before it, and the most telling of that.
pub(super) fn without_marks(title: &str) -> (&str, Mark) {
    let (mut title, mut mark) = (title.trim(), Mark::None);
    // One may stand before another: `CORRECTED-UPDATE 1-`.
    while let Some((bare, found)) = without_first(title) {
        (title, mark) = (bare, mark.max(found));
    }
    (title, mark)
}

fn without_first(title: &str) -> Option<(&str, Mark)> {
    let end = |c: char| matches!(c, ':' | '-' | '–' | '—' | '|' | '/' | '.' | ']' | ')');
    let brackets = |c: char| matches!(c, '[' | '(');
    let (head, behind) = title.split_once(end)?;
    let separator = title.get(head.len()..)?.chars().next()?;
    let is_apart = head.ends_with(' ') || behind.starts_with(' ');
    let numbered = head.trim().trim_start_matches(brackets);
    let label = numbered
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end();
    let folded = fold(label);
    let (mark, _) = MARKS
        .into_iter()
        .find(|(_, labels)| labels.contains(&folded.as_str()))?;
    let is_shouted = !label.chars().any(char::is_lowercase);
    let fits = match separator {
        ':' => true,
        ']' | ')' => head.starts_with(brackets),
        // `LIVE-ACTION` and `LIVE 8` are words of a headline, `UPDATE 1-` is none.
        _ => is_shouted && (mark != Mark::Running || is_apart),
    };
    let is_number_fit = numbered.len() == label.len() || matches!(mark, Mark::Update | Mark::Again);
    let bare = behind.trim_start_matches([' ', ':', '-']);
    (fits && is_number_fit && !bare.is_empty()).then_some((bare, mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_agencies_fall_and_say_what_comes_again() {
        for (title, expected) in [
            ("UPDATE 2-Mosul falls", Mark::Update),
            ("CORRECTED-UPDATE 1-Mosul falls", Mark::Update),
            ("WRAPUP 3-Mosul falls", Mark::Update),
            ("Update: Mosul falls", Mark::Update),
            ("[UPDATE] Mosul falls", Mark::Update),
            ("ROUNDUP 2/Mosul falls", Mark::Update),
            ("MISE À JOUR : Mosul falls", Mark::Update),
            ("Actualización: Mosul falls", Mark::Update),
            ("REFILE-Mosul falls", Mark::Again),
            ("WDH/KORREKTUR: Mosul falls", Mark::Again),
            ("Rectificatif: Mosul falls", Mark::Again),
            ("LIVE: Mosul falls", Mark::Running),
            ("Liveticker: Mosul falls", Mark::Running),
            ("EN DIRECT. Mosul falls", Mark::Running),
            ("EN VIVO - Mosul falls", Mark::Running),
            ("EXCLUSIVE-Mosul falls", Mark::None),
            ("Eilmeldung: Mosul falls", Mark::None),
        ] {
            assert_eq!(without_marks(title), ("Mosul falls", expected), "{title}");
        }
    }

    #[test]
    fn words_of_a_headline_are_no_marks() {
        for title in [
            "UPDATES on Mosul",
            "Update-Pflicht für Geräte kommt",
            "LIVE-ACTION film opens",
            "Live 8: a concert",
            "Mosul: live from the front",
            "UPDATE 1-",
            "",
        ] {
            assert_eq!(without_marks(title), (title, Mark::None));
        }
    }
}
