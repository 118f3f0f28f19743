"""Who is who and who earns, as tables: R12 to R16. Numbers E1 to E95 are the edge cases.

The expectations are worked out by hand from the law, never taken from the code. No database.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal import rules
from tests.tables import case

ALICE, BOB, CAROL = 1, 2, 3


# --- R15: the same person ----------------------------------------------------------------------

SAME_PERSON = [
    case("identical", "ann@shop.example", "ann@shop.example", True),
    case("E90-other-case", "Ann@Shop.Example", "ann@shop.example", True),
    case("trimmed", "  ann@shop.example\n", "ann@shop.example", True),
    case("case-folded-sharp-s", "stra\u00dfe@shop.example", "STRASSE@shop.example", True),
    case("E68-tag-dropped", "ann+shop@shop.example", "ann@shop.example", True),
    case("everything-after-the-first-plus", "ann+a+b@shop.example", "ann@shop.example", True),
    case("E68-gmail-dots", "a.n.n@gmail.com", "ann@gmail.com", True),
    case("googlemail-is-gmail", "ann@googlemail.com", "ann@gmail.com", True),
    case("all-at-once", " A.Nn+Promo@GoogleMail.com ", "ann@gmail.com", True),
    case("dots-count-elsewhere", "a.nn@shop.example", "ann@shop.example", False),
    case("dots-count-at-other-googles", "a.nn@google.com", "ann@google.com", False),
    case("gmail-elsewhere", "ann@gmail.com.example", "ann@gmail.com", False),
    case("E70-colleague", "bob@shop.example", "ann@shop.example", False),
    case("other-domain", "ann@shop.example", "ann@store.example", False),
    case("plus-in-domain-is-no-tag", "ann@a+b.example", "ann@a.example", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME_PERSON)
def test_r15_same_person(one: str, other: str, same: bool) -> None:
    assert (rules.email_key(one) == rules.email_key(other)) is same


def test_r15_no_email_is_nobody() -> None:
    assert rules.email_key("") == "" == rules.email_key("   ")


# --- R12: to whom an applicant is attached -----------------------------------------------------


def past(first_paid: int, belongs_to: int | None) -> rules.PastCustomer:
    return rules.PastCustomer(first_paid=first_paid, belongs_to=belongs_to)


ATTACHMENTS = [
    case("nobody", [], None, None, None),
    case("E58-customer-of-alice", [past(7, ALICE)], None, None, (ALICE, "customer")),
    case("E58-customer-beats-click", [past(7, ALICE)], BOB, None, (ALICE, "customer")),
    case("E59-click-alone", [], BOB, None, (BOB, "click")),
    case("first-payment-decides", [past(9, BOB), past(7, ALICE)], None, None, (ALICE, "customer")),
    case("first-decides-also-for-nobody", [past(7, None), past(9, BOB)], None, None, None),
    case("E62-never-to-oneself", [past(7, CAROL)], None, CAROL, None),
]


@pytest.mark.parametrize(("customers", "clicked", "myself", "attached"), ATTACHMENTS)
def test_r12_attachment(
    customers: list, clicked: int | None, myself: int | None, attached: tuple | None
) -> None:
    at = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
    last = rules.Click(id=1, affiliate=clicked, clicked_at=at, days=90) if clicked else None
    assert rules.attachment(customers, last, myself) == attached


# --- R13, R14, R16: who earns on a payment -----------------------------------------------------

EARNERS = [
    case("nobody-credited", (None, None, None, ()), (None, None)),
    case("tier-1", (BOB, None, None, ()), (BOB, None)),
    case("E60-both-tiers", (BOB, ALICE, None, ()), (BOB, ALICE)),
    case("a-buyer-is-a-third", (BOB, ALICE, CAROL, ()), (BOB, ALICE)),
    case("R14-credited-is-the-buyer", (BOB, None, BOB, ()), (None, None)),
    case("R14-nobody-anything-also-no-override", (BOB, ALICE, BOB, ()), (None, None)),
    case("R14-no-override-for-the-buyer", (BOB, ALICE, ALICE, ()), (BOB, None)),
    case("R16-credited-suspended", (BOB, None, None, (BOB,)), (None, None)),
    case("R13-suspension-takes-nothing-from-alice", (BOB, ALICE, None, (BOB,)), (None, ALICE)),
    case("E63-referrer-suspended", (BOB, ALICE, None, (ALICE,)), (BOB, None)),
    case("both-suspended", (BOB, ALICE, None, (ALICE, BOB)), (None, None)),
    case("buyer-suspended", (BOB, ALICE, CAROL, (CAROL,)), (BOB, ALICE)),
    case("R14-suspended-buyer-is-still-the-buyer", (BOB, ALICE, BOB, (BOB,)), (None, None)),
]


@pytest.mark.parametrize(("known", "earn"), EARNERS)
def test_r13_r14_r16_earners(known: tuple, earn: tuple) -> None:
    credited, referrer, buyer, suspended = known
    got = rules.earners(credited, referrer, buyer, frozenset(suspended))
    assert (got.commission, got.override) == earn
