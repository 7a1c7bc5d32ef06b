//! Every script of the specification.

use super::check;

#[test]
fn latin() {
    check("Strasse", &["Straße", "STRASSE"], &[]);
    check("Straße", &["STRASSE gesperrt"], &[]);
    check("Istanbul", &["İSTANBUL", "istanbul"], &[]);
    check("Köln", &["Koeln", "Koln", "KÖLN"], &[]);
    check("Mueller", &["Müller", "Mueller"], &["Muller"]);
    check("Müller", &["Muller", "Mueller", "Müller's"], &[]);
    check("\"Viet Nam\"", &["Việt Nam"], &[]);
    check("Lodz", &["Łódź"], &[]);
    check("isis", &["ＩＳＩＳ"], &[]);
    check("CO2", &["CO₂"], &[]);
}

#[test]
fn apostrophes() {
    check("Ba'ath", &["Baath", "Baʿth party, Ba’ath"], &["Ba", "ath"]);
    check("Ba", &[], &["Ba’ath"]);
    check("Quran", &["Qur’an"], &[]);
    check("Chad", &["Chad’s"], &[]);
    check("Italia", &["dell’Italia", "l'Italia"], &[]);
    check("Iran", &["l’Iran’s", "Sull’Iran"], &[]);
    check("Brien", &[], &["O’Brien"]);
    check("Musul", &["Musul'daki", "MUSUL’DA"], &["Musuldaki"]);
    check("Diyarbakır", &["DİYARBAKIR’da"], &[]);
}

#[test]
fn greek_and_cyrillic() {
    check("Οδυσσεύς", &["ΟΔΥΣΣΕΥΣ"], &[]);
    check("Αθηνας", &["Δήμος ΑΘΗΝΑΣ"], &[]);
    check("Моджахед*", &["МОДЖАХЕДЫ"], &[]);
    check("Королёв", &["Королев"], &[]);
    check("мои", &["мои"], &["мой"]);
}

#[test]
fn arabic_and_hebrew() {
    check("بغدادي", &["البغدادي", "والبغدادي"], &[]);
    check("البغدادي", &["البَغْدَادي"], &["بغدادي"]);
    check("العراق", &["للعراق"], &[]);
    check("موصل", &["بالموصل", "الموصل"], &[]);
    check("=بغدادي", &["البغدادي"], &[]);
    check("ירושלים", &["בירושלים", "ומירושלים"], &[]);
    check("42", &["٤٢"], &[]);
}

#[test]
fn indic_and_thai() {
    check("इराक", &["इराक़ में"], &[]);
    check("โมซูล", &["เมืองโมซูลวันนี้"], &[]);
}

#[test]
fn chinese_and_japanese() {
    check(
        "摩苏尔",
        &["伊拉克军队进入摩苏尔市", "摩 苏尔"],
        &["摩、苏尔"],
    );
    check("巴格达迪", &[], &["巴格达、迪拜"]);
    check("5G手机", &["5G 手机", "5G手机"], &["5G、手机"]);
    check("京都", &["東京都民"], &[]);
    check("京都 UNLESS 東京都", &["京都と東京都"], &["東京都"]);
    check("インド", &["インドへ"], &["インドネシア"]);
    check("インド*", &["インドネシア"], &[]);
    check("コンピューター", &["コンピュータ"], &[]);
    check("が", &[], &["か"]);
}

#[test]
fn korean() {
    check("모술", &["모술에서"], &[]);
    check("삼성전자", &["삼성전자는"], &[]);
    check("BTS", &["BTS가"], &[]);
    check("제주", &["제주에서"], &["제주은행"]);
}

#[test]
fn emoji() {
    check("🔥", &["Mosul 🔥", "Mosul🔥🔥"], &["Mosul"]);
    check("👩", &["👩"], &["👩‍💻"]);
    check("👍", &["👍🏽"], &[]);
    check("🇮🇶", &["in 🇮🇶!"], &["🇮🇷"]);
}

#[test]
fn numbers() {
    check("5000", &["about 5,000 militants"], &["50,000"]);
    check("109000", &["109,000"], &[]);
    check("1.2", &["1.2"], &["1.2.3"]);
    check("2016", &["2,016 metres"], &[]);
}
