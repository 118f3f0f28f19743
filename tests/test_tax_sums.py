"""The sums of a tax year are the same wherever they are said, in random histories (R22).

A history is played on the portal and kept beside it in plain numbers. Its deeds come at the edges
of months, so that checks are printed, voided and reissued on both sides of a new year.
"""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from portal import accounts, affiliates, checks, database, payouts, taxyear
from portal.books import PaperCheck, Payout
from portal.models import Affiliate
from portal.months import Month
from tests import makers
from tests.outside import Outside, rows_of
from tests.papers import cents_in, texts

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2025, 6, 20, 12, 0, tzinfo=UTC)
MONTHS = [Month("2025-07").plus(n) for n in range(9)]
FILED = {2025: datetime(2026, 1, 25, 12, 0, tzinfo=UTC), 2026: datetime(2027, 1, 25, tzinfo=UTC)}
YEARS = (2025, 2026, 2027)
SEEDS = (2, 4, 6, 9, 12, 17)  # of histories that come to all of CASES
PEOPLE = {
    "ann": {"tax_id": "219-45-6780"},
    "bob": {},  # held once enough is earned, until the tax ID comes
    "cleo": {"us_person": False, "country": "FR"},
    "dora": {"tax_id": "94-3216540"},  # a C corporation
    "evan": {"tax_id": "219-45-6781"},  # little, in round amounts
    "fay": {"country": "GB"},  # a U.S. citizen abroad; adjustments alone are never held
}
GET_FORMS = ("ann", "bob", "evan", "fay")
SELL = ("ann", "bob", "cleo", "dora")
YEARLY, EARNS = {"interval": "year", "price": 1_164_00}, 200_00
PAYER = {"payer_name": "Maestro Inc", "payer_tax_id": "12-3456789"}
PAYER["program_address"] = "410 Harbor Way\nOakland, CA 94607"
NEXT = {
    "issued": ["print", "print", "print", "print", "void"],
    "printed": ["paid", "paid", "paid", "void", "spoil", ""],
    "paid": ["clear", "clear", "void", "", "", "", ""],
    "void": ["reissue", "reissue", ""],
    "cleared": [""],
}
CASES = {
    "held",
    "carried",
    "void in its year",
    "void in a later year",
    "void after filing",
    "reissued in its year",
    "reissued in a later year",
    "spoiled",
}


def added(pairs):
    """Pairs of a name and cents as the sum of each name; a sum of zero is one too."""
    found = {}
    for name, cents in pairs:
        found[name] = found.get(name, 0) + cents
    return found


class Books:
    """A history by chance, and what it comes to: entries, checks and forms in plain numbers."""

    def __init__(self, seed, outside):
        self.dice, self.outside = random.Random(seed), outside  # noqa: S311
        self.who = {}
        self.entries = []  # code, kind, cents
        self.sales = []  # code, event id, year: those not refunded
        self.without_id = {"bob", "fay"}
        self.runs = 0
        self.checks = {}  # by month and code: the checks of a payout, the last one counts
        self.filed = {}  # by year: what each one's form said last
        self.seen = set()

    @property
    def now(self):
        return database.utcnow()

    @property
    def today(self):
        return self.now.astimezone(ZONE).date()

    # --- What has to be ------------------------------------------------------------------------

    def held(self, code):
        years = Counter(year for who, _, year in self.sales if who == code)
        return code in self.without_id and max(years.values(), default=0) * EARNS > 600_00

    def sums(self, year):
        """Everyone with a check dated in a year, and the cents of their checks not void."""
        return added(
            (code, 0 if check["state"] == "void" else check["cents"])
            for (_, code), parts in self.checks.items()
            for check in parts
            if check["date"].startswith(str(year))
        )

    def forms(self, year):
        """Who gets a form of how much: from $600.00 by the law of 2025, above it as promised."""
        least = 600_00 if year == 2025 else 600_01
        return {
            c: cents for c, cents in self.sums(year).items() if c in GET_FORMS and cents >= least
        }

    def corrected(self, year):
        """The forms that were filed or should have been, and say now something else."""
        filed, right = self.filed.get(year, {}), self.forms(year)
        both = {code: (filed.get(code, 0), right.get(code, 0)) for code in filed | right}
        return {code: (was, now) for code, (was, now) in both.items() if filed and was != now}

    # --- People and what they earn -------------------------------------------------------------

    def join(self):
        for code, said in PEOPLE.items():
            said = makers.ADDRESS | {"us_person": True, "password": None} | said
            self.who[code] = makers.make_affiliate(code, self.now, **said)
        corporation = {"tax_class": "c_corporation"}
        affiliates.change_profile(self.who["dora"], by="test", now=self.now, **corporation)

    def earn(self):
        for code in PEOPLE:
            for _ in range(self.dice.randrange(4) if code in SELL else 0):
                self.sell(code)
            if self.dice.random() < 0.6:
                self.adjust(code)
        if self.dice.random() < 0.6:
            self.take_back()

    def sell(self, code):
        sale = f"sale-{len(self.entries)}"
        said = {"event_id": sale, "referral_code": code, "amount": 1_164_00, "plan": YEARLY}
        said |= {"customer_id": sale, "email": f"{sale}@shop.example"}
        self.outside.send("/track/sale", said)
        self.sales.append((code, sale, self.today.year))
        self.entries.append((code, "commission", EARNS))

    def take_back(self):
        code, sale, _ = self.sales.pop(self.dice.randrange(len(self.sales)))
        refund = {"event_id": f"refund-{len(self.entries)}", "sale_event_id": sale}
        self.outside.send("/track/refund", refund)
        self.entries.append((code, "reversal", -EARNS))

    def adjust(self, code):
        cents = self.dice.choice([20_00, 100_00, 300_00, -50_00])
        if code != "evan":
            cents = self.dice.choice([cents, self.dice.randint(1, 700_00)])
        accounts.adjust(self.who[code], cents, "a correction", by="test", now=self.now)
        self.entries.append((code, "adjustment", cents))

    def give_tax_id(self):
        affiliates.change_tax_id(self.who["bob"], "219-45-6782", by="test", now=self.now)
        self.without_id.remove("bob")

    # --- Runs, checks and forms ----------------------------------------------------------------

    def run(self, month):
        told = payouts.run_month(month, by="test", now=self.now)
        balances = added((code, cents) for code, _, cents in self.entries)
        due = {code: cents for code, cents in balances.items() if cents > 0}
        held = {code for code in due if self.held(code)}
        paid = {code: due[code] for code in due if code not in held and due[code] >= 100_00}
        assert {row["affiliate"]: row["amount"] for row in told["payouts"]} == paid
        self.seen |= {"held"} if held else set()
        self.seen |= {"carried"} if due.keys() - held - paid.keys() else set()
        self.runs += 1
        for code, cents in sorted(paid.items()):
            self.issue(month, code, cents)

    def issue(self, month, code, cents):
        check = {"cents": cents, "state": "issued", "date": "", "runs": 0}
        self.checks.setdefault((month, code), []).append(check)
        self.entries.append((code, "payout", -cents))

    def move_checks(self):
        """The last check of each payout goes on by chance, or stays as it is."""
        for month, code in self.dice.sample(list(self.checks), len(self.checks)):
            check = self.checks[month, code][-1]
            deed = self.dice.choice(NEXT[check["state"]])
            gone = check["runs"] != self.runs or self.held(code)
            if deed and not (deed == "reissue" and gone):
                getattr(self, deed)(month, code, check)

    def do(self, deed, month, code, **said):
        told = deed(month, codes=[code], by="test", now=self.now, **said)
        assert ([row["affiliate"] for row in told["moved"]], told["refused"]) == ([code], [])

    def print(self, month, code, check):
        """Dated today, or some days before or after it."""
        day = self.today + timedelta(days=self.dice.choice([0, 0, 0, -2, 1, 3]))
        said = {"date": day.isoformat()} if day != self.today else {}
        self.do(checks.print_checks, month, code, **said)
        check |= {"state": "printed", "date": day.isoformat()}
        years = {before["date"][:4] for before in self.checks[month, code][:-1]} - {""}
        for year in years:
            self.seen.add(f"reissued in {'its' if int(year) == day.year else 'a later'} year")

    def spoil(self, month, code, check):
        """The sheet is lost in the printer; the check has no number or date as before."""
        number = PaperCheck.last(Payout.run == month, Affiliate.code == code).get().number
        told = checks.spoil(month, number, number, by="test", now=self.now)
        assert [row["affiliate"] for row in told["moved"]] == [code]
        check |= {"state": "issued", "date": ""}
        self.seen.add("spoiled")

    def paid(self, month, code, check):
        self.do(checks.mark_paid, month, code)
        check["state"] = "paid"

    def clear(self, month, code, check):
        self.do(checks.clear, month, code)
        check["state"] = "cleared"

    def void(self, month, code, check):
        self.do(checks.void, month, code, reason="lost")
        check |= {"state": "void", "runs": self.runs}
        self.entries.append((code, "payout_void", check["cents"]))
        if check["date"]:
            year = int(check["date"][:4])
            self.seen.add(f"void in {'its' if year >= self.today.year else 'a later'} year")
            self.seen |= {"void after filing"} if self.filed.get(year, {}).get(code) else set()

    def reissue(self, month, code, check):
        self.do(checks.reissue, month, code)
        self.issue(month, code, check["cents"])

    def file(self, year):
        taxyear.mark_filed(year, by="test", now=self.now)
        self.filed[year] = dict.fromkeys(self.filed.get(year, {}), 0) | self.forms(year)

    def lose(self, year):
        """Void a check of a form that was filed, if one of that year is still out."""
        for (month, code), parts in self.checks.items():
            check, form = parts[-1], self.filed[year].get(code)
            out = check["state"] in ("printed", "paid") and check["date"].startswith(str(year))
            if form and out:
                self.void(month, code, check)
                break


# --- What is said, held against it --------------------------------------------------------------


def by_year(rows, year):
    """Rows of a code, the date on its check, its state and cents: the sums of a year."""
    return added(
        (code, 0 if state == "void" else cents)
        for code, date, state, cents in rows
        if date.startswith(str(year)) and state != "spoiled"
    )


def sums_agree(books, run, outside):
    """Every year in the database, the register, the command, the office's page, and on file."""
    stored = list(
        database.db.execute_sql(
            "SELECT a.code, c.check_date, c.status, p.amount FROM paper_check c "
            "JOIN payout p ON p.id = c.payout_id JOIN affiliate a ON a.id = p.affiliate_id "
            "WHERE c.check_date IS NOT NULL"
        )
    )
    register = [
        (row["affiliate"], row["check_date"], row["status"], cents_in(row["amount"]))
        for row in outside.office("/bank/register")
    ]
    for year in YEARS:
        sums, forms = books.sums(year), books.forms(year)
        assert by_year(stored, year) == by_year(register, year) == sums
        told = json.loads(run("tax", str(year), "--json").stdout)["people"]
        page = outside.office("/tax", year=year, format="csv")
        for said in (
            [(one["affiliate"], one["amount"], one["form"]) for one in told],
            [(row["code"], cents_in(row["checks"]), row["form"] == "yes") for row in page],
        ):
            assert sorted(said) == [(code, sums[code], code in forms) for code in sorted(sums)]
        filed = {form.affiliate.code: form.amount for form in taxyear.filed(year)}
        changed = taxyear.corrections(year, taxyear.recipients(year))
        assert filed == books.filed.get(year, {})
        assert {c.affiliate.code: (c.was, c.amount) for c in changed} == books.corrected(year)


def forms_agree(books, run, outside):
    """The file for the IRS and the recipients' copies of each year that was filed."""
    for name, text in PAYER.items():
        assert run("set", name, text).exit_code == 0
    for year in books.filed:
        forms, corrected = books.forms(year), books.corrected(year)
        browser, look = outside.signed_in(), {"reason": "filing", "current": makers.PASSWORD}
        file = rows_of(browser.post(f"/admin/tax/{year}/file", data=look).text)
        box = "Box 1 - Nonemployee compensation"
        assert {row["Form Account Number"]: cents_in(row[box]) for row in file} == forms
        copies = {}
        for page in texts(browser.get(f"/admin/tax/{year}/copies").data):
            (code,) = PEOPLE.keys() & page.splitlines()
            (paid,) = (line for line in page.splitlines() if "Nonemployee compensation $" in line)
            copies[code] = cents_in(paid.rpartition(" ")[2]), "CORRECTED" in page
        assert copies == {
            code: (forms.get(code, 0), code in corrected) for code in forms | corrected
        }


def nothing_is_lost(books, outside):
    """Each balance is what was earned, adjusted and given back, less what was paid (R17)."""
    for code in PEOPLE:
        entries = outside.rows(f"/affiliates/{code}/ledger", "entries")
        kinds = added((entry["kind"], entry["amount"]) for entry in entries)
        assert kinds == added((kind, cents) for who, kind, cents in books.entries if who == code)
        told, kinds = outside.api(f"/affiliates/{code}"), Counter(kinds)
        assert told["earned"] == kinds["commission"] + kinds["reversal"]
        assert told["paid"] == -kinds["payout"] - kinds["payout_void"]
        assert told["balance"] == told["earned"] + kinds["adjustment"] - told["paid"]
        last = [parts[-1] for (_, who), parts in books.checks.items() if who == code]
        assert told["paid"] == sum(check["cents"] for check in last if check["state"] != "void")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sums_of_tax_years_agree(seed, run, client, login_as):
    with time_machine.travel(START, tick=False) as clock:
        outside = Outside(client, login_as, START)
        books = Books(seed, outside)
        books.join()
        for month in MONTHS:
            clock.move_to(month.start(ZONE) + timedelta(days=14))
            books.earn()
            if month == "2026-01":
                books.give_tax_id()
                clock.move_to(FILED[2025])
                books.file(2025)
                books.lose(2025)
            clock.move_to(month.end(ZONE) - timedelta(seconds=1))
            books.move_checks()
            clock.move_to(month.end(ZONE))
            books.run(month)
            books.move_checks()
            books.move_checks()
            if month >= "2025-12":
                sums_agree(books, run, outside)
        clock.move_to(FILED[2026])
        for year in FILED:
            books.file(year)
            books.lose(year)
            sums_agree(books, run, outside)
        forms_agree(books, run, outside)
        nothing_is_lost(books, outside)
        assert run("verify").stdout == "Everything agrees.\n"
    assert books.seen == CASES
