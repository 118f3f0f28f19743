"""The 1099 list of a year (R22): by the date on checks, voids left out, filed and corrected."""

from datetime import UTC, datetime, timedelta

import pytest

from portal import accounts, affiliates, checks, filing, taxyear
from portal.books import PaperCheck
from portal.models import Affiliate, Audit
from portal.rules import Refused
from tests import makers
from tests.papers import texts

OVER = datetime(2027, 1, 20, 18, tzinfo=UTC)  # when the forms of 2026 are filed


@pytest.fixture
def pay(db, now):
    """Pay somebody an amount for a month, by a check with a date."""
    makers.make_program(now - timedelta(days=600))

    def paid(code, cents, date, **said):
        who = affiliates.by_code(code)
        said = {"us_person": True, **makers.ADDRESS} | said
        who = who or makers.make_affiliate(code, now - timedelta(days=500), password=None, **said)
        month = f"20{paid.months // 12 + 20}-{paid.months % 12 + 1:02}"
        paid.months += 1
        accounts.adjust(who, cents, "earned", by="test", now=now - timedelta(days=2400))
        makers.make_run(month, now)
        checks.print_checks(month, codes=[code], by="test", now=now, date=date)
        return month

    paid.months = 0
    return paid


def told(year):
    return [(p["affiliate"], p["amount"], p["form"]) for p in taxyear.told(year)["people"]]


def test_a_year_goes_by_the_date_on_checks(pay):
    pay("ada", 59_000, "2025-12-31")
    pay("ada", 70_000, "2026-01-01")
    pay("ada", 130_000, "2026-12-31")
    assert told(2025) == [("ada", 59_000, False)]
    assert told(2026) == [("ada", 200_000, True)]
    assert told(2024) == []


def test_a_void_check_is_left_out_and_its_reissue_counts_in_its_own_year(pay, now):
    month = pay("ada", 90_000, "2025-12-30")
    about = {"codes": ["ada"], "by": "test", "now": now}
    checks.void(month, reason="lost", **about)
    assert told(2025) == [("ada", 0, False)]
    assert taxyear.recipients(2025)[0].reason == "Nothing was paid: every check is void."
    checks.reissue(month, **about)
    checks.print_checks(month, date="2026-02-01", **about)
    assert told(2026) == [("ada", 90_000, True)]


def test_each_has_its_reason(pay):
    pay("ada", 300_000, "2026-02-01")
    pay("bob", 60_001, "2026-02-01")
    pay("cleo", 60_000, "2026-02-01")
    pay("dora", 300_000, "2026-02-01", us_person=False, country="GB")
    pay("evan", 300_000, "2026-02-01")
    Affiliate.update(tax_class="s_corporation", tax_name="Evan Inc").where(
        Affiliate.code == "evan"
    ).execute()
    people = {p["affiliate"]: p for p in taxyear.told(2026)["people"]}
    assert {code: (p["form"], p["reason"]) for code, p in people.items()} == {
        "ada": (True, "Reaches $2,000.00, the amount set by law."),
        "bob": (True, "Above $600.00, as the program promises."),
        "cleo": (
            False,
            "Below $2,000.00, the amount set by law, and not above $600.00, as the program "
            "promises.",
        ),
        "dora": (False, "Not a U.S. person."),
        "evan": (False, "A C or S corporation gets none."),
    }
    assert people["evan"]["name"] == "Evan Inc"
    assert people["ada"]["name"] == "Ada Reyes"


@pytest.mark.parametrize(
    ("year", "amount", "certain"),
    [(1999, 60_000, True), (2025, 60_000, True), (2026, 200_000, True), (2027, 200_000, False)],
)
def test_the_law_by_year(db, year, amount, certain):
    assert taxyear.statutory(year) == (amount, certain)


def test_a_confirmed_amount_holds_for_its_year_and_is_used_after_it(db, now):
    taxyear.confirm(2027, 210_000, "https://tax.example/2027", by="ana", now=now)
    taxyear.confirm(2027, 220_000, "read wrongly before", by="ana", now=now)
    assert taxyear.statutory(2027) == (220_000, True)
    assert taxyear.statutory(2028) == (220_000, False)
    assert taxyear.statutory(2026) == (200_000, True)
    assert Audit.select().where(Audit.did == "tax year").count() == 2


@pytest.mark.parametrize(
    ("year", "amount"), [(2026, 210_000), (2027, 199_900), (2027, 210_050), (3000, 210_000)]
)
def test_an_amount_that_cannot_be_is_refused(db, now, year, amount):
    with pytest.raises(Refused):
        taxyear.confirm(year, amount, "somewhere", by="ana", now=now)
    assert taxyear.confirmed() == {}


def test_a_void_after_filing_makes_a_correction_until_it_is_filed(pay):
    pay("ada", 100_000, "2026-02-01")
    month = pay("ada", 70_000, "2026-03-01")
    pay("bob", 100_000, "2026-03-01")
    people = taxyear.recipients(2026)
    assert taxyear.corrections(2026, people) == []
    assert taxyear.mark_filed(2026, by="ana", now=OVER) == 2
    assert taxyear.corrections(2026, people) == []
    checks.void(month, codes=["ada"], reason="stale", by="ana", now=OVER)
    (found,) = taxyear.corrections(2026, taxyear.recipients(2026))
    assert (found.affiliate.code, found.was, found.amount) == ("ada", 170_000, 100_000)
    assert [check.void_reason for check in found.checks] == ["stale"]
    later = OVER + timedelta(days=1)
    taxyear.mark_filed(2026, by="ana", now=later)
    assert taxyear.corrections(2026, taxyear.recipients(2026)) == []
    assert {form.affiliate.code: form.filed_at for form in taxyear.filed(2026)} == {
        "ada": later,
        "bob": OVER,
    }


def test_one_who_came_after_filing_is_a_correction_and_one_due_no_more_too(pay):
    month = pay("ada", 100_000, "2026-02-01")
    taxyear.mark_filed(2026, by="ana", now=OVER)
    pay("bob", 100_000, "2026-03-01")
    checks.void(month, codes=["ada"], reason="stale", by="ana", now=OVER)
    found = taxyear.corrections(2026, taxyear.recipients(2026))
    assert {c.affiliate.code: (c.was, c.amount) for c in found} == {
        "ada": (100_000, 0),
        "bob": (0, 100_000),
    }
    taxyear.mark_filed(2026, by="ana", now=OVER)
    assert taxyear.corrections(2026, taxyear.recipients(2026)) == []


def test_a_form_that_is_due_no_more_is_corrected_to_nothing_on_the_copy_too(pay):
    pay("ada", 50_000, "2026-02-01")
    month = pay("ada", 20_000, "2026-03-01")
    taxyear.mark_filed(2026, by="ana", now=OVER)
    checks.void(month, codes=["ada"], reason="stale", by="ana", now=OVER)
    (found,) = taxyear.corrections(2026, taxyear.recipients(2026))
    assert (found.was, found.amount) == (70_000, 0)
    (copy,) = texts(filing.copies(2026))
    assert "CORRECTED" in copy
    assert "1a Nonemployee compensation $0.00" in copy


def test_forms_are_filed_when_their_year_is_over(pay, now):
    pay("ada", 100_000, "2026-02-01")
    with pytest.raises(Refused, match="once the year is over"):
        taxyear.mark_filed(2026, by="ana", now=now)
    assert taxyear.filed(2026) == []


def test_a_sheet_spoiled_after_filing_makes_a_correction_with_its_copy(pay, now):
    month = pay("ada", 100_000, "2025-12-31")
    taxyear.mark_filed(2025, by="ana", now=now)
    number = PaperCheck.get().number
    checks.spoil(month, number, number, by="ana", now=now)
    assert taxyear.recipients(2025) == []
    (found,) = taxyear.corrections(2025, [])
    assert (found.affiliate.code, found.was, found.amount) == ("ada", 100_000, 0)
    (copy,) = texts(filing.copies(2025))
    assert "CORRECTED" in copy
    checks.print_checks(month, by="ana", now=now, date="2026-01-02")
    assert len(taxyear.corrections(2025, taxyear.recipients(2025))) == 1
