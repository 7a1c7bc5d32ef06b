//! Words that say the same.
//!
//! Headlines of one event differ in their words: one says quake, the next earthquake. No list makes that good, but the
//! few dozen groups in which news vary most are worth a list. A group only makes two words one; how much that word
//! tells is counted like that of any other.

use std::collections::HashMap;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

/// The stem that stands for a stem of a language and all others of its meaning; most stand for themselves alone.
pub(super) fn same(language: &str, stem: &str) -> Option<&'static str> {
    static STEMS: LazyLock<[HashMap<String, String>; MEANINGS.len()]> =
        LazyLock::new(|| MEANINGS.map(|(_, algorithm, groups)| stems(algorithm, groups)));
    let place = MEANINGS.iter().position(|(known, ..)| *known == language)?;
    STEMS.get(place)?.get(stem).map(String::as_str)
}

/// By each stem of the groups but the first of a group, that first one.
fn stems(algorithm: Algorithm, groups: &str) -> HashMap<String, String> {
    let stemmer = Stemmer::create(algorithm);
    let mut stems = HashMap::new();
    for group in groups.lines() {
        let words = group.split_whitespace();
        let mut words = words.map(|word| stemmer.stem(word).into_owned());
        let Some(first) = words.next() else {
            continue;
        };
        for other in words.filter(|other| *other != first) {
            stems.entry(other).or_insert_with(|| first.clone());
        }
    }
    stems
}

/// By language, folded: a group a line; the first word stands for all.
const MEANINGS: [(&str, Algorithm, &str); 4] = [
    ("en", Algorithm::English, ENGLISH),
    ("de", Algorithm::German, GERMAN),
    ("fr", Algorithm::French, FRENCH),
    ("es", Algorithm::Spanish, SPANISH),
];

const ENGLISH: &str = "\
earthquake quake tremor temblor aftershock quakes
fire blaze inferno wildfire bushfire
dead die dies death kill killed fatal fatality fatalities slain toll deadly perish
hurt injure injury injured wound wounded casualty
vaccine jab immunisation immunization vaccination
buy acquire acquisition takeover purchase buyout bought merger
resign quit resignation
prison jail imprisoned sentence sentenced
guilty convict convicted conviction
arrest detain detained custody
storm typhoon hurricane cyclone
sue lawsuit suit sued
flood floodwater flooding inundation
cut lower trim slash reduce reduction
raise rise lift hike boost increase rose risen
fall drop decline slump tumble slip sink slide plunge fell fallen plummet
plane jet aircraft airplane jetliner airliner
strike walkout stoppage
police cop officer constable
shooting shoot shot gunman gunfire gunmen
crash collision collide wreck
breach hack hacker hacked cyberattack
profit earnings
job employment
unemployed unemployment jobless
murder homicide slaying
robbery heist thief thieves robber theft steal stole stolen rob robbed
jewel jewelry jewellery jeweler jeweller gem diamond
vote ballot referendum
election poll polls
protest demonstration rally protester demonstrator
launch unveil debut introduce
reveal disclose
baby infant babies newborn
recall withdraw
startup start-up
ipo listing flotation
outage disruption
train railway rail
blast explosion explode bomb bombing
rout crush thrash
probe investigation investigate inquiry investigator
ban prohibit outlaw
warn warning alert
doctor physician medic
drug medicine pill tablet
scientist researcher
climber mountaineer
peak summit
ship vessel tanker boat
rescue rescuer
missing disappear vanish
lawmaker mp legislator senator congressman
film movie
tycoon magnate billionaire
pact deal agreement accord
truce ceasefire
refugee migrant asylum
hostage captive kidnap kidnapped abduct abduction
evacuate evacuation
clash fighting battle
soldier troop
rebel insurgent militant
lawyer attorney
judge magistrate
evidence proof
deny denial
approve approval
budget spending
virus outbreak epidemic
hospital clinic
teacher school pupil
row dispute
snow blizzard
victory win winner won beat defeat
";

const GERMAN: &str = "\
erdbeben beben nachbeben
feuer brand grossbrand waldbrand flammen
tote tot toter todesopfer getotet sterben gestorben
verletzte verletzt verletzter
ubernahme ubernehmen kauf kaufen akquisition
rucktritt zuruckgetreten demission
gefangnis haft haftstrafe freiheitsstrafe
festnahme festgenommen verhaftet verhaftung
sturm orkan taifun hurrikan zyklon
klage klagen verklagt verklagen
hochwasser uberschwemmung uberflutung flut
senken senkung kurzen kurzung gesenkt
erhohen erhohung erhoht anheben anhebung
flugzeug maschine jet
streik ausstand streiken arbeitsniederlegung
polizei polizist polizisten
explosion detonation explodiert
hackerangriff cyberangriff
wahl urnengang
protest demonstration demonstranten kundgebung
unfall ungluck zusammenstoss kollision
absturz abgesturzt absturzen
ermittlung ermitteln ermittler
verbot verbieten verboten
warnung warnen gewarnt
arzt mediziner
waffenruhe feuerpause waffenstillstand
ruckruf zuruckgerufen
urteil verurteilt schuldspruch
stellenabbau entlassung entlassen
";

const FRENCH: &str = "\
seisme tremblement
incendie feu flammes
mort tue deces
blesse blessure
rachat racheter achat acheter acquisition acquerir
demission demissionner
prison incarceration incarcere
arrestation interpellation interpelle
tempete ouragan typhon cyclone
inondation crue
baisse baisser reduction reduire
hausse augmentation augmenter
avion jet
greve debrayage greviste
police policier
explosion deflagration exploser
piratage cyberattaque
election scrutin
manifestation manifestant manifester
accident collision
enquete enqueteur
interdiction interdire interdit
medecin docteur
refugie migrant
accord pacte
benefice profit
navire bateau
";

const SPANISH: &str = "\
terremoto sismo temblor
incendio fuego llamas
muerto muerte fallecido fallecer
herido lesionado
compra comprar adquisicion adquirir
dimision dimitir renuncia renunciar
carcel prision
detenido detencion arrestado arresto
tormenta huracan tifon ciclon borrasca
inundacion riada crecida
rebaja rebajar recorte recortar
subida alza aumento aumentar
avion jet
huelga paro
policia agente
explosion estallido
ciberataque hackeo
elecciones comicios
protesta manifestacion manifestante
accidente choque colision
investigacion investigar
prohibicion prohibir
medico doctor
refugiado migrante
acuerdo pacto
beneficio ganancia
barco buque
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_meaning_have_one_stem() {
        let stem = |language: &str, word: &str| {
            let (_, algorithm, _) = MEANINGS
                .into_iter()
                .find(|(known, ..)| *known == language)
                .expect("a language with meanings");
            let stem = Stemmer::create(algorithm).stem(word).into_owned();
            same(language, &stem).map_or(stem, str::to_string)
        };
        for (language, one, other) in [
            ("en", "quakes", "earthquake"),
            ("en", "jailed", "prison"),
            ("en", "blaze", "fires"),
            ("en", "killing", "died"),
            ("de", "nachbeben", "erdbeben"),
            ("de", "brande", "feuer"),
            ("fr", "crues", "inondations"),
            ("es", "sismos", "terremoto"),
        ] {
            assert_eq!(stem(language, one), stem(language, other), "{one} {other}");
        }
        assert_ne!(stem("en", "quake"), stem("en", "fire"));
        assert_eq!(same("xx", "tremor"), None);
    }

    #[test]
    fn a_stem_stands_for_one_meaning_only() {
        for (_, algorithm, groups) in MEANINGS {
            let stemmer = Stemmer::create(algorithm);
            let mut seen: HashMap<String, &str> = HashMap::new();
            for group in groups.lines() {
                for word in group.split_whitespace() {
                    if let Some(other) = seen.insert(stemmer.stem(word).into_owned(), group) {
                        assert_eq!(other, group, "{word}");
                    }
                }
            }
        }
    }
}
