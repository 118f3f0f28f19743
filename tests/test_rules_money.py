"""How much, as tables: R9 to R11, R13. Numbers E1 to E95 are the edge cases.

Every amount is worked out by hand from the law, in cents. No database.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import rules
from tests.tables import case, refused_on

TERMS = rules.Terms()
MONTH, YEAR, ONCE = "month", "year", "once"


# --- R9: what was earned in all ----------------------------------------------------------------

EARNED = [
    case("E23-97.00-full", MONTH, 9_700, 9_700, 2_000),
    case("E23-96.99-full", MONTH, 9_699, 9_699, 1_940),  # 1939.8
    case("I21-97.01-full", MONTH, 9_701, 9_701, 2_000),
    case("E23-50.00", MONTH, 5_000, 5_000, 1_000),
    case("E24-half-price-of-99", MONTH, 9_900, 4_950, 1_000),
    case("E25-nothing-paid", MONTH, 9_700, 0, 0),
    case("E26-one-dollar-of-97", MONTH, 9_700, 100, 21),  # 20.62
    case("E26-one-dollar-plan", MONTH, 100, 100, 20),
    case("E31-proration-of-149", MONTH, 14_900, 3_000, 403),  # 402.68
    case("R9-two-seats-earn-twice", MONTH, 9_700, 19_400, 4_000),
    case("twelve-months", MONTH, 9_700, 116_400, 24_000),
    case("small-half-cent-up", MONTH, 5_000, 8, 2),  # 1.6
    case("half-cent-up", ONCE, 1, 3, 1),  # 0.6
    case("E37-exact-half-month-plan", MONTH, 40_000, 10, 1),  # 0.5
    case("just-below-half", MONTH, 40_000, 9, 0),  # 0.45
    case("E37-exact-half-year-plan", YEAR, 40_000, 1, 1),  # 0.5
    case("E37-exact-one-and-a-half", YEAR, 40_000, 3, 2),
    case("once-exact-half", ONCE, 100, 5, 1),  # 1.0
    case("once-0.4", ONCE, 100, 2, 0),
    case("E27-annual-970", YEAR, 97_000, 97_000, 20_000),
    case("E27-second-year", YEAR, 97_000, 194_000, 40_000),
    case("E28-first-third", YEAR, 97_000, 32_333, 6_667),
    case("E28-a-third-of-a-round-price", YEAR, 90_000, 30_000, 6_667),
    case("E28-two-thirds", YEAR, 90_000, 60_000, 13_333),
    case("E28-three-thirds", YEAR, 90_000, 90_000, 20_000),
    case("E28-a-quarter", YEAR, 97_000, 24_250, 5_000),
    case("E29-discounted-year", YEAR, 97_000, 48_500, 10_000),
    case("E32-700-of-970", YEAR, 97_000, 70_000, 14_433),  # 14432.99
    case("a-cheap-year-plan-has-no-rate", YEAR, 5_000, 5_000, 20_000),
    case("once-20-percent", ONCE, 9_900, 9_900, 1_980),
    case("once-price-0", ONCE, 0, 5_000, 1_000),
    case("once-by-what-was-paid", ONCE, 100_000, 5_000, 1_000),
    case("month-price-0-nothing-paid", MONTH, 0, 0, 0),
    case("year-price-0-nothing-paid", YEAR, 0, 0, 0),
    case("huge-is-exact", YEAR, 3, 10**15 + 1, 6_666_666_666_666_673_333),
]


@pytest.mark.parametrize(("interval", "price", "paid", "cents"), EARNED)
def test_r9_earned_in_all(interval: str, price: int, paid: int, cents: int) -> None:
    got = rules.earned_in_all(rules.Plan(interval, price), TERMS, paid)
    assert (got, type(got)) == (cents, int)


PARTS = [
    case("E28-thirds-of-200", YEAR, 90_000, [30_000] * 3, [6_667, 6_666, 6_667]),
    case("E28-quarters", YEAR, 97_000, [24_250] * 4, [5_000] * 4),
    case(
        "E51-refunds-in-pieces",
        MONTH,
        9_700,
        [9_700, -3_333, -3_333, -3_034],
        [2_000, -687, -687, -626],
    ),  # 2000, 1312.8, 625.6, 0
    case("E50-refund-of-40-percent", MONTH, 9_700, [9_700, -3_880], [2_000, -800]),
    case("E24-discounted-then-full", MONTH, 9_900, [4_950, 9_900], [1_000, 2_000]),
]


@pytest.mark.parametrize(("interval", "price", "moves", "entries"), PARTS)
def test_r9_each_makes_the_difference(
    interval: str, price: int, moves: list[int], entries: list[int]
) -> None:
    totals = accumulate(moves, initial=0)
    earned = [rules.earned_in_all(rules.Plan(interval, price), TERMS, paid) for paid in totals]
    assert [after - before for before, after in pairwise(earned)] == entries


def test_i17_a_year_in_twelve_installments_is_200_dollars_to_the_cent() -> None:
    plan, parts = rules.Plan(YEAR, 97_000), [8_083] * 11 + [8_087]
    earned = [rules.earned_in_all(plan, TERMS, paid) for paid in accumulate(parts)]
    assert sum(parts) == 97_000
    assert earned[-1] == 20_000
    assert earned[0] == 1_667  # 1666.6


def exactly(interval: str, price: int, paid: int) -> Fraction:
    """R9 as written, in fractions of a cent."""
    if interval == YEAR:
        return Fraction(20_000 * paid, price)
    if interval == MONTH and price >= 9_700:
        return Fraction(2_000 * paid, price)
    return Fraction(20 * paid, 100)


PLANS = st.tuples(st.sampled_from([MONTH, YEAR, ONCE]), st.integers(1, 200_000))


@settings(max_examples=50)
@given(PLANS, st.integers(0, 10**7))
def test_r9_is_half_up_of_the_exact_share(plan: tuple[str, int], paid: int) -> None:
    got = rules.earned_in_all(rules.Plan(*plan), TERMS, paid)
    assert -Fraction(1, 2) <= exactly(*plan, paid) - got < Fraction(1, 2)


@settings(max_examples=50)
@given(PLANS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_i19_more_money_never_earns_less(plan: tuple[str, int], paid: int, more: int) -> None:
    share = rules.Plan(*plan)
    earned = rules.earned_in_all(share, TERMS, paid)
    assert rules.earned_in_all(share, TERMS, paid + more) >= earned


OTHER_TERMS = rules.Terms(
    month_amount=2_500,
    month_threshold=5_000,
    month_rate=1_500,
    year_amount=30_000,
    once_rate=333,
    override_rate=1_250,
)
UNDER_OTHER_TERMS = [
    case("month-amount", MONTH, 5_000, 5_000, 2_500),
    case("month-rate", MONTH, 4_999, 4_999, 750),  # 749.85
    case("year", YEAR, 90_000, 30_000, 10_000),
    case("once-basis-points", ONCE, 100, 5_000, 167),  # 166.5 goes up
]


@pytest.mark.parametrize(("interval", "price", "paid", "cents"), UNDER_OTHER_TERMS)
def test_r10a_rates_come_from_the_terms(interval: str, price: int, paid: int, cents: int) -> None:
    assert rules.earned_in_all(rules.Plan(interval, price), OTHER_TERMS, paid) == cents


# --- R13: the override -------------------------------------------------------------------------

OVERRIDES = [
    case("E60-97.00", TERMS, 9_700, 970),
    case("nothing", TERMS, 0, 0),
    case("E37-half-cent-up", TERMS, 5, 1),
    case("just-below-half", TERMS, 4, 0),
    case("96.95", TERMS, 9_695, 970),  # 969.5 goes up
    case("E50-after-40-percent-back", TERMS, 5_820, 582),
    case("R10a-own-rate", OTHER_TERMS, 100, 13),  # 12.5 goes up
]


@pytest.mark.parametrize(("terms", "paid", "cents"), OVERRIDES)
def test_r13_override_in_all(terms: rules.Terms, paid: int, cents: int) -> None:
    assert rules.override_in_all(terms, paid) == cents


# --- R10: plans --------------------------------------------------------------------------------

CHANGES = [
    case("none-stated", None, False),
    case("the-same", rules.Plan(MONTH, 9_700), False),
    case("E31-other-price", rules.Plan(MONTH, 14_900), True),
    case("one-cent", rules.Plan(MONTH, 9_699), True),
    case("E32-other-interval", rules.Plan(YEAR, 9_700), True),
]


@pytest.mark.parametrize(("stated", "changed"), CHANGES)
def test_r10_changes_plan(stated: rules.Plan | None, changed: bool) -> None:
    assert rules.changes_plan(rules.Plan(MONTH, 9_700), stated) is changed


@pytest.mark.parametrize("interval", [MONTH, YEAR])
@pytest.mark.parametrize("stated", [True, False])
def test_r9_a_payment_needs_a_price(interval: str, stated: bool) -> None:
    refused_on(None, rules.check_price, rules.Plan(interval, 0), 1, stated)
    rules.check_price(rules.Plan(interval, 0), 0, stated)
    rules.check_price(rules.Plan(interval, 1), 1, stated)


def test_r9_a_one_off_that_stated_price_0_takes_no_money_then() -> None:
    refused_on(None, rules.check_price, rules.Plan(ONCE, 0), 1, True)
    rules.check_price(rules.Plan(ONCE, 0), 1, False)  # a free trial without a plan, then paid


# --- R11: refunds ------------------------------------------------------------------------------

REFUND, CHARGEBACK, WON = "refund", "chargeback", "chargeback_reversed"
REFUNDS = [
    case("E49-all", REFUND, None, (9_700, 0, 0), 9_700),
    case("all-that-is-left", REFUND, None, (9_700, 700, 0), 9_000),
    case("E50-a-part", REFUND, 3_880, (9_700, 0, 0), 3_880),
    case("exactly-the-rest", REFUND, 9_000, (9_700, 700, 0), 9_000),
    case("of-a-zero-sale", REFUND, None, (0, 0, 0), 0),
    case("chargeback-of-all", CHARGEBACK, None, (9_700, 0, 0), 9_700),
    case("chargeback-of-the-rest", CHARGEBACK, None, (9_700, 9_000, 0), 700),
    case("chargeback-of-a-zero-sale", CHARGEBACK, None, (0, 0, 0), 0),
    case("E55-won", WON, None, (9_700, 9_700, 9_700), -9_700),
    case("won-gives-back-chargebacks-only", WON, None, (9_700, 9_700, 5_000), -5_000),
    case("won-a-part", WON, 4_000, (9_700, 5_000, 5_000), -4_000),
    case("won-exactly", WON, 5_000, (9_700, 5_000, 5_000), -5_000),
    case("E43-won-before", WON, None, (9_700, 0, 0), rules.WAITS),
    case("won-an-amount-before", WON, 100, (9_700, 0, 0), rules.WAITS),
    case("won-with-only-refunds", WON, None, (9_700, 9_700, 0), rules.WAITS),
]


@pytest.mark.parametrize(("kind", "asked", "paid", "moves"), REFUNDS)
def test_r11_refund_amount(kind: str, asked: int | None, paid: tuple, moves: object) -> None:
    assert rules.refund_amount(kind, asked, rules.Paid(*paid)) == moves


TOO_MUCH = [
    case("one-cent", REFUND, 9_701, (9_700, 0, 0)),
    case("one-cent-above-the-rest", REFUND, 701, (9_700, 9_000, 0)),
    case("nothing-left", REFUND, None, (9_700, 9_700, 0)),
    case("I16-chargeback-after-refund", CHARGEBACK, None, (9_700, 9_700, 0)),
    case("chargeback-one-cent", CHARGEBACK, 9_701, (9_700, 0, 0)),
    case("of-a-zero-sale", REFUND, 1, (0, 0, 0)),
    case("won-more-than-lost", WON, 5_001, (9_700, 9_700, 5_000)),
]


@pytest.mark.parametrize(("kind", "asked", "paid"), TOO_MUCH)
def test_r11_too_much_is_refused(kind: str, asked: int | None, paid: tuple) -> None:
    refused_on("amount", rules.refund_amount, kind, asked, rules.Paid(*paid))
