"""The lists of the office cost the same number of queries for a few rows and for many."""

from datetime import timedelta

import pytest

from portal import program
from portal.months import month_of
from tests.makers import ADDRESS, make_affiliate, make_earnings, make_run
from tests.views.test_center_tables import counted


@pytest.fixture
def month(set_up, today):
    return month_of(today, program.load().zone).plus(-1)


def earners(month, today, first, last):
    """Affiliates who each earned $120.00 in a month."""
    at = month.start(program.load().zone) + timedelta(days=4)
    applied = today - timedelta(days=90)
    for number in range(first, last):
        made = make_affiliate(f"many{number}", applied, password=None, **ADDRESS)
        make_earnings(made, at, sales=6)


def costs(office, monkeypatch, *addresses):
    """Statements that each address takes when it is asked for again."""
    counts = []
    for address in addresses:
        office.get(address)
        with counted(monkeypatch) as said:
            assert office.get(address).status_code == 200
        counts.append(len(said))
    return counts


def test_affiliates_and_a_preview_cost_the_same(login_as, admin, month, today, monkeypatch):
    office = login_as(admin)
    addresses = ("/admin/affiliates", "/admin/mails", f"/admin/payouts/{month}")
    earners(month, today, 0, 5)
    few = costs(office, monkeypatch, *addresses)
    earners(month, today, 5, 50)
    assert costs(office, monkeypatch, *addresses) == few
    assert max(few) < 25


def test_runs_and_their_checks_cost_the_same(login_as, admin, month, today, monkeypatch):
    office, earlier = login_as(admin), month.plus(-1)
    addresses = ("/admin/", "/admin/payouts")
    earners(earlier, today, 0, 5)
    make_run(earlier, today)
    few = costs(office, monkeypatch, *addresses, f"/admin/payouts/{earlier}")
    earners(month, today, 5, 50)
    make_run(month, today)
    assert costs(office, monkeypatch, *addresses, f"/admin/payouts/{month}") == few
    assert max(few) < 25
