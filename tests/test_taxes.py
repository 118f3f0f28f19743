"""The tax part of the law as tables: R2, R20, R22. No database."""

from __future__ import annotations

import pytest

from portal import rules, taxes
from tests.tables import case

# --- R2: tax IDs -------------------------------------------------------------------------------

NOT_GIVEN = ["", "   ", "0", "000000000", "000-00-0000", "00-0000000", "000 00 0000", "0000"]


@pytest.mark.parametrize("text", NOT_GIVEN)
def test_r2_e82_zeros_mean_not_given(text: str) -> None:
    assert taxes.tax_id(text) is None


WELL_FORMED = [
    case("ein", "94-3216540", "EIN", "943216540"),
    case("ein-leading-zero", "01-2345678", "EIN", "012345678"),
    case("ein-layout-wins-over-ssn-form", "21-9456780", "EIN", "219456780"),
    case("ssn", "219-45-6780", "SSN", "219456780"),
    case("ssn-spaces", "219 45 6780", "SSN", "219456780"),
    case("ssn-trimmed", "  219-45-6780 ", "SSN", "219456780"),
    case("ssn-bare", "219456780", "SSN", "219456780"),
    case("ssn-highest-area", "899-99-9999", "SSN", "899999999"),
    case("ein-typed-with-an-en-dash", "12\u20133456780", "EIN", "123456780"),
    case("itin", "912-70-1234", "ITIN", "912701234"),
    case("itin-bare", "912701234", "ITIN", "912701234"),
    case("bare-with-area-666-is-ein", "666123456", "EIN", "666123456"),
    case("bare-with-group-00-is-ein", "219001234", "EIN", "219001234"),
    case("bare-with-serial-0000-is-ein", "219450000", "EIN", "219450000"),
]


@pytest.mark.parametrize(("text", "kind", "digits"), WELL_FORMED)
def test_r2_well_formed(text: str, kind: str, digits: str) -> None:
    got = taxes.tax_id(text)
    assert got is not None
    assert (got.kind, got.digits) == (kind, digits)


REFUSED = [
    "123456789",
    "123-45-6789",
    "111111111",
    "999-99-9999",
    "55-5555555",
    "12345678",
    "1234567890",
    "94-321654O",
    "abc",
    "000-12-3456",
    "666-12-3456",
    "219-00-1234",
    "219-45-0000",
    "219-45-678",
]


@pytest.mark.parametrize("text", REFUSED)
def test_r2_refused_in_words(text: str) -> None:
    with pytest.raises(rules.Refused) as caught:
        taxes.tax_id(text)
    assert caught.value.field in (None, "tax_id")
    assert len(str(caught.value).split()) > 2


# --- R20: the tax hold -------------------------------------------------------------------------

US_PERSONS = [
    case("said-yes-abroad", True, "DE", True),
    case("E84-said-no-at-home", False, "US", False),
    case("not-said-us", None, "US", True),
    case("not-said-unknown", None, "", True),
    case("E84-not-said-abroad", None, "DE", False),
]


@pytest.mark.parametrize(("said", "country", "is_one"), US_PERSONS)
def test_r20_us_person(said: bool | None, country: str, is_one: bool) -> None:
    assert taxes.is_us_person(said, country) is is_one


HOLDS = [
    case("nothing-earned", True, False, 0, False),
    case("E81-exactly-600", True, False, 60_000, False),
    case("E81-600.01", True, False, 60_001, True),
    case("a-year-of-refunds", True, False, -60_001, False),
    case("with-tax-id", True, True, 100_000, False),
    case("E84-abroad", False, False, 100_000, False),
]


@pytest.mark.parametrize(("us", "on_file", "highest", "held"), HOLDS)
def test_r20_tax_hold(us: bool, on_file: bool, highest: int, held: bool) -> None:
    assert taxes.tax_hold(us, on_file, highest, rules.Terms()) is held


def test_r10a_the_threshold_comes_from_the_terms() -> None:
    terms = rules.Terms(tax_threshold=5_000)
    held = [taxes.tax_hold(True, False, earned, terms) for earned in (5_000, 5_001)]
    assert held == [False, True]


# --- R22: form 1099-NEC ------------------------------------------------------------------------

LAW_2025, LAW_2026 = 60_000, 200_000
FORMS = [
    case("2025-599.99", 59_999, LAW_2025, "program", False),
    case("2025-600.00-by-law", 60_000, LAW_2025, "program", True),
    case("2025-600.00-statutory", 60_000, LAW_2025, "statutory", True),
    case("2026-600.00", 60_000, LAW_2026, "program", False),
    case("2026-600.01-promised", 60_001, LAW_2026, "program", True),
    case("2026-600.01-statutory", 60_001, LAW_2026, "statutory", False),
    case("2026-1999.99-statutory", 199_999, LAW_2026, "statutory", False),
    case("2026-2000.00-statutory", 200_000, LAW_2026, "statutory", True),
    case("2026-2000.00-program", 200_000, LAW_2026, "program", True),
    case("nothing-paid", 0, LAW_2026, "program", False),
]


@pytest.mark.parametrize(("total", "law", "at", "due"), FORMS)
def test_r22_form(total: int, law: int, at: str, due: bool) -> None:
    got, reason = taxes.form_1099(total, statutory=law, us_person=True, corporation=False, at=at)
    assert (got, bool(reason)) == (due, True)


@pytest.mark.parametrize("at", ["program", "statutory"])
def test_r22_not_abroad_and_not_for_corporations(at: str) -> None:
    for us, corporation in [(False, False), (True, True), (False, True)]:
        due, _ = taxes.form_1099(
            500_000, statutory=LAW_2026, us_person=us, corporation=corporation, at=at
        )
        assert due is False
