"""Checks on paper: one a page, and equal bytes for equal values."""

import pytest

from portal import paper

CHECK = paper.CheckPage(
    number=1001,
    day="2026-12-01",
    payee="Łukasz Şahin",
    address="ul. Długa 12\nKraków, 31-147\nPL",
    amount=1_234_567,
    affiliate="lukasz-sahin",
    month="2026-11",
    program="Affiliate Program",
    lines=(("Commissions", 1_300_000), ("Refunds and chargebacks", -65_433)),
)


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_a_check(count):
    pdf = paper.checks([CHECK] * count)
    assert pdf.startswith(b"%PDF")
    assert f"/Count {count}\n".encode() in pdf


def test_equal_checks_are_equal_bytes():
    assert paper.checks([CHECK]) == paper.checks([CHECK])
