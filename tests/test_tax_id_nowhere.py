"""A tax ID is kept sealed and nowhere else: a busy day is played, then every byte is searched.

A number that is no secret goes the same ways, so a search in the wrong place would not find it.
"""

import http.client
import json
import queue
import re
import subprocess
import sys
from contextlib import closing, contextmanager
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from peewee import sqlite3

from portal import (
    access,
    accounts,
    checks,
    database,
    feeds,
    filing,
    orders,
    program,
    transfer,
    vault,
)
from portal.mail import Message
from portal.models import Affiliate, TaxIdOnFile
from portal.months import month_of, year_of
from tests import mailserver, makers, seeking
from tests.bench import servers
from tests.papers import texts
from tests.views.test_admin_tax import LOOK, PAYER

WAYS = ("form", "post", "patch", "profile", "import")
# Of each way: numbers that are taken, one that nobody has, one in requests that fail otherwise.
GOOD = {
    way: {"SSN": f"51{n}6{n}8417", "ITIN": f"95{n}7{n}8463", "EIN": f"9413{n}8475"}
    for n, way in enumerate(WAYS, 1)
}
WRONG = {way: f"6667{n}8419" for n, way in enumerate(WAYS, 1)}
LATE = {way: f"52{n}6{n}8431" for n, way in enumerate(WAYS, 1)}
TAKEN = [digits for kinds in GOOD.values() for digits in kinds.values()]
SECRETS = [*TAKEN, *WRONG.values(), *LATE.values()]
CANARY = "537281946"  # no secret: a code, an e-mail, a customer, events and files have it
CODE = f"canary-{CANARY}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}

# Runs commands; what they had in temporary folders is copied before it goes.
COMMANDS = """
import json, os, shutil, sys, tempfile
from portal import config, database
from portal.cli import cli
from tests.makers import run_once
remove = tempfile.TemporaryDirectory.cleanup
def keep(folder):
    shutil.copytree(folder.name, folder.name + ".kept")
    remove(folder)
tempfile.TemporaryDirectory.cleanup = keep
def nightly():
    found = config.load(os.environ)
    database.connect(found.database_url)
    run_once("backup", database.utcnow(), config=found)
    sys.exit()
for given in json.load(sys.stdin):
    try:
        nightly() if given == ["nightly"] else cli(given, prog_name="portal")
    except SystemExit as end:
        print("ended with", end.code or 0, flush=True)
"""


def layouts(digits, kind="SSN"):
    if kind == "EIN":
        return [f"{digits[:2]}-{digits[2:]}", digits]
    return [mark.join((digits[:3], digits[3:5], digits[5:])) for mark in ("-", " ", ".", "")]


def good(way):
    return [text for kind, digits in GOOD[way].items() for text in layouts(digits, kind)]


def wrong(way):
    """No such area, a digit too many, a letter."""
    *spaced, bare = layouts(WRONG[way])
    return [*spaced, f"{bare}1", f"{bare}x"]


# --- The day -----------------------------------------------------------------------------------


class Visitor:
    """A browser, or a program with a key, at the server; every answer goes into `heard`."""

    def __init__(self, port, heard, ip="192.0.2.1", **headers):
        self.port, self.heard = port, heard
        self.headers = {"X-Forwarded-For": ip, **headers}

    def ask(self, method, path, body=None, more=None):
        """The status and the body of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as line:
            line.request(method, path, body, self.headers | (more or {}))
            answer = line.getresponse()
            said = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", ()):
            self.headers["Cookie"] = cookie.partition(";")[0]
        self.heard += [str(answer.headers).encode(), said]
        return answer.status, said

    def submit(self, path, page=None, **fields):
        """Fill in the form of a page; the status and the body of the answer."""
        shown = self.ask("GET", page or path)[1]
        token = re.search(rb'name="csrf_token" value="([^"]+)"', shown)[1].decode()
        return self.ask("POST", path, urlencode(fields | {"csrf_token": token}), FORM)

    def sign_in(self, name):
        assert self.submit("/login", username=name, password=makers.PASSWORD)[0] == 303
        return self

    def call(self, method, path, **body):
        """Send JSON to the API; the status."""
        return self.ask(method, f"/api/v1{path}", json.dumps(body), JSON)[0]


@pytest.fixture
def day(db, backend, environ, tmp_path):
    """A program with three affiliates who were paid, where it keeps things, and its mail server."""
    places = {name: tmp_path / name for name in ("data", "tmp", "out", "logs", "mails")}
    for folder in (tmp_path / "given", *places.values()):
        folder.mkdir()
    vault.use(places["data"])
    today = database.utcnow()
    makers.make_program(today - timedelta(days=100), **PAYER)
    zone = program.load().zone
    month = month_of(today, zone).plus(-1)
    _pay_people(month, month.start(zone) + timedelta(days=4), today)
    with mailserver.Running() as smtp:
        mails = queue.Queue()  # where they can be awaited
        smtp.mailbox.mails = SimpleNamespace(append=mails.put)
        more = {"PORTAL_PROXIES": "1", "MAIL_URL": f"smtp://localhost:{smtp.address.port}"}
        yield SimpleNamespace(
            places={"database": backend.folder, **places},
            environ=environ | more | {"TMPDIR": str(places["tmp"])},
            given=tmp_path / "given",
            year=year_of(today, zone),
            key=access.create_key("shop", now=today),
            mails=mails,
            heard=[],
        )


def _pay_people(month, at, today):
    makers.make_admin(today)
    for code in ("patch", "profile", CODE):
        password = makers.PASSWORD if code == "profile" else None
        told = {"us_person": True, "password": password, **makers.ADDRESS}
        made = makers.make_affiliate(code, today - timedelta(days=95), **told)
        accounts.adjust(made, 250_000, "earned elsewhere", by="test", now=at)
    sale = {name: f"{name}-{CANARY}" for name in ("event_id", "order_id", "customer_id")}
    sale |= {"email": f"{CANARY}@shop.example", "amount": 9_700}
    sale |= {"click_id": makers.make_click(made, at)}
    orders.record_sale(feeds.sale(sale, at), now=at)
    refund = {"event_id": f"refund-{CANARY}", "sale_event_id": sale["event_id"], "amount": 100}
    orders.record_refund(feeds.refund(refund, at), now=at)
    makers.make_run(month, today)
    checks.print_checks(month, by="test", now=today, first=501)
    Message.delete().execute()  # of before the day: some would never be sent


# --- The ways a tax ID is given ------------------------------------------------------------------


def by_form(port, day):
    said = {"name": "Fay Form", "us_person": "yes", "terms": "y"}
    for n, text in enumerate(good("form")):
        visitor = Visitor(port, day.heard, f"198.51.100.{n}")
        email = f"form{n}@lists.example"
        assert visitor.submit("/apply", **said, email=email, tax_id=text)[0] == 200
    for text in wrong("form"):
        assert visitor.submit("/apply", **said, email=email, tax_id=text)[0] == 422
    for text in layouts(LATE["form"]):
        for change in ({"terms": ""}, {"email": "form@"}, {"name": ""}):
            late = said | {"email": email, "tax_id": text} | change
            assert visitor.submit("/apply", **late)[0] == 422
        assert visitor.ask("POST", "/apply", urlencode(late), FORM)[0] == 400  # without a token


def by_post(port, day):
    shop = Visitor(port, day.heard, Authorization=f"Bearer {day.key}")
    said = {"name": "Paul Post", "us_person": True}
    for n, text in enumerate(good("post")):
        email = f"post{n}@lists.example"
        assert shop.call("POST", "/affiliates", **said, email=email, tax_id=text) == 201
    for text in wrong("post"):
        assert shop.call("POST", "/affiliates", **said, email="new@x.example", tax_id=text) == 422
    for text in layouts(LATE["post"]):
        late = said | {"email": "new@x.example", "tax_id": text}
        for change in ({"colour": "red"}, {"code": CODE}, {"country": "USA"}, {"name": 1}):
            assert shop.call("POST", "/affiliates", **late | change) == 422
        assert shop.call("POST", "/affiliates", **late | {"email": email}) == 200  # known already
        whole = json.dumps(late)
        stranger = Visitor(port, day.heard)
        for who, body, kind, status in (
            (shop, whole[:-1], JSON, 400),
            (shop, whole.encode("utf-16"), JSON, 400),
            (shop, whole + " " * 300_000, JSON, 413),
            (shop, whole, FORM, 415),
            (stranger, whole, JSON, 401),
        ):
            assert who.ask("POST", "/api/v1/affiliates", body, kind)[0] == status


def by_patch(port, day):
    shop = Visitor(port, day.heard, Authorization=f"Bearer {day.key}")
    assert shop.call("PATCH", f"/affiliates/{CODE}", payee="Canary LLC") == 200  # and is mailed
    for text in good("patch"):
        assert shop.call("PATCH", "/affiliates/patch", tax_id=text) == 200
    for text in wrong("patch"):
        assert shop.call("PATCH", "/affiliates/patch", tax_id=text) == 422
    for text in layouts(LATE["patch"]):
        for more in ({"payee": " "}, {"status": "active"}, {"address": {}}):
            assert shop.call("PATCH", "/affiliates/patch", tax_id=text, **more) == 422
        assert shop.call("PATCH", "/affiliates/nobody", tax_id=text) == 404


TAX = "/center/profile/tax"
W9 = {"tax-us_person": "yes", "tax-w9": "y", "tax-tax_name": "Pro", "tax-tax_class": "individual"}


def by_profile(port, day):
    visitor = Visitor(port, day.heard).sign_in("profile")
    for text in good("profile"):
        given = W9 | {"tax-tax_id": text}
        assert visitor.submit(TAX, "/center/profile", **given)[0] == 303
    for text in wrong("profile"):
        given = W9 | {"tax-tax_id": text}
        assert visitor.submit(TAX, "/center/profile", **given)[0] == 422
    for text in layouts(LATE["profile"]):
        given = W9 | {"tax-tax_id": text}
        for field in ("tax-w9", "tax-tax_name", "tax-tax_class"):
            assert visitor.submit(TAX, "/center/profile", **given | {field: ""})[0] == 422
        assert visitor.ask("POST", TAX, urlencode(given), FORM)[0] == 400


def by_import(day):
    """The commands that import, with the status of each."""
    late = layouts(LATE["import"])
    tables = {
        "good": (0, [f"g{n}@x.example,X,US,{text}" for n, text in enumerate(good("import"))]),
        "wrong": (1, [f"x{n}@x.example,X,US,{text}" for n, text in enumerate(wrong("import"))]),
        "late": (1, [f"x{n}@x.example,X,USA,{text}" for n, text in enumerate(late)]),
        "long": (1, [f"x{n}@x.example,X,US,{text},{text}" for n, text in enumerate(late)]),
        "torn": (1, [f'x{n}@x.example,X,US,"{text}' for n, text in enumerate(late)]),
    }
    for name, (status, lines) in tables.items():
        file = day.given / f"{name}.csv"
        file.write_text("\n".join(["email,name,country,tax_id", *lines]))
        yield ["import", "affiliates", str(file)], status
    headless = day.given / "headless.csv"
    headless.write_text(",".join(late))
    yield ["import", "affiliates", str(headless)], 1


@contextmanager
def broken_table():
    """No tax ID can be stored; the database says so with all it knows."""
    if database.is_sqlite():
        refuse = "BEFORE INSERT ON tax_id_on_file BEGIN SELECT RAISE(ABORT, 'broken'); END"
        broken, mended = f"CREATE TRIGGER broken {refuse}", "DROP TRIGGER broken"
    else:
        table = "ALTER TABLE tax_id_on_file"
        broken = f"{table} ADD CONSTRAINT broken CHECK (false) NOT VALID"
        mended = f"{table} DROP CONSTRAINT broken"
    database.db.execute_sql(broken)
    yield
    database.db.execute_sql(mended)


@contextmanager
def broken_ring(data):
    """No tax ID can be sealed."""
    ring = data / vault.RING
    aside = ring.rename(data / "aside")
    ring.write_text("{")
    yield
    aside.rename(ring)


def on_broken_ground(port, day):
    """Each way fails within, and the server's log tells of it."""
    shop = Visitor(port, day.heard, Authorization=f"Bearer {day.key}")
    pro = Visitor(port, day.heard).sign_in("profile")
    for ground in (broken_table(), broken_ring(day.places["data"])):
        with ground:
            for n, text in enumerate(layouts(LATE["patch"])):
                new = {"name": "X", "email": f"x{n}@x.example", "tax_id": text}
                assert shop.call("PATCH", f"/affiliates/{CODE}", tax_id=text) == 500
                assert shop.call("POST", "/affiliates", **new) == 500
                visitor = Visitor(port, day.heard, f"203.0.113.{n}")
                assert visitor.submit("/apply", **new, terms="y")[0] == 500
                given = W9 | {"tax-tax_id": text}
                assert pro.submit(TAX, "/center/profile", **given)[0] == 500


# --- What opens and what copies them -------------------------------------------------------------


def in_the_office(port, day):
    """What opens tax IDs opens them, once and to who asked; nothing else shows them."""
    looker = Visitor(port, []).sign_in("office@example.com")
    for code, way in (("patch", "patch"), ("profile", "profile")):
        shown = looker.submit(f"/admin/tax/reveal/{code}", **LOOK)[1].decode()
        assert layouts(GOOD[way]["EIN"], "EIN")[0] in shown
    filed = looker.submit(f"/admin/tax/{day.year}/file", **LOOK)[1].decode()
    assert GOOD["patch"]["EIN"] in filed
    assert GOOD["profile"]["EIN"] in filed
    office = Visitor(port, day.heard).sign_in("office@example.com")
    year = f"/admin/tax?year={day.year}"
    for path in (year, f"{year}&format=csv", "/admin/affiliates", "/admin/affiliates?format=csv",
                 "/admin/affiliates/patch", "/admin/mails", "/admin/settings"):  # fmt: skip
        assert office.ask("GET", path)[0] == 200
    copies = office.ask("GET", f"/admin/tax/{day.year}/copies")[1]
    day.heard += [page.encode() for page in texts(copies)]


def run(day, commands):
    """Run commands in a process of their own, each to end with its status."""
    given, statuses = zip(*commands, strict=True)
    with (day.places["logs"] / "commands").open("a+") as log:
        begins = log.tell()
        process = subprocess.run(
            [sys.executable, "-c", COMMANDS], input=json.dumps(given), text=True, stdout=log,
            stderr=subprocess.STDOUT, env=day.environ, check=False,
        )  # fmt: skip
        log.seek(begins)
        said = log.read()
    assert process.returncode == 0, said
    assert re.findall(r"ended with (\d)", said) == [str(status) for status in statuses], said


def keep_mails(day):
    """Wait for every mail that was queued, and keep it as a file, with its parts decoded too."""
    number = 0
    while number < Message.select().count():
        mail = day.mails.get(timeout=300)
        parts = [part.get_payload(decode=True) or b"" for part in mail.walk()]
        (day.places["mails"] / f"{number}.eml").write_bytes(b"\n".join([bytes(mail), *parts]))
        number += 1


# What stays on file: of those who gave one after the other the last.
STAYS = {digits for way in ("form", "post", "import") for digits in GOOD[way].values()}
STAYS |= {GOOD[way]["EIN"] for way in ("patch", "profile")}


def on_file():
    """The tax IDs on file, opened."""
    now, rows = database.utcnow(), TaxIdOnFile.select(TaxIdOnFile, Affiliate).join(Affiliate)
    shown = [filing.reveal(row.affiliate, "a test", by=row.affiliate.code, now=now) for row in rows]
    return {text.replace("-", "") for text in shown}


# --- The search ----------------------------------------------------------------------------------


@contextmanager
def whole_history():
    """All that the database writes ahead stays; PostgreSQL logs every statement with its values."""
    if database.is_sqlite():
        with closing(sqlite3.connect(database.db.database, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM setting").fetchone()
            yield
        return
    (name,) = database.db.execute_sql("SELECT current_database()").fetchone()
    for setting in ("log_statement = 'all'", "log_parameter_max_length_on_error = -1"):
        database.db.execute_sql(f"ALTER DATABASE {name} SET {setting}")
    database.db.execute_sql("SELECT pg_create_physical_replication_slot('history', true)")
    try:
        yield
    finally:
        database.db.execute_sql("SELECT pg_drop_replication_slot('history')")


def search(day, kinds):
    """No secret is in any file; the number that is none is in every place and kind of file."""
    if not database.is_sqlite():
        database.db.execute_sql("CHECKPOINT")
    hits = seeking.found([*SECRETS, CANARY], *day.places.values())
    assert {(number, file) for number, file in hits if number != CANARY} == set()
    seen = [file for _, file in hits]
    wanted = [rf"{re.escape(str(folder))}/" for folder in day.places.values()]
    assert [one for one in wanted + kinds if not any(re.search(one, file) for file in seen)] == []


# Where the number that is no secret has to be found.
SQLITE = [r"/test_\d+\.db$", r"/copy\.db$"]  # the copy is the one that an import rehearses in
POSTGRESQL = [r"/data/base/", r"/data/pg_wal/", r"/log$"]
MADE = [r"/data/backups/portal-[-\d]+\.db$", r"/restored\.db$", r"/out/backup\.db$"]
MADE += [rf"/out/{kind}\.csv$" for kind in transfer.EXPORTS]
MADE += [r"/logs/server$", r"/logs/commands$"]


def test_no_tax_id_is_found_anywhere(day):
    kinds = [*MADE, *(SQLITE if database.is_sqlite() else POSTGRESQL)]
    out = day.places["out"]
    with whole_history():
        with (
            (day.places["logs"] / "server").open("w") as log,
            servers.portal(day.environ, log) as (port, _),
        ):
            for give in (by_form, by_post, by_patch, by_profile, on_broken_ground):
                give(port, day)
            made = [["key", "rotate"], ["backup", str(out / "backup.db")], ["nightly"]]
            made += [["tax", str(day.year)]]
            made += [["export", kind, str(out / f"{kind}.csv")] for kind in transfer.EXPORTS]
            run(day, [*by_import(day), *((command, 0) for command in made)])
            assert on_file() == STAYS
            in_the_office(port, day)
            keep_mails(day)
            back = [["restore", str(out / "backup.db")], ["verify"]]
            run(day, [(command, 0) for command in [*back, ["restored", "--highest-check", "900"]]])
            assert on_file() == STAYS
            search(day, [*kinds, *([r"-wal$"] if database.is_sqlite() else [])])
        search(day, kinds)
    assert seeking.held([*SECRETS, CANARY], b"\n\n\n\n".join(day.heard)) == {CANARY}
