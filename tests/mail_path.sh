#!/usr/bin/env bash
# The real way of a message on loopback: wirewatch, Postfix (STARTTLS, AUTH), Dovecot (IMAP), SpamAssassin's local tests.
#
# By hand, as root on Debian, in the folder of the repository:
#
#   apt-get install --no-install-recommends postfix dovecot-imapd spamassassin openssl python3
#   cargo build --release
#   tests/mail_path.sh target/release/wirewatch
#
# It starts servers of its own on high ports of 127.0.0.1, with all they need in a temporary folder, and stops them at the
# end. It passes if
# - `check --online` and `check --mail-to` find nothing wrong, and a wrong password is named as such (AUTH),
# - the digest that IMAP hands out ends in the very bytes that the outbox holds,
# - SpamAssassin gives less than 1.0 to that digest, to the sample and to the digest of `wirewatch demo`, bonuses not counted.
set -euo pipefail

wirewatch=$(realpath "${1:?usage: tests/mail_path.sh PATH-OF-WIREWATCH}")
work=$(mktemp -d)
chmod 755 "$work"
cd "$work"
smtp=$((20000 + RANDOM % 10000)) imap=$((30000 + RANDOM % 10000)) web=$((40000 + RANDOM % 10000))
export PATH="/usr/sbin:$PATH" WIREWATCH_CONFIG="$work/wirewatch.toml" STATE_DIRECTORY="$work/state"

stop() {
    postfix -c "$work/postfix" stop >/dev/null 2>&1 || true
    doveadm -c "$work/dovecot.conf" stop >/dev/null 2>&1 || true
    if [ -n "${web_server:-}" ]; then kill "$web_server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap stop EXIT

say() { printf '== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; tail -n 20 "$work"/*.log >&2 2>/dev/null || true; exit 1; }

say "an authority and a certificate for localhost"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=our own" -keyout ca.key -out ca.pem 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr 2>/dev/null
openssl x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem \
    -extfile <(printf 'subjectAltName=DNS:localhost') 2>/dev/null

say "Dovecot: IMAP on port $imap, and who may log in"
uid=$(id -u mail) gid=$(id -g mail)
install -d -o mail -g mail -m 700 maildir
printf 'reader@mail.example:{PLAIN}correct horse:%s:%s::%s/maildir\n' "$uid" "$gid" "$work" > users
cat > dovecot.conf <<CONF
base_dir = $work/dovecot
state_dir = $work/dovecot
log_path = $work/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <$work/server.pem
ssl_key = <$work/server.key
disable_plaintext_auth = yes
first_valid_uid = 1
mail_location = maildir:$work/maildir/reader
passdb {
  driver = passwd-file
  args = $work/users
}
userdb {
  driver = passwd-file
  args = $work/users
}
service imap-login {
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = 0
  }
}
service auth {
  unix_listener $work/auth {
    mode = 0666
  }
}
CONF
dovecot -c dovecot.conf

say "Postfix: submission on port $smtp, mail to reader@mail.example into the maildir"
mkdir postfix queue
install -d -o postfix data
cat > postfix/main.cf <<CONF
compatibility_level = 3.6
queue_directory = $work/queue
data_directory = $work/data
maillog_file = $work/postfix.log
maillog_file_prefixes = $work
myhostname = mx.mail.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = mail.example
virtual_mailbox_base = $work/maildir
virtual_mailbox_maps = inline:{ { reader@mail.example = reader/ } }
virtual_uid_maps = static:$uid
virtual_gid_maps = static:$gid
virtual_minimum_uid = 1
smtpd_tls_cert_file = $work/server.pem
smtpd_tls_key_file = $work/server.key
smtpd_tls_security_level = encrypt
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = $work/auth
smtpd_tls_auth_only = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
mynetworks =
CONF
cat > postfix/master.cf <<CONF
127.0.0.1:$smtp inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
CONF
postfix -c "$work/postfix" start >/dev/null 2>&1 || fail "Postfix does not start"

say "a feed on port $web"
python3 - <<'PYTHON'
from email.utils import format_datetime
from datetime import datetime, timedelta, timezone
titles = [
    ("Iraqi troops enter Mosul for the first time in two years", "The army's ninth division crossed the Tigris before dawn, a spokesman said, and met little resistance in the city's east."),
    ("Aid convoys wait outside Mosul", "Forty lorries with tents, water and flour stood at the checkpoint on Tuesday, the relief agency said."),
    ("القوات العراقية تدخل الموصل", "قال متحدث إن القوات عبرت النهر قبل الفجر."),
    ("Six partners agree common export licence rules", "The rules take effect in March; exporters will need one form in place of six."),
    ("Export licence office opens a second desk", "Waiting times had grown to nine weeks, and shippers complained."),
]
now = datetime.now(timezone.utc)
items = "".join(
    f"<item><title>{title}</title><link>https://harrow.example/news/{n}</link><guid>h{n}</guid>"
    f"<pubDate>{format_datetime(now - timedelta(hours=n + 1))}</pubDate><description>{text}</description></item>"
    for n, (title, text) in enumerate(titles))
open("feed.xml", "w").write(
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Harrow Times</title>'
    f"<link>https://harrow.example/</link><description>News</description>{items}</channel></rss>")
PYTHON
mkdir www
mv feed.xml www/
python3 -m http.server --bind 127.0.0.1 --directory www "$web" >web.log 2>&1 &
web_server=$!

install -m 600 /dev/null password
printf 'correct horse\n' > password
cat > wirewatch.toml <<CONF
[mail]
from = "wirewatch@mail.example"
to = ["reader@mail.example"]
[mail.smtp]
host = "localhost"
port = $smtp
username = "reader@mail.example"
password_file = "password"
ca_file = "ca.pem"
[poll]
allow_private = ["127.0.0.0/8"]
[[digest]]
name = "Morning"
[[feed]]
url = "http://127.0.0.1:$web/feed.xml"
backfill = "all"
[[topic]]
name = "Mosul"
any = ["Mosul", "الموصل"]
[[topic]]
name = "Export licences"
any = ["export licence"]
CONF
for _ in $(seq 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$web" 4<>"/dev/tcp/127.0.0.1/$smtp" 5<>"/dev/tcp/127.0.0.1/$imap") 2>/dev/null && break
    sleep 0.1
done

say "check --online, with a wrong password and with the right one"
printf 'wrong\n' > password
if "$wirewatch" check --online > wrong.txt 2>/dev/null; then fail "a wrong password passed"; fi
grep "problem  mail server localhost:$smtp: AUTH: 535" wrong.txt || fail "a wrong password is not told: $(cat wrong.txt)"
printf 'correct horse\n' > password
"$wirewatch" check --online --mail-to reader@mail.example 2>/dev/null || fail "check --online finds something wrong"

say "poll and digest --send"
"$wirewatch" poll
"$wirewatch" digest Morning --send
"$wirewatch" demo --folder "$work/demo" >/dev/null

say "what IMAP hands out"
IMAP=$imap python3 - <<'PYTHON' || fail "the digest did not arrive as it was sent"
import glob, imaplib, os, sqlite3, ssl, sys, time
tls = ssl.create_default_context(cafile="ca.pem")
deadline = time.time() + 30
while True:
    box = imaplib.IMAP4("localhost", int(os.environ["IMAP"]))
    box.starttls(tls)
    box.login("reader@mail.example", "correct horse")
    box.select("INBOX", readonly=True)
    numbers = box.search(None, "ALL")[1][0].split()
    if len(numbers) == 2:
        break
    if time.time() > deadline:
        sys.exit(f"{len(numbers)} messages in the box, not 2")
    time.sleep(0.2)
found = {}
for number in numbers:
    raw = box.fetch(number, "(RFC822)")[1][0][1]
    found["digest" if b"<digest.morning." in raw else "sample"] = raw
stored = sqlite3.connect("state/wirewatch.db").execute("SELECT bytes FROM delivery").fetchone()[0]
# The servers put their own headers before ours.
headers, body = stored.split(b"\r\n\r\n", 1)
their_headers, their_body = found["digest"].split(b"\r\n\r\n", 1)
assert their_body == body, "the body differs"
assert their_headers.endswith(headers), "our headers differ"
for name, raw in found.items():
    open(name + ".mail", "wb").write(raw)
open("demo.mail", "wb").write(open(sorted(glob.glob("demo/**/*.eml", recursive=True))[-1], "rb").read())
print(f"{len(body)} bytes of body, the very ones of the outbox; {len(their_headers) - len(headers)} bytes of headers before ours")
PYTHON

say "SpamAssassin, local tests only"
for name in digest sample demo; do
    spamassassin -L -t < "$name.mail" > "$name.judged" 2>spamassassin.log || fail "SpamAssassin"
    python3 - "$name" <<'PYTHON' || fail "$name looks like spam"
import re, sys
name = sys.argv[1]
judged = open(name + ".judged", encoding="utf-8", errors="replace").read()
report = judged.split("Content analysis details:")[1]
rules = re.findall(r"^\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)", report, re.M)
bad = sum(float(score) for score, _ in rules if float(score) > 0)
print(f"{name}: {bad:.1f} points:", ", ".join(f"{rule} {score}" for score, rule in rules))
sys.exit(bad >= 1.0)
PYTHON
done
say "passed"
