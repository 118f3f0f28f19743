"""A check's amount is the same wherever it is said: on paper, at the bank, by API, in the ledger.

Two hundred checks are read from outside alone, as the payee, the bank and the merchant read them.
"""

import random
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime

import time_machine

from portal import accounts, database
from tests.makers import ADDRESS, make_affiliate
from tests.outside import Outside, rows_of
from tests.papers import cents_in, cents_of, texts

JANUARY = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
FIRST_RUN = datetime(2026, 2, 1, 20, 0, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 20, 12, 0, tzinfo=UTC)
SECOND_RUN = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
MONTH = "2026-02"
NAMES = (
    "Łukasz Şahin",
    "Γεώργιος Παπαδόπουλος",
    "Юрій Щербак Ґанок",
    "Nguyễn Thị Ngọc Ưỡng",
    "Þóra Ægisdóttir & Sons, LLC",
    "Ann Vega",
)
REASONS = ("Contest, $25.00 a winner", "Paid twice, taken back", "Поправка за январь")
KINDS = ("Brought forward $", "Brought forward −", "Date Entry")  # of vouchers, all to be met
VOUCHER = re.compile(r"^(Check \d+, .+) For (?:your records|our files)$", re.MULTILINE)
LINE = re.compile(r"^(.+) (−?\$[\d,.]+)$", re.MULTILINE)


def amounts(dice):
    """Two hundred amounts: those at the edges of the words, and others of every length."""
    edges = [1, 100, 100_00, 100_10, 1_000_000_01, 9_999_999_99]
    return edges + [dice.randint(1, 10 ** dice.randint(2, 9)) for _ in range(194)]


def parts_of(amount, dice):
    """An amount as the sum of 1 to 30 entries, some of them negative and none zero."""
    most, parts = abs(amount) + 100, [0]
    while not all(parts):
        parts = [dice.randint(-most, most) for _ in range(dice.randrange(30))]
        parts.append(amount - sum(parts))
    return parts


def people(dice):
    """Affiliates, each with what January leaves of theirs and what February has to pay."""
    for n, amount in enumerate(amounts(dice), start=1):
        said = {"name": f"{dice.choice(NAMES)} {n}", "us_person": False, **ADDRESS}
        who = make_affiliate(f"p{n}", JANUARY, password=None, **said)
        yield who, dice.choice([0, dice.randint(1, 99_99), -dice.randint(1, amount)]), amount


def adjust(who, parts, dice, now):
    for part in parts:
        accounts.adjust(who, part, dice.choice(REASONS), by="test", now=now)


def pay(run, clock, pdf):
    """Two hundred checks of February as a PDF; returns the amount that each has to say, by code."""
    dice = random.Random(22)  # noqa: S311
    with database.transaction():
        found = list(people(dice))
        for who, before, _ in found:
            adjust(who, [before] if before else [], dice, JANUARY)
    clock.move_to(FIRST_RUN)
    assert "payouts: 0\n" in run("payouts", "run").stdout  # all of it is less than the minimum
    clock.move_to(FEBRUARY)
    assert run("set", "minimum_payout", "1").exit_code == 0
    with database.transaction():
        for who, before, amount in found:
            adjust(who, parts_of(amount - before, dice), dice, FEBRUARY)
    clock.move_to(SECOND_RUN)
    assert "payouts: 200, " in run("payouts", "run").stdout
    printed = run("checks", "print", "--month", MONTH, "--first", "1001", "--pdf", str(pdf))
    assert "moved: 200, " in printed.stdout
    return {who.code: amount for who, _, amount in found}


# --- What is said of an amount, by the place where it is said -----------------------------------


def on_paper(pages):
    """What the pages of the PDF say, each place of a check for itself."""
    told = defaultdict(list)
    for page in pages:
        face, *vouchers = VOUCHER.split(page)
        (figures,) = re.findall(r" \$\*\*(\S+)$", face, re.MULTILINE)
        (words,) = re.findall(r"^.+/100$", face, re.MULTILINE)
        said = {"figures": cents_in(figures), "words": cents_of(words)}
        for copy, head, body in (("records", *vouchers[:2]), ("files", *vouchers[2:])):
            *lines, (payee, total) = LINE.findall(body)
            said[f"{copy}, head"] = cents_in(head.rpartition(", ")[2])
            said[f"{copy}, lines"] = sum(cents_in(amount) for _, amount in lines)
            said[f"{copy}, total"] = cents_in(total)
        for place, cents in said.items():
            told[place].append((payee.rpartition(", code ")[2], cents))
    return told


def at_the_bank(outside, run):
    """What the register and the file for the bank say."""
    assert run("set", "bank_account", "0012345").exit_code == 0
    outside.signed_in().post("/admin/bank/files")
    register = outside.office("/bank/register")
    codes = {row["check_number"]: row["affiliate"] for row in register}
    file = outside.office("/bank/files/1")
    assert {row["type"] for row in file} == {"issue"}
    return {
        "register": [(row["affiliate"], cents_in(row["amount"])) for row in register],
        "bank": [(codes[row["check_number"]], cents_in(row["amount"])) for row in file],
    }


def by_machine(outside, run, file):
    """What the API and the exported file say."""
    assert run("export", "payouts", str(file)).exit_code == 0
    exported = rows_of(file.read_text(encoding="utf-8"))
    payouts = outside.rows("/payouts", "payouts", month=MONTH)
    codes = [row["affiliate"] for row in payouts]
    ledgers = {code: outside.rows(f"/affiliates/{code}/ledger", "entries") for code in codes}
    return {
        "export": [(row["affiliate"], int(row["amount"])) for row in exported],
        "API, payouts": [(row["affiliate"], row["amount"]) for row in payouts],
        "API, ledger": [
            (code, -entry["amount"])
            for code, entries in ledgers.items()
            for entry in entries
            if entry["kind"] == "payout"
        ],
    }


def in_the_ledger():
    """What the rows of the database say."""
    rows = database.db.execute_sql(
        "SELECT a.code, -e.amount FROM entry e JOIN affiliate a ON a.id = e.affiliate_id "
        "WHERE e.kind = 'payout'"
    )
    return {"ledger": list(rows)}


def test_an_amount_is_the_same_wherever_it_is_said(run, client, login_as, tmp_path):
    pdf = tmp_path / "checks.pdf"
    with time_machine.travel(JANUARY, tick=False) as clock:
        outside = Outside(client, login_as, JANUARY)
        wanted = sorted(pay(run, clock, pdf).items())
        pages = texts(pdf.read_bytes())
        told = on_paper(pages) | at_the_bank(outside, run) | in_the_ledger()
        told |= by_machine(outside, run, tmp_path / "payouts.csv")
    differing = {place: set(said) ^ set(wanted) for place, said in told.items()}
    assert {place: rows for place, rows in differing.items() if rows} == {}
    assert {place: len(said) for place, said in told.items()} == dict.fromkeys(told, 200)
    with_words = Counter(words for page in pages for words in KINDS if words in page)
    assert all(with_words[words] > 40 for words in KINDS), with_words
    assert with_words["Date Entry"] < 160  # the others have more entries than a voucher lists
