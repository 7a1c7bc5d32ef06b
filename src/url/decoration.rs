//! Query parameters that tell where a click came from, and not which article it leads to.
//!
//! One table, written from the public documentation of those who append the parameters; no list of others is copied.
//! A name is compared without regard to case; one that ends in `*` is a prefix.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Some parameters, and why they name no article.
struct Rule {
    /// Host and its subdomains; empty: everywhere.
    hosts: &'static [&'static str],
    names: &'static [&'static str],
    when: When,
    /// Documentation for the reader of this table.
    #[expect(dead_code, reason = "the table is read by people too")]
    because: &'static str,
}

/// Which values are decoration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// The value names a site or a channel that sent the click; `ref=19` may be an article.
    Sender,
    /// The value is more than a number.
    Worded,
    /// The value is a switch: empty, 0, 1, true, yes.
    Switch,
    /// The value is a random token of at least 16 characters; `sid=123` may be an article.
    Token,
}

#[rustfmt::skip]
const RULES: &[Rule] = &[
    everywhere(&["utm_*", "utm-*"], "campaign parameters of Google Analytics, understood by nearly all others"),
    everywhere(&["gclid", "gclsrc", "dclid", "gbraid", "wbraid", "gad_source", "gad_campaignid", "srsltid"], "click ids of Google Ads"),
    everywhere(&["_ga", "_gl", "_gac", "_gid"], "Google Analytics hands visitors over to another domain"),
    everywhere(&["fbclid", "fb_action_ids", "fb_action_types", "fb_source", "fb_ref", "fbxid", "fb_comment_id", "mibextid"], "Facebook's click ids"),
    everywhere(&["igshid", "igsh"], "Instagram's share id"),
    everywhere(&["msclkid", "cvid"], "click ids of Microsoft Advertising and Bing"),
    everywhere(&["twclid", "ref_src", "ref_url", "__twitter_impression", "tw_i", "tw_e", "tw_p"], "click ids and embeds of X"),
    everywhere(&["ttclid", "li_fat_id", "epik", "sccid", "rdt_cid", "qclid"], "click ids of TikTok, LinkedIn, Pinterest, Snap, Reddit, Quora"),
    everywhere(&["yclid", "ysclid", "ymclid", "_openstat", "frommail"], "click ids of Yandex"),
    everywhere(&["dicbo", "oborigurl", "ob_click_id", "tblci", "taboola_click_id"], "Outbrain and Taboola, widgets under articles"),
    everywhere(&["mc_cid", "mc_eid", "mc_tc"], "Mailchimp's campaign and reader"),
    everywhere(&["mkt_tok"], "Marketo's reader"),
    everywhere(&["_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking", "hss_channel", "hsa_*"], "HubSpot's mail and ads"),
    everywhere(&["_kx", "__s", "vero_id", "vero_conv", "bsft_*", "_bta_tid", "_bta_c", "trk_contact", "trk_msg", "trk_module", "trk_sid",
        "gdfms", "gdftrk", "gdffi", "dm_i", "sfmc_*", "et_rid", "et_cid", "emci", "emdi", "ceid", "ml_subscriber", "ml_subscriber_hash",
        "ck_subscriber_id", "rspid", "spmailingid", "spuserid", "spjobid", "spreportid"], "mailing services name the campaign and the reader"),
    everywhere(&["elq", "elqtrackid", "elqtrack", "elqaid", "elqat", "elqcampaignid"], "Oracle Eloqua"),
    everywhere(&["oly_enc_id", "oly_anon_id", "rb_clickid", "wickedid", "_branch_match_id", "_branch_referrer"], "Omeda, Wicked Reports, Branch"),
    everywhere(&["s_cid", "s_kwcid", "ef_id", "sc_cid", "sc_campaign", "sc_channel", "sc_content", "sc_medium", "sc_outcome", "sc_geo",
        "sc_country"], "Adobe Analytics and Advertising"),
    everywhere(&["mtm_*", "pk_campaign", "pk_kwd", "pk_keyword", "pk_source", "pk_medium", "pk_content", "pk_cid", "piwik_*", "matomo_*"], "campaigns of Matomo, formerly Piwik"),
    everywhere(&["xtor", "xtref", "xtcr", "xts", "at_medium", "at_campaign*", "at_custom*", "at_link*", "at_ptr_name", "at_format", "at_bbc_team",
        "at_creation", "at_variant", "at_network", "at_platform", "at_general_placement", "at_detail_placement", "at_emailtype", "at_recipient*"], "AT Internet, later Piano"),
    everywhere(&["ns_mchannel", "ns_source", "ns_campaign", "ns_linkname", "ns_fee"], "comScore"),
    everywhere(&["wt.*", "wt_mc", "wt_zmc", "wt_ref", "wt_cc*"], "Webtrends and Webtrekk"),
    everywhere(&["cm_mmc*", "cm_ven", "cm_cat", "cm_pla", "cm_ite", "cm_sp", "cm_re", "cm_lm"], "IBM Coremetrics"),
    everywhere(&["cjevent", "cjdata", "irclickid", "irgwc", "ranmid", "raneaid", "ransiteid", "awc", "zanpid"], "affiliate networks"),
    everywhere(&["hootpostid", "echobox", "link_time"], "tools that post for newsrooms"),
    everywhere(&["itm_*", "intcid", "int_cid", "int_source", "int_medium", "int_campaign", "icid", "ncid", "intcmp"], "links inside a site, counted"),
    Rule { hosts: &[], names: &["cmp"], when: When::Worded, because: "a campaign such as `share_btn_tw`; a number may be an article" },
    everywhere(&["cmpid", "ftcamp", "dcmp", "ocid", "wprss", "fsrc", "smid", "smtyp", "emc", "mbid", "ftag", "iref", "traffic_source", "reflink",
        "mtrref", "dgcid", "srnd", "sref", "guccounter", "guce_referrer", "guce_referrer_sig", "bxid", "cndid", "esrc", "hpid", "itid", "maca",
        "feedtype", "feedname", "ex_cid", "leadsource", "taid", "soc", "__source", "intlink_*", "link_location"], "publishers' own names for the campaign, the feed or the referrer"),
    everywhere(&["spm", "scm", "vd_source", "share_source", "share_medium", "share_token", "share_from", "chksm", "wfr"], "share buttons of Alibaba, Bilibili, WeChat and Baidu"),
    everywhere(&["amp_js_v", "amp_gsa", "amp_kit", "amp_latest_update_time", "usqp", "_amp"], "added by AMP caches and viewers"),
    Rule { hosts: &[], names: &["amp", "isamp", "is_amp", "mobile", "rss", "isrss", "fromrss", "from_rss", "viarss", "rssfeed"], when: When::Switch, because: "asks for another skin of the page, or notes that the feed was its origin" },
    everywhere(&["jsessionid", "phpsessid", "aspsessionid*", "cftoken", "cfid", "oscsid", "zenid", "session_id", "sessionid"], "sessions of visitors without cookies"),
    Rule { hosts: &[], names: &["sid", "s", "session"], when: When::Token, because: "sessions of forum software; a short one is a story" },
    Rule { hosts: &[], names: &["ref", "referrer", "referer", "src", "source", "from", "via", "origin", "share", "sharedby", "campaign", "partner", "medium", "channel", "cid", "xid", "feature", "rf", "refer", "ref_source", "mod", "tag_source", "r"], when: When::Sender, because: "names the site or channel that sent the click" },
    on(&["google.com"], &["hl", "gl", "ceid", "oc", "ved", "usg", "sa", "ei"], "language and origin of a Google page"),
    on(&["x.com"], &["s", "t"], "the app that shared the post, and a token"),
    on(&["dailymail.co.uk", "metro.co.uk", "thisismoney.co.uk"], &["ito"], "the feed or the share button"),
    on(&["ft.com", "economist.com", "theatlantic.com"], &["sharetype", "gift", "giftid", "segmentid"], "an article that a reader gave away"),
    on(&["forbes.com"], &["sh"], "a token of the share button"),
    on(&["npr.org"], &["ft", "f"], "the feed"),
    on(&["nytimes.com"], &["partner", "_r", "hp", "action", "pgtype", "module", "region", "clicksource", "nl", "nlid", "te", "unlocked_article_code"], "the place of the link on the front page"),
    on(&["washingtonpost.com"], &["tid", "wpisrc", "wpmm", "pwapi_token"], "the place of the link, or the newsletter"),
    on(&["wsj.com", "marketwatch.com", "barrons.com"], &["mod", "st", "siteid", "dist"], "the place of the link, or a share"),
    on(&["yahoo.com"], &[".src", ".tsrc", "soc_src", "soc_trk"], "the feed or the share button"),
    on(&["reuters.com"], &["rpc"], "the partner page"),
    on(&["substack.com"], &["r", "s", "showwelcomeonshare", "triedredirect", "isfreemail", "publication_id", "post_id", "token", "access_token"], "the reader the mail went to; the path names the post"),
    on(&["medium.com"], &["source", "sk", "gi"], "the list the link stood in, or a friend link"),
    on(&["blogspot.com"], &["m"], "Blogger's mobile skin"),
    on(&["zeit.de", "spiegel.de", "sueddeutsche.de", "faz.net"], &["wt_mc", "sara_ecid", "sara_icid", "gepc"], "campaigns of German papers"),
    on(&["linkedin.com"], &["trk", "trackingid", "refid", "lipi", "licu"], "the place of the link"),
    on(&["bbc.com"], &["post", "pinned_post_locator", "pinned_post_asset_id", "pinned_post_type"], "a place in a live page"),
];

const fn everywhere(names: &'static [&'static str], because: &'static str) -> Rule {
    Rule {
        hosts: &[],
        names,
        when: When::Always,
        because,
    }
}

const fn on(
    hosts: &'static [&'static str],
    names: &'static [&'static str],
    because: &'static str,
) -> Rule {
    Rule {
        hosts,
        names,
        when: When::Always,
        because,
    }
}

/// What often names the article, or what a reader searches for: `q=rss` is no decoration.
const IDENTIFIERS: &[&str] = &[
    "id",
    "p",
    "page",
    "page_id",
    "pageid",
    "pid",
    "post",
    "postid",
    "post_id",
    "article",
    "articleid",
    "article_id",
    "aid",
    "story",
    "storyid",
    "story_id",
    "news",
    "newsid",
    "news_id",
    "nid",
    "item",
    "itemid",
    "item_id",
    "doc",
    "docid",
    "file",
    "path",
    "slug",
    "name",
    "title",
    "key",
    "q",
    "query",
    "search",
    "tag",
    "topic",
    "subject",
    "category",
    "cat",
    "section",
    "v",
    "video",
    "u",
    "url",
    "link",
    "t",
    "n",
    "node",
    "guid",
    "uuid",
    "entry",
    "thread",
];

/// Whether a query parameter says nothing about which page it is.
pub(super) fn is_decoration(host: &str, name: &str, value: &str) -> bool {
    let name = name.to_lowercase();
    let applies = |rule: &&Rule| is_on(host, rule.hosts) && is_meant(rule.when, value);
    if rules_for(&name).any(|rule| applies(&rule)) {
        return true;
    }
    if IDENTIFIERS.contains(&name.as_str()) {
        return false;
    }
    // Whatever its name, a parameter that says "rss" says that the click came from the feed; so does "amp" of the skin.
    has_word(value, "rss") || value.eq_ignore_ascii_case("amp")
}

fn rules_for(name: &str) -> impl Iterator<Item = &'static Rule> {
    static EXACT: LazyLock<HashMap<&str, Vec<&Rule>>> = LazyLock::new(|| {
        let mut exact: HashMap<&str, Vec<&Rule>> = HashMap::new();
        for (name, rule) in names().filter(|(name, _)| !name.ends_with('*')) {
            exact.entry(name).or_default().push(rule);
        }
        exact
    });
    static PREFIXES: LazyLock<Vec<(&str, &Rule)>> = LazyLock::new(|| {
        names()
            .filter_map(|(name, rule)| Some((name.strip_suffix('*')?, rule)))
            .collect()
    });
    let exact = EXACT.get(name).into_iter().flatten().copied();
    let prefixed = PREFIXES
        .iter()
        .filter(move |(prefix, _)| name.starts_with(prefix))
        .map(|(_, rule)| *rule);
    exact.chain(prefixed)
}

fn names() -> impl Iterator<Item = (&'static str, &'static Rule)> {
    RULES
        .iter()
        .flat_map(|rule| rule.names.iter().map(move |name| (*name, rule)))
}

fn is_on(host: &str, hosts: &[&str]) -> bool {
    hosts.is_empty()
        || hosts.iter().any(|site| {
            host.strip_suffix(site)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

fn is_meant(when: When, value: &str) -> bool {
    match when {
        When::Always => true,
        When::Sender => names_sender(value),
        When::Worded => !value.bytes().all(|byte| byte.is_ascii_digit()),
        When::Switch => ["", "0", "1", "true", "yes", "amp"]
            .iter()
            .any(|switch| switch.eq_ignore_ascii_case(value)),
        When::Token => {
            value.len() >= 16
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && value.bytes().any(|byte| byte.is_ascii_digit())
                && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        }
    }
}

/// Channels that share buttons, newsletters and posting tools name.
const CHANNELS: [&str; 22] = [
    "twitter",
    "x",
    "facebook",
    "fb",
    "linkedin",
    "whatsapp",
    "telegram",
    "reddit",
    "instagram",
    "pinterest",
    "threads",
    "bluesky",
    "mastodon",
    "email",
    "mail",
    "newsletter",
    "social",
    "feed",
    "atom",
    "feedburner",
    "googlenews",
    "flipboard",
];

fn names_sender(value: &str) -> bool {
    CHANNELS
        .iter()
        .any(|channel| channel.eq_ignore_ascii_case(value))
        || looks_like_host(value)
}

/// `techmeme.com`, `https://example.org/`; but not `1.5` or `story.html`.
fn looks_like_host(value: &str) -> bool {
    let host = value
        .trim_start_matches("https://")
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_ascii_lowercase();
    let is_name = host.split('.').count() > 1
        && host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    // `notes.md` is a file, whatever Moldova says.
    let is_file = ["md", "py", "sh", "pl", "ps", "cc", "zip", "mov"]
        .iter()
        .any(|end| host.rsplit('.').next() == Some(*end));
    // A suffix that the list of public suffixes knows, not one that merely might be.
    is_name
        && !is_file
        && psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known())
        && psl::domain_str(&host).is_some()
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|character: char| !character.is_alphanumeric())
        .any(|part| part.eq_ignore_ascii_case(word))
}
