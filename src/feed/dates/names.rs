//! The words of dates: months in the languages of the wires, and time zones.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A word as the tables spell it: small letters without marks.
pub(super) fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    word.nfkd()
        .filter(|character| !is_combining_mark(*character))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The number of the month, 1 to 12, that a folded word names, whole or by at least three of its first letters.
pub(super) fn month(word: &str) -> Option<i8> {
    let whole = |names: &&str| names.split(' ').any(|name| name == word);
    if let Some(at) = MONTHS.iter().position(whole) {
        return number(at);
    }
    if word.chars().count() < 3 {
        return None;
    }
    let begins = |names: &&str| names.split(' ').any(|name| name.starts_with(word));
    MONTHS.iter().position(begins).and_then(number)
}

fn number(position: usize) -> Option<i8> {
    i8::try_from(position % 12 + 1).ok()
}

/// Twelve rows a group of languages, English first, because the first row that fits an abbreviation wins.
///
/// Germanic, Romance, Slavic, Turkish, Greek, Hungarian, Finnish, Indonesian, Arabic, Hebrew, Chinese. Croatian is left out: its
/// `listopad` is October and the Czech and Polish one November.
const MONTHS: [&str; 24] = [
    "january januar janner januari januari janvier enero gennaio janeiro ianuarie",
    "february februar feber februari fevrier febrero febbraio fevereiro februarie",
    "march marz mrz mart maart mrt mars marzo marco martie",
    "april avril abril aprile aprilie",
    "may mai maj mei mayo maggio maio",
    "june juni juin junio giugno junho iunie",
    "july juli juillet julio luglio julho iulie",
    "august augusti augustus aout agosto",
    "september septembre septiembre setiembre settembre setembro septembrie",
    "october oktober octobre octubre ottobre outubro octombrie",
    "november novembre noviembre novembro noiembrie",
    "december dezember decembre diciembre dicembre dezembro decembrie desember",
    "январь января січень січня styczen stycznia leden ledna ocak ιανουαριος ιανουαριου januar tammikuu يناير جانفي كانون2 ינואר 一月",
    "февраль февраля лютии лютого luty lutego unor unora subat φεβρουαριος φεβρουαριου helmikuu pebruari فبراير شباط פברואר 二月",
    "март марта березень березня marzec marca brezen brezna μαρτιος μαρτιου marcius maaliskuu maret مارس اذار מרץ 三月",
    "апрель апреля квітень квітня квитень квитня kwiecien kwietnia duben dubna nisan απριλιος απριλιου aprilis huhtikuu ابريل نيسان אפריל 四月",
    "маи мая травень травня maja kvetna kveten mayis μαιος μαιου majus toukokuu مايو ايار מאי 五月",
    "июнь июня червень червня czerwiec czerwca cerven cervna haziran ιουνιος ιουνιου junius kesakuu يونيو حزيران יוני 六月",
    "июль июля липень липня lipiec lipca cervenec cervence temmuz ιουλιος ιουλιου julius heinakuu يوليو تموز יולי 七月",
    "август августа серпень серпня sierpien sierpnia srpen srpna agustos αυγουστος αυγουστου augusztus elokuu اغسطس اب אוגוסט 八月",
    "сентябрь сентября вересень вересня wrzesien wrzesnia zari eylul σεπτεμβριος σεπτεμβριου szeptember syyskuu سبتمبر ايلول ספטמבר 九月",
    "октябрь октября жовтень жовтня pazdziernik pazdziernika rijen rijna ekim οκτωβριος οκτωβριου lokakuu اكتوبر אוקטובר 十月",
    "ноябрь ноября листопад листопада listopad listopada listopadu kasim νοεμβριος νοεμβριου marraskuu نوفمبر נובמבר 十一月",
    "декабрь декабря грудень грудня grudzien grudnia prosinec prosince aralik δεκεμβριος δεκεμβριου joulukuu ديسمبر דצמבר 十二月",
];

/// Minutes east of Greenwich of a zone's folded abbreviation.
///
/// Of an abbreviation with several meanings the one that news feeds use: `ist` is India, `cst` and `ast` are American, `bst` is
/// British. Single letters tell nothing but UTC (RFC 2822 section 4.3), because RFC 822 had their signs the wrong way round.
pub(super) fn zone(word: &str) -> Option<i32> {
    let minutes = match word {
        "ut" | "utc" | "gmt" | "z" | "wet" | "uct" | "zulu" | "azost" => 0,
        "bst" | "west" | "cet" | "met" | "mez" | "wat" => 60,
        "cest" | "mest" | "mesz" | "cedt" | "eet" | "sast" | "cat" => 120,
        "eest" | "eedt" | "msk" | "eat" | "trt" => 180,
        "irst" => 210,
        "msd" | "gst" | "samt" | "azt" | "get" => 240,
        "aft" | "irdt" => 270,
        "pkt" | "uzt" | "yekt" | "mvt" => 300,
        "ist" | "slst" => 330,
        "npt" => 345,
        "bdt" | "almt" | "omst" | "btt" => 360,
        "mmt" => 390,
        "ict" | "wib" | "novt" | "krat" | "hovt" => 420,
        "hkt" | "sgt" | "myt" | "pht" | "phst" | "awst" | "wita" | "irkt" | "ulat" => 480,
        "jst" | "kst" | "wit" | "yakt" => 540,
        "acst" => 570,
        "aest" | "vlat" | "chst" | "pgt" => 600,
        "acdt" => 630,
        "aedt" | "sbt" | "nct" | "magt" => 660,
        "nzst" | "fjt" | "pett" => 720,
        "nzdt" | "tot" => 780,
        "cvt" | "azot" => -60,
        "brst" => -120,
        "ndt" => -150,
        "nst" | "nt" => -210,
        "adt" | "art" | "brt" | "uyt" | "clst" | "gft" | "pmst" => -180,
        "ast" | "at" | "edt" | "clt" | "bot" | "vet" | "amt" | "gyt" => -240,
        "est" | "et" | "cdt" | "pet" | "cot" | "ect" | "edst" => -300,
        "cst" | "ct" | "mdt" | "galt" => -360,
        "mst" | "mt" | "pdt" => -420,
        "pst" | "pt" | "akdt" => -480,
        "akst" | "hdt" => -540,
        "hst" | "hast" | "taht" => -600,
        "sst" => -660,
        _ if word.len() == 1 && word.is_ascii() => 0,
        _ => return None,
    };
    Some(minutes)
}
