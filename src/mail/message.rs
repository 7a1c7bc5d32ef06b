//! Parts and headers to the bytes of a message (RFC 5322, MIME).
//!
//! The same draft always gives the same bytes. What stands in headers may come from feeds, so it loses line ends, other
//! controls, marks that turn the direction of text, and the opening of an encoded word before it gets there.

use std::hash::Hasher;
use std::str::FromStr;

use jiff::ZonedDateTime;
use lettre::Address;
use lettre::message::header::{
    self, ContentTransferEncoding, ContentType, HeaderName, HeaderValue, Headers,
};
use lettre::message::{Mailbox as Encoded, Mailboxes, Message, MultiPart, SinglePart};
use siphasher::sip::SipHasher13;

use crate::text::unseen;

/// Everything of a message, for one recipient.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The digest's name and our address.
    pub from: Mailbox,
    /// The recipient's address.
    pub to: String,
    /// Any text.
    pub subject: String,
    /// When it was composed, in the digest's zone.
    pub date: ZonedDateTime,
    /// `<left@right>`, stored beside the message.
    pub message_id: String,
    /// The Message-ID this one answers.
    pub in_reply_to: Option<String>,
    /// The Message-IDs of the thread so far, oldest first.
    pub references: Vec<String>,
    /// What readers can file it by.
    pub list: ListId,
    /// The text part, any line ends.
    pub text: String,
    /// The HTML part, any line ends.
    pub html: String,
}

/// A name and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Shown in place of the address; may be empty.
    pub name: String,
    /// `local@domain`.
    pub address: String,
}

/// What a List-Id header says (RFC 2919): a name for people and an identifier that never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListId {
    /// Any text.
    pub name: String,
    /// Dotted like a host name: `morning.wirewatch.host.example`.
    pub id: String,
}

/// Why a draft cannot be a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Sender or recipient.
    #[error("`{0}` is not an address that mail can carry")]
    Address(String),
    /// Message-ID, In-Reply-To, References or List-Id.
    #[error("`{0}` is not an identifier that mail can carry")]
    Identifier(String),
    /// A year that RFC 5322 cannot write.
    #[error("the date cannot be written in a message: {0}")]
    Date(String),
    /// lettre's own objection.
    #[error("the message cannot be built: {0}")]
    Build(String),
}

/// Header text is cut here, at a word. Subjects are made shorter than this; it bounds what a feed can do.
const MAX_HEADER_TEXT: usize = 200;

impl Draft {
    /// The message as it is stored and sent: ASCII, CRLF, no line over 78 characters but for identifiers.
    ///
    /// # Errors
    /// An address, identifier or date that a message cannot carry.
    pub fn to_bytes(&self) -> Result<Vec<u8>, DraftError> {
        let message_id = identifier(&self.message_id)?;
        let mut builder = Message::builder()
            .from(Encoded::new(None, address(&self.from.address)?))
            .to(Encoded::new(None, address(&self.to)?))
            .subject(clean_header(&self.subject))
            // Holds the place, as the address above: lettre reads both back when it builds, its dates are in UTC only,
            // and a name that we have folded it cannot read.
            .date(std::time::UNIX_EPOCH)
            .raw_header(encoded("Message-ID", message_id));
        if let Some(answered) = &self.in_reply_to {
            builder = builder.raw_header(encoded("In-Reply-To", identifier(answered)?));
        }
        if !self.references.is_empty() {
            let ids: Result<Vec<&str>, _> =
                self.references.iter().map(|id| identifier(id)).collect();
            builder = builder.raw_header(encoded("References", &ids?.join("\r\n ")));
        }
        builder = builder
            .raw_header(self.list.header()?)
            .raw_header(encoded("Auto-Submitted", "auto-generated"))
            .raw_header(encoded("X-Auto-Response-Suppress", "All"));
        let body = MultiPart::alternative()
            .boundary(boundary(message_id))
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        let mut message = builder
            .multipart(body)
            .map_err(|error| DraftError::Build(error.to_string()))?;
        let date = jiff::fmt::rfc2822::to_string(&self.date)
            .map_err(|error| DraftError::Date(error.to_string()))?;
        message.headers_mut().insert_raw(encoded("Date", &date));
        message.headers_mut().insert_raw(self.from.header()?);
        Ok(message.formatted())
    }
}

impl Mailbox {
    fn header(&self) -> Result<HeaderValue, DraftError> {
        let name = Some(clean_header(&self.name)).filter(|name| !name.is_empty());
        let mut headers = Headers::new();
        headers.set(header::From::from(Mailboxes::from(Encoded::new(
            name,
            address(&self.address)?,
        ))));
        // lettre folds the name but never before the address; RFC 2047 section 2 allows 76 columns.
        let mut line = headers.to_string().trim_end().to_owned();
        let is_long = line.lines().last().is_some_and(|last| last.len() > 76);
        if let Some(at) = line.rfind(" <").filter(|_| is_long) {
            line.insert_str(at, "\r\n");
        }
        Ok(encoded("From", line.trim_start_matches("From: ")))
    }
}

impl ListId {
    fn header(&self) -> Result<HeaderValue, DraftError> {
        // Letters and spaces need no quotes, and the name is for people.
        let plain = |c: char| {
            if c.is_alphanumeric() || "-_'".contains(c) {
                c
            } else {
                ' '
            }
        };
        let name = clean_header(&self.name.chars().map(plain).collect::<String>());
        let bracketed = format!("<{}>", self.id);
        let is_dotted = self
            .id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if !is_dotted || self.id.is_empty() {
            return Err(DraftError::Identifier(self.id.clone()));
        }
        let value = if name.is_empty() {
            bracketed
        } else {
            format!("{name} {bracketed}")
        };
        Ok(HeaderValue::new(
            HeaderName::new_from_ascii_str("List-Id"),
            value,
        ))
    }
}

/// Makes any text fit for a header: one line, no controls, no marks that turn its direction, nothing that would be
/// decoded (`=?`), at most 200 characters, cut at a word.
pub fn clean_header(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut count = 0;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    for word in words.map(without_marks).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        let gap = usize::from(!cleaned.is_empty());
        if count + gap + length > MAX_HEADER_TEXT {
            let room = MAX_HEADER_TEXT.saturating_sub(if cleaned.is_empty() { 1 } else { length });
            // Scripts without spaces are one word; a first word is cut inside.
            cleaned.extend(word.chars().take(if cleaned.is_empty() { room } else { 0 }));
            cleaned.push('…');
            break;
        }
        if gap == 1 {
            cleaned.push(' ');
        }
        cleaned.push_str(&word);
        count += gap + length;
    }
    cleaned
}

/// A word without what nobody sees, marks of direction before all, and without `=?`.
fn without_marks(word: &str) -> String {
    let mut kept = String::with_capacity(word.len());
    for character in word.chars() {
        match character {
            _ if unseen::shows_nothing(character) => {}
            // What is left of `==??` would be `=?` again, so the pair goes as soon as it arises.
            '?' if kept.ends_with('=') => {
                kept.pop();
            }
            _ => kept.push(character),
        }
    }
    kept
}

/// The domain in the form of DNS; one that has none stays as it is and fails where it is used.
pub(super) fn ascii_domain(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}

fn address(text: &str) -> Result<Address, DraftError> {
    let unfit = || DraftError::Address(clean_header(text));
    let (local, domain) = text.rsplit_once('@').ok_or_else(unfit)?;
    Address::from_str(&format!("{local}@{}", ascii_domain(domain))).map_err(|_| unfit())
}

/// `<left@right>` of printable ASCII without spaces, or an error.
fn identifier(id: &str) -> Result<&str, DraftError> {
    let inner = id.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let is_fit = inner.is_some_and(|inner| {
        let is_safe = inner
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"<>()\",;:\\[]".contains(&byte));
        let mut halves = inner.split('@');
        let (left, right, more) = (halves.next(), halves.next(), halves.next());
        let is_there = |half: Option<&str>| half.is_some_and(|half| !half.is_empty());
        is_safe && id.len() <= 250 && is_there(left) && is_there(right) && more.is_none()
    });
    if is_fit {
        Ok(id)
    } else {
        Err(DraftError::Identifier(clean_header(id)))
    }
}

fn encoded(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}

fn part(kind: ContentType, text: &str) -> SinglePart {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    SinglePart::builder()
        .header(kind)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text)
}

/// The same for the same message. `=_` cannot stand in quoted-printable, so no part can hold it.
fn boundary(message_id: &str) -> String {
    let mut hasher = SipHasher13::new();
    hasher.write(message_id.as_bytes());
    format!("=_wirewatch_{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn draft() -> Draft {
        Draft {
            from: Mailbox {
                name: "Morning digest".to_owned(),
                address: "wirewatch@atlas.home.example".to_owned(),
            },
            to: "reader@mail.example".to_owned(),
            subject: "Six trading partners agree common export licence rules… and 21 more"
                .to_owned(),
            date: "2026-11-23T07:00:04[Europe/Berlin]"
                .parse()
                .expect("valid date"),
            message_id: "<digest.morning.20261123T0600Z.1.7f3a9c@atlas.home.example>".to_owned(),
            in_reply_to: None,
            references: Vec::new(),
            list: ListId {
                name: "Morning digest".to_owned(),
                id: "morning.wirewatch.atlas.home.example".to_owned(),
            },
            text: "MORNING DIGEST\n\n.A line — with a dot first and a space last \n".to_owned(),
            html: "<p lang=\"ja\">次世代露光装置の保守契約、国内三社が共同窓口へ</p>\r\n"
                .to_owned(),
        }
    }

    fn text_of(draft: &Draft) -> String {
        String::from_utf8(draft.to_bytes().expect("a sound draft")).expect("ASCII")
    }

    /// The header `name` of the draft, as it stands in the message, folds included.
    fn header(draft: &Draft, name: &str) -> String {
        let message = text_of(draft);
        let (head, _) = message.split_once("\r\n\r\n").expect("a head");
        let unfolded = head.replace("\r\n ", "\u{1}");
        let line = unfolded
            .split("\r\n")
            .find(|line| line.starts_with(&format!("{name}: ")))
            .unwrap_or_default();
        line.replace('\u{1}', "\n ")
    }

    #[track_caller]
    fn check(draft: &Draft, name: &str, expect: Expect) {
        expect.assert_eq(&header(draft, name));
    }

    #[test]
    fn a_whole_message_has_these_bytes() {
        expect![[r#"
            From: "Morning digest" <wirewatch@atlas.home.example>
            To: reader@mail.example
            Subject: Six trading partners agree common export licence =?utf-8?b?cnVs?=
             =?utf-8?b?ZXPigKY=?= and 21 more
            Date: Mon, 23 Nov 2026 07:00:04 +0100
            Message-ID: <digest.morning.20261123T0600Z.1.7f3a9c@atlas.home.example>
            List-Id: Morning digest <morning.wirewatch.atlas.home.example>
            Auto-Submitted: auto-generated
            X-Auto-Response-Suppress: All
            MIME-Version: 1.0
            Content-Type: multipart/alternative; boundary="=_wirewatch_094bea3f04169bd1"

            --=_wirewatch_094bea3f04169bd1
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            MORNING DIGEST

            .A line =E2=80=94 with a dot first and a space last=20

            --=_wirewatch_094bea3f04169bd1
            Content-Type: text/html; charset=utf-8
            Content-Transfer-Encoding: quoted-printable

            <p lang=3D"ja">=E6=AC=A1=E4=B8=96=E4=BB=A3=E9=9C=B2=E5=85=89=E8=A3=85=E7=BD=
            =AE=E3=81=AE=E4=BF=9D=E5=AE=88=E5=A5=91=E7=B4=84=E3=80=81=E5=9B=BD=E5=86=85=
            =E4=B8=89=E7=A4=BE=E3=81=8C=E5=85=B1=E5=90=8C=E7=AA=93=E5=8F=A3=E3=81=B8</p>

            --=_wirewatch_094bea3f04169bd1--
        "#]]
        .assert_eq(&text_of(&draft()).replace("\r\n", "\n"));
    }

    #[test]
    fn the_same_draft_gives_the_same_bytes() {
        assert_eq!(draft().to_bytes(), draft().to_bytes());
    }

    #[test]
    fn a_follow_up_names_the_thread() {
        let mut draft = draft();
        draft.in_reply_to = Some("<one@atlas.home.example>".to_owned());
        draft.references = vec![
            "<zero@atlas.home.example>".to_owned(),
            "<one@atlas.home.example>".to_owned(),
        ];
        check(
            &draft,
            "In-Reply-To",
            expect!["In-Reply-To: <one@atlas.home.example>"],
        );
        check(
            &draft,
            "References",
            expect![[r#"
            References: <zero@atlas.home.example>
             <one@atlas.home.example>"#]],
        );
    }

    #[test]
    fn text_outside_ascii_is_encoded_and_folded() {
        let mut draft = draft();
        draft.from.name = "Обзор новостей, утро".to_owned();
        draft.list.name = "نشرة الصباح".to_owned();
        draft.subject = "次世代露光装置の保守契約、国内三社が共同窓口へ　納期短縮で電力半導体の増産を後押し and 21 more".to_owned();
        check(
            &draft,
            "From",
            expect![[r#"
            From: =?utf-8?b?0J7QsdC30L7RgCDQvdC+0LLQvtGB0YLQtdC5LCDRg9GC0YDQvg==?=
             <wirewatch@atlas.home.example>"#]],
        );
        check(
            &draft,
            "List-Id",
            expect![[r#"
            List-Id: =?utf-8?b?2YbYtNix2Kkg2KfZhNi12KjYp9it?=
             <morning.wirewatch.atlas.home.example>"#]],
        );
        check(
            &draft,
            "Subject",
            expect![[r#"
            Subject: =?utf-8?b?5qyh5LiW5Luj6Zyy5YWJ6KOF572u44Gu5L+d5a6I5aWR57SE44CB?=
             =?utf-8?b?5Zu95YaF5LiJ56S+44GM5YWx5ZCM56qT5Y+j44G4IOe0jeacn+efree4rg==?=
             =?utf-8?b?44Gn6Zu75Yqb5Y2K5bCO5L2T44Gu5aKX55Sj44KS5b6M5oq844GX?= and 21
             more"#]],
        );
    }

    #[test]
    fn names_with_specials_are_quoted() {
        let mut draft = draft();
        draft.from.name = "News, \"hot\" <now>".to_owned();
        draft.list.name = "News, \"hot\" <now>".to_owned();
        check(
            &draft,
            "From",
            expect!["From: =?utf-8?b?TmV3cywgImhvdCIgPG5vdz4=?= <wirewatch@atlas.home.example>"],
        );
        check(
            &draft,
            "List-Id",
            expect!["List-Id: News hot now <morning.wirewatch.atlas.home.example>"],
        );
        draft.from.name = String::new();
        check(
            &draft,
            "From",
            expect!["From: wirewatch@atlas.home.example"],
        );
    }

    #[test]
    fn a_hostile_subject_stays_one_header() {
        let mut draft = draft();
        draft.subject = "Deal\r\nBcc: all@example.org\r\n\r\nbody \u{202e}evil =?utf-8?q?x?= ==??utf-8?b?eA==?=".to_owned();
        check(
            &draft,
            "Subject",
            expect!["Subject: Deal Bcc: all@example.org body evil utf-8?q?x?= utf-8?b?eA=="],
        );
        assert!(!text_of(&draft).contains("\r\nBcc:"));
    }

    #[test]
    fn addresses_and_identifiers_cannot_carry_lines() {
        let mut bad = draft();
        bad.to = "reader@mail.example>\r\nBcc: <all@example.org".to_owned();
        assert!(matches!(bad.to_bytes(), Err(DraftError::Address(_))));
        for id in [
            "no-brackets@x",
            "<a b@x>",
            "<a@x>\r\nBcc: y",
            "<a>",
            "<@x>",
            "<a@x@y>",
            "<ü@x>",
        ] {
            let mut bad = draft();
            bad.message_id = id.to_owned();
            assert!(
                matches!(bad.to_bytes(), Err(DraftError::Identifier(_))),
                "{id}"
            );
        }
        let mut bad = draft();
        bad.list.id = "x>\r\nBcc: y".to_owned();
        assert!(matches!(bad.to_bytes(), Err(DraftError::Identifier(_))));
    }

    #[test]
    fn an_international_domain_is_written_in_ascii() {
        let mut draft = draft();
        draft.to = "reader@bücher.example".to_owned();
        check(&draft, "To", expect!["To: reader@xn--bcher-kva.example"]);
    }

    #[test]
    fn header_text_is_cut_at_a_word() {
        let cut = clean_header(&"word ".repeat(100));
        assert!(
            cut.ends_with("word…") && cut.chars().count() <= MAX_HEADER_TEXT + 1,
            "{cut}"
        );
        assert_eq!(
            clean_header(&"長".repeat(500)).chars().count(),
            MAX_HEADER_TEXT
        );
    }

    /// Undoes RFC 2047 for what our headers hold: base64 words in UTF-8.
    fn is_well_formed(message: &[u8]) -> bool {
        message.is_ascii()
            && !message.contains(&0)
            && message.split(|&byte| byte == b'\n').all(|line| {
                line.len() <= 79 && line.iter().filter(|&&byte| byte == b'\r').count() <= 1
            })
    }

    proptest! {
        #[test]
        fn any_text_gives_a_well_formed_message(name in any::<String>(), subject in any::<String>(), text in any::<String>()) {
            let mut draft = draft();
            draft.from.name = name.clone();
            draft.list.name = name;
            draft.subject = subject;
            draft.html = text.clone();
            draft.text = text;
            let bytes = draft.to_bytes().expect("any text is fit for a message");
            prop_assert!(is_well_formed(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = clean_header(&text);
            prop_assert!(!once.contains("=?") && !once.contains(['\r', '\n', '\0']));
            prop_assert_eq!(clean_header(&once), once);
        }
    }
}
