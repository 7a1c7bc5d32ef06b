//! Words that tell nothing, and words before which a name tells all.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Whether a folded word only holds sentences of a language together.
pub(super) fn is_function_word(language: &str, folded: &str) -> bool {
    place_of(language).is_some_and(|place| languages_of(folded) & (1 << place) != 0)
}

/// The language that a text of these folded words is taken to be in: the one that was `declared`, unless its function
/// words say otherwise. Many feeds declare the language of the software that writes them, and the function words of
/// another language would count as words that tell something.
pub(super) fn language_of<'w>(
    declared: &'static str,
    words: impl Iterator<Item = &'w str>,
) -> &'static str {
    let mut known: Vec<(&str, u16)> = words
        .map(|word| (word, languages_of(word)))
        .filter(|(_, languages)| *languages != 0)
        .collect();
    known.sort_unstable();
    known.dedup();
    let count = |place: usize| {
        let has = |(_, languages): &&(&str, u16)| languages & (1 << place) != 0;
        known.iter().filter(has).count()
    };
    let own = place_of(declared).map_or(0, count);
    let others = FUNCTION_WORDS.iter().enumerate();
    let most = others
        .map(|(place, (language, _))| (count(place), *language))
        .reduce(|best, other| if other.0 > best.0 { other } else { best });
    match most {
        Some((most, language)) if most >= ENOUGH && most >= MUCH_MORE * own => language,
        _ => declared,
    }
}

/// So many function words of another language show that a text is in that,
const ENOUGH: usize = 5;
/// if they are so many times as many as those of the declared one; related languages share some.
const MUCH_MORE: usize = 3;

/// The languages in which a folded word is a function word, as bits by their places in [`FUNCTION_WORDS`].
fn languages_of(folded: &str) -> u16 {
    static WORDS: LazyLock<HashMap<&str, u16>> = LazyLock::new(|| {
        let mut languages = HashMap::new();
        for (place, (_, words)) in FUNCTION_WORDS.iter().enumerate() {
            for word in words.split_whitespace() {
                *languages.entry(word).or_default() |= 1 << place;
            }
        }
        languages
    });
    WORDS.get(folded).copied().unwrap_or(0)
}

fn place_of(language: &str) -> Option<usize> {
    FUNCTION_WORDS
        .iter()
        .position(|(known, _)| *known == language)
}

/// Whether a name that follows a folded word is that of an event: a storm has a name of its own.
pub(super) fn names_event(folded: &str) -> bool {
    STORMS.contains(&folded)
}

/// Whether a folded word is a small number, spelt out or not.
pub(super) fn is_number(folded: &str) -> bool {
    let is_figure = folded.len() <= 2 && folded.bytes().all(|digit| digit.is_ascii_digit());
    NUMBERS.contains(&folded) || is_figure && !folded.is_empty()
}

/// Numbers that headlines spell out, folded.
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "zwei", "drei", "vier",
    "funf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwolf", "deux", "trois", "quatre", "cinq", "sept",
    "huit", "neuf", "dix", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez",
];

/// Storms that are given names, in several languages, folded.
#[rustfmt::skip]
const STORMS: &[&str] = &[
    "storm", "hurricane", "typhoon", "cyclone", "sturm", "sturmtief", "orkan", "orkantief", "hurrikan", "taifun",
    "zyklon", "tempete", "ouragan", "typhon", "tormenta", "borrasca", "huracan", "tifon", "ciclon", "tempesta",
    "uragano", "tifone", "ciclone", "tempestade", "furacao", "tufao", "orkaan", "tyfoon", "cycloon",
];

/// By language, folded.
const FUNCTION_WORDS: [(&str, &str); 12] = [
    (
        "en",
        "a about after again against all also am an and any are as at be because been before being between both but by \
         can could did do does doing down during each for from further get gets got had has have having he her here hers \
         him his how i if in into is it its itself just may me might more most must my no nor not now of off on once \
         know known need needs only or other our out over own said say says she should so some such than that the their \
         them then there these thing things they this those through to too under until up us very was we were what when \
         where which while who whom why will with would you your",
    ),
    (
        "de",
        "aber alle als also am an auch auf aus bei beim bin bis da damit dann das dass dem den denn der des die dies \
         diese diesem diesen dieser doch dort du durch ein eine einem einen einer eines er es fur gegen hat hatte hatten \
         ich ihm ihn ihr ihre im in ins ist ja kann kein keine konnen mehr mit nach nicht noch nun nur ob oder ohne sagt \
         sagte schon sei sein seine sich sie sind so soll sollen uber um und uns unter vom von vor war waren was wegen \
         weil wenn werden wie will wir wird wo wurde wurden zu zum zur zwischen",
    ),
    (
        "fr",
        "a apres au aussi aux avant avec ce cela ces cet cette ceux chez comme comment contre d dans de depuis des deux \
         dont du elle elles en entre est et etait ete etre eux fait il ils j je l la le les leur leurs lors lui m mais \
         meme moins n ne ni non nos notre nous on ont ou par pas pendant peu peut plus pour pourquoi qu quand que quel \
         quelle qui quoi s sa sans se selon ses si son sont sous sur tous tout tres un une vers vos votre vous y",
    ),
    (
        "es",
        "a al algo ante antes aqui asi aun bajo cada como con contra cual cuando de del desde donde dos durante e el \
         ella ellas ellos en entre era es esa ese eso esta estan este esto fue fueron ha habia han hasta hay la las le \
         les lo los mas me mi mientras muy nada ni no nos o otra otro para pero por porque que quien se segun ser si \
         sin sobre son su sus tambien tan tiene todo tras tu un una uno unos y ya yo",
    ),
    (
        "it",
        "a ad agli ai al alla alle allo anche ancora c che chi ci col come con contro cosa cui d da dagli dai dal dalla \
         degli dei del della delle dello di dopo dove e ed era essere fa fino fra gli ha hanno i il in io l la le lei lo \
         loro lui ma mai mi molto ne negli nei nel nella nelle no noi non nostro o per perche piu poi prima quale quando \
         quella quello questa questo s se sei senza si sia sono sopra su sua sue sugli sui sul sulla suo suoi tra tutti \
         tutto un una uno verso vi",
    ),
    (
        "pt",
        "a ao aos apos as ate com como contra da das de depois do dos e ela ele eles em entre era essa esse esta este eu \
         foi foram ha isso ja la mais mas me mesmo meu muito na nao nas nem no nos o os ou para pela pelas pelo pelos por \
         porque quando que quem se sem ser seu seus so sobre sua suas tambem tem ter um uma",
    ),
    (
        "nl",
        "aan al alle als bij dan dat de deze die dit door een en er geen had hebben heeft het hij hoe hun ik in is je kan \
         maar meer men met mijn naar niet nog nu of om onder ook op over te tegen toch tot uit van veel voor want waren \
         was wat we wel werd wie wij worden wordt ze zei zich zij zijn zo zou",
    ),
    (
        "sv",
        "all alla alt at att av bara blev bli blir da de dem den denne der det detta dette dig din du efter ej eller en \
         enligt er ett etter ett for fore fra fran ha had hade hadde han hans har hennes her hon hun hvad hvis hvor i \
         icke ikke in ingen inte jag jeg kan kommer med meget mellan mellom men mer mot mycket nar ned nej ner ni no noe \
         nog nogle nu ny och og ogsa om op opp os oss over pa sa saa sade samt seg sier sig sin sina som til till under \
         upp ut vad var ved vi vid vil ville",
    ),
    (
        "ru",
        "а без более бы был была были было быть в вам вас весь во вот все всех вы где да даже для до его ее если есть еще \
         же за здесь и из или им их к как ко когда кто ли либо между мне может мы на над надо наш не него нее нет ни них \
         но о об однако он она они оно от очень по под после при про с со так также такой там те тем то того тоже той \
         только том ты у уже хотя чего чей чем что чтобы эта эти это этого этой этом этот я",
    ),
    (
        "pl",
        "a aby ale bez bo byc byl byla bylo byly by co czy dla do gdy go i ich ile im ja jak jako je jego jej jest juz \
         kiedy kto ktora ktore ktory lub ma mi mnie moze na nad nam nas nie niz o od on ona one oni oraz po pod przed \
         przez przy sa sie sobie ta tak takze tam te tego tej ten to tu tym tylko u w we wiec wszystko z za ze",
    ),
    (
        "tr",
        "acaba ama ancak bazi belki ben beri bir biri birkac biz bu bunu cok cunku da daha de degil diye dolayi en gibi \
         hem hep her icin ile ise kadar karsi ki kim mi mu nasil ne neden nerede o olan olarak oldu oldugunu onu orada \
         oysa oyle pek sanki siz sonra su sey tum ve veya ya yani yer yine",
    ),
    (
        "ar",
        "الي ان او اي اذا الا التي الذي الذين ام انه انها اول اين بعد بعض بل بين تم تلك ثم حتي حول حيث خلال دون ذلك سوف \
         ضد عبر علي عليه عن عند غير في فيه قال قالت قبل قد كان كانت كل كما كي كيف لا لدي لكن لم لن له لها ليس ما مع من \
         منذ منه منها نحو هذا هذه هل هم هنا هو هي و وقد وكان يا يكون",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_words_are_those_of_their_language() {
        assert!(is_function_word("de", "die") && !is_function_word("en", "die"));
        assert!(is_function_word("en", "was") && !is_function_word("xx", "was"));
    }

    #[test]
    fn function_words_show_that_a_language_is_wrongly_declared() {
        let language =
            |declared: &'static str, text: &str| language_of(declared, text.split_whitespace());
        let spanish = "el ministro dijo que la huelga de los trenes no es para siempre y que se ira con el tiempo";
        assert_eq!(language("en", spanish), "es");
        assert_eq!(language("es", spanish), "es");
        assert_eq!(
            language(
                "",
                "the strike of the trains is not for ever and it will go with time"
            ),
            "en"
        );
        assert_eq!(language("fi", "on me he strike trains"), "fi");
        assert_eq!(language("en", "strike trains minister mosul"), "en");
    }

    #[test]
    fn storms_have_names_of_their_own() {
        assert!(names_event("typhoon") && names_event("orkan") && !names_event("chain"));
    }
}
