"""What a run pays and how checks move, as tables: R18, R21. E1 to E95 are the edge cases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal import rules
from tests.tables import case, refused_on

TERMS = rules.Terms()


# --- R18: what a run pays, and in which list ---------------------------------------------------

END = datetime(2026, 12, 1, 8, 0, 0, tzinfo=UTC)
BEFORE, AT_END = END - timedelta(seconds=1), END
POSITIVE_WAITS = ["commission", "override", "reversal", "adjustment"]


@pytest.mark.parametrize("kind", POSITIVE_WAITS)
def test_r18_e73_positive_entries_wait_for_their_month(kind: str) -> None:
    due = [rules.is_due(kind, 1, at, END) for at in (BEFORE, AT_END)]
    assert due == [True, False]


@pytest.mark.parametrize("kind", ["reversal", "adjustment", "payout"])
def test_r18_e52_negative_entries_never_wait(kind: str) -> None:
    assert rules.is_due(kind, -1, AT_END + timedelta(days=20), END)


def test_r18_a_void_never_waits() -> None:
    assert rules.is_due("payout_void", 10_000, AT_END, END)


LISTS = [
    case("zero", 0, {}, None),
    case("zero-held", 0, {"suspended": True, "tax_hold": True}, None),
    case("E53-negative", -1, {}, "carried"),
    case("negative-suspended", -1, {"suspended": True}, "carried"),
    case("negative-held", -1, {"tax_hold": True}, "carried"),
    case("negative-waived", -1, {"waived": True}, "carried"),
    case("E74-99.99", 9_999, {}, "carried"),
    case("E74-100.00", 10_000, {}, "payout"),
    case("E75-waived", 1, {"waived": True}, "payout"),
    case("suspended-below-minimum", 1, {"suspended": True}, "suspended"),
    case("suspended-before-tax", 20_000, {"suspended": True, "tax_hold": True}, "suspended"),
    case("suspended-waived", 20_000, {"suspended": True, "waived": True}, "suspended"),
    case("E81-held", 12_000, {"tax_hold": True}, "tax_id"),
    case("held-below-minimum", 1, {"tax_hold": True}, "tax_id"),
    case("held-waived", 1, {"tax_hold": True, "waived": True}, "tax_id"),
]


@pytest.mark.parametrize(("due", "known", "in_list"), LISTS)
def test_r18_list_of(due: int, known: dict, in_list: str | None) -> None:
    got = rules.list_of(due, **{"suspended": False, "tax_hold": False, "terms": TERMS, **known})
    assert got == in_list


def test_r10a_a_run_uses_its_own_minimum() -> None:
    low = rules.Terms(minimum_payout=5_000)
    lists = [
        rules.list_of(due, suspended=False, tax_hold=False, terms=low) for due in (4_999, 5_000)
    ]
    assert lists == ["carried", "payout"]


# --- R21: the moves of a check -----------------------------------------------------------------

MOVES = {
    ("issued", "print"): "printed",
    ("printed", "spoil"): "issued",
    ("printed", "paid"): "paid",
    ("paid", "clear"): "cleared",
    ("issued", "void"): "void",
    ("printed", "void"): "void",
    ("paid", "void"): "void",
}
STATES = ["issued", "printed", "paid", "cleared", "void"]
DEEDS = ["print", "spoil", "paid", "clear", "void"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("suspended", [True, False])
def test_r21_i33_moves(state: str, deed: str, suspended: bool) -> None:
    after = MOVES.get((state, deed))
    if after is None or (suspended and deed == "print"):
        refused_on(None, rules.moved, state, deed, suspended=suspended)
    else:
        assert rules.moved(state, deed, suspended=suspended) == after


@pytest.mark.parametrize("deed", ["print", "void"])
def test_r21_only_printing_needs_an_address(deed: str) -> None:
    if deed == "print":
        refused_on(None, rules.moved, "issued", deed, has_address=False)
    else:
        assert rules.moved("issued", deed, has_address=False) == "void"
