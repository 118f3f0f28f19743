"""Who gets what, as tables: R5 to R8. Numbers E1 to E95 are the edge cases.

The expectations are worked out by hand from the law, never taken from the code. No database.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal import rules
from tests.tables import case

ALICE, BOB, CAROL = 1, 2, 3
ORDERED = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
WINDOW = timedelta(seconds=7_776_000)
SECOND = timedelta(seconds=1)


def click(affiliate: int, before: timedelta, number: int = 1, days: int = 90) -> rules.Click:
    """A click that was made so long before the order."""
    return rules.Click(id=number, affiliate=affiliate, clicked_at=ORDERED - before, days=days)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def days(number: float) -> timedelta:
    return timedelta(days=number)


def facts(**known: object) -> rules.OrderFacts:
    """A new customer without any click, in a program where all three are active."""
    plain: dict[str, object] = {
        "ordered_at": ORDERED,
        "paid_before": False,
        "belongs_to": None,
        "buyer": None,
        "buyer_referrer": None,
        "named": None,
        "clicks": (),
        "active": frozenset({ALICE, BOB, CAROL}),
    }
    return rules.OrderFacts(**{**plain, **known})


# --- R5: the window ----------------------------------------------------------------------------

WINDOWS = [
    case("same-second", timedelta(0), 90, True),
    case("after-the-order", -SECOND, 90, False),
    case("E3-last-second", WINDOW, 90, True),
    case("E3-one-second-past", WINDOW + SECOND, 90, False),
    case("E4-long-ago", days(120), 90, False),
    case("R4-own-window-30-end", days(30), 30, True),
    case("R4-own-window-30-past", days(30) + SECOND, 30, False),
]


@pytest.mark.parametrize(("before", "window", "does"), WINDOWS)
def test_r5_counts(before: timedelta, window: int, does: bool) -> None:
    assert rules.counts(click(ALICE, before, days=window), ORDERED) is does


def test_r5_ninety_days_are_seconds_across_daylight_saving() -> None:
    # 90 calendar days in Los Angeles would be one hour more here: clocks went back on November 1.
    at = datetime(2026, 8, 24, 7, 0, 0, tzinfo=UTC)
    made = rules.Click(id=1, affiliate=ALICE, clicked_at=at, days=90)
    end = datetime(2026, 11, 22, 7, 0, 0, tzinfo=UTC)
    assert (rules.counts(made, end), rules.counts(made, end + SECOND)) == (True, False)


# --- R6: the last referring affiliate ----------------------------------------------------------

LAST_CLICKS = [
    case("none", {}, None),
    case("E1-last-wins", {"clicks": (click(ALICE, hours(2), 1), click(BOB, hours(1), 2))}, 2),
    case(
        "order-of-the-list-is-nothing",
        {"clicks": (click(BOB, hours(1), 2), click(ALICE, hours(2), 1))},
        2,
    ),
    case(
        "R5-same-second-later-stored",
        {"clicks": (click(BOB, hours(1), 8), click(ALICE, hours(1), 7))},
        8,
    ),
    case("time-before-id", {"clicks": (click(ALICE, hours(1), 3), click(BOB, hours(2), 9))}, 3),
    case(
        "E2-inactive-passed-over",
        {
            "clicks": (click(ALICE, hours(2), 1), click(BOB, hours(1), 2)),
            "active": frozenset({ALICE}),
        },
        1,
    ),
    case(
        "E67-own-click-passed-over",
        {"clicks": (click(ALICE, hours(2), 1), click(BOB, hours(1), 2)), "buyer": BOB},
        1,
    ),
    case(
        "later-than-the-order-passed-over",
        {"clicks": (click(ALICE, hours(2), 1), click(BOB, -SECOND, 2))},
        1,
    ),
    case(
        "short-window-passed-over",
        {"clicks": (click(ALICE, days(80), 1), click(BOB, days(31), 2, days=30))},
        1,
    ),
    case(
        "E4-clicked-again-on-day-80",
        {"clicks": (click(ALICE, days(120), 1), click(ALICE, days(40), 2))},
        2,
    ),
    case(
        "nobody-left",
        {"clicks": (click(BOB, hours(1), 2), click(ALICE, WINDOW + SECOND, 1)), "buyer": BOB},
        None,
    ),
]


@pytest.mark.parametrize(("known", "winner"), LAST_CLICKS)
def test_r6_last_click(known: dict, winner: int | None) -> None:
    won = rules.last_click(facts(**known))
    assert (won.id if won else None) == winner


# --- R7: who gets an order ---------------------------------------------------------------------

BOBS_CLICK = {"clicks": (click(BOB, hours(1), 5),)}
CREDITS = [
    case("nobody", {}, None, "R7.5", None),
    case("E3-click", BOBS_CLICK, BOB, "R7.4", 5),
    case("E20-named-beats-click", {**BOBS_CLICK, "named": CAROL}, CAROL, "R7.3", None),
    case("named-without-click", {"named": CAROL}, CAROL, "R7.3", None),
    case(
        "named-not-active",
        {**BOBS_CLICK, "named": CAROL, "active": frozenset({BOB})},
        BOB,
        "R7.4",
        5,
    ),
    case("named-is-the-buyer", {**BOBS_CLICK, "named": CAROL, "buyer": CAROL}, BOB, "R7.4", 5),
    case(
        "E17-belongs-to-alice",
        {**BOBS_CLICK, "paid_before": True, "belongs_to": ALICE},
        ALICE,
        "R7.1",
        None,
    ),
    case(
        "E17-belongs-beats-named",
        {"named": CAROL, "paid_before": True, "belongs_to": ALICE},
        ALICE,
        "R7.1",
        None,
    ),
    case(
        "belongs-to-suspended-stays",
        {**BOBS_CLICK, "paid_before": True, "belongs_to": ALICE, "active": frozenset({BOB})},
        ALICE,
        "R7.1",
        None,
    ),
    case("E18-came-by-itself", {**BOBS_CLICK, "paid_before": True}, None, "R7.1", None),
    case("E18-came-by-itself-named", {"named": CAROL, "paid_before": True}, None, "R7.1", None),
    case(
        "R14-belongs-to-the-buyer",
        {**BOBS_CLICK, "paid_before": True, "belongs_to": ALICE, "buyer": ALICE},
        None,
        "R7.1",
        None,
    ),
    case(
        "R14-belongs-to-the-buyer-with-referrer",
        {"paid_before": True, "belongs_to": ALICE, "buyer": ALICE, "buyer_referrer": BOB},
        None,
        "R7.1",
        None,
    ),
    case(
        "belonging-beats-referrer",
        {"paid_before": True, "belongs_to": CAROL, "buyer": ALICE, "buyer_referrer": BOB},
        CAROL,
        "R7.1",
        None,
    ),
    case(
        "E66-buyer-has-referrer",
        {**BOBS_CLICK, "named": BOB, "buyer": CAROL, "buyer_referrer": ALICE},
        ALICE,
        "R7.2",
        None,
    ),
    case(
        "R7.2-referrer-suspended-stays",
        {**BOBS_CLICK, "buyer": CAROL, "buyer_referrer": ALICE, "active": frozenset({BOB})},
        ALICE,
        "R7.2",
        None,
    ),
    case(
        "R7.2-buyer-suspended",
        {"buyer": CAROL, "buyer_referrer": ALICE, "active": frozenset({ALICE})},
        ALICE,
        "R7.2",
        None,
    ),
    case("E66-own-link-nobody", {**BOBS_CLICK, "buyer": BOB}, None, "R7.5", None),
    case(
        "E67-own-click-after-alices",
        {"clicks": (click(ALICE, hours(2), 4), click(BOB, hours(1), 5)), "buyer": BOB},
        ALICE,
        "R7.4",
        4,
    ),
    case("E69-affiliate-buys-by-anothers-link", {**BOBS_CLICK, "buyer": ALICE}, BOB, "R7.4", 5),
    case("first-day-91", {"clicks": (click(BOB, WINDOW + SECOND, 5),)}, None, "R7.5", None),
]


@pytest.mark.parametrize(("known", "affiliate", "rule", "won"), CREDITS)
def test_r7_credit(known: dict, affiliate: int | None, rule: str, won: int | None) -> None:
    got = rules.credit(facts(**known))
    assert (got.affiliate, got.rule, got.click) == (affiliate, rule, won)
    assert got.reason.strip(), "every credit says why in words"


# --- R8: clicks that are marked ----------------------------------------------------------------

PLAIN = {"active": True, "method": "GET", "headers": {}, "robot": False}
MARKS = [
    case("a-person", {}, False),
    case("E8-robot", {"robot": True}, True),
    case("E8-head", {"method": "HEAD"}, True),
    case("E2-not-active", {"active": False}, True),
    case("E8-purpose-prefetch", {"headers": {"purpose": "prefetch"}}, True),
    case("E8-sec-purpose", {"headers": {"sec-purpose": "prefetch"}}, True),
    case("E8-sec-purpose-prerender", {"headers": {"sec-purpose": "prefetch;prerender"}}, True),
    case("E8-x-moz", {"headers": {"x-moz": "prefetch"}}, True),
    case("image", {"headers": {"sec-fetch-dest": "image"}}, True),
    case("iframe", {"headers": {"sec-fetch-dest": "iframe"}}, True),
    case("frame", {"headers": {"sec-fetch-dest": "frame"}}, True),
    case(
        "a-page", {"headers": {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}}, False
    ),
    case("an-unknown-header-is-no-reason", {"headers": {"dnt": "1", "accept": "*/*"}}, False),
]


@pytest.mark.parametrize(("told", "marked"), MARKS)
def test_r8_mark(told: dict, marked: bool) -> None:
    mark = rules.mark(**{**PLAIN, **told})
    assert bool(mark) is marked, mark
    assert marked or mark is None
