"""A waiver of the minimum: for the next run alone, kept as a fact, and recomputed (R18, R24)."""

from datetime import timedelta

import pytest

from portal import accounts, outlook, payouts, verify
from portal.books import Run
from portal.models import Affiliate, Fact
from portal.rules import Refused
from tests import makers


@pytest.fixture
def ada(db, now):
    """Ada, who is due $50.00 of January; the minimum is $100.00."""
    makers.make_program(now - timedelta(days=100), first_month="2026-01")
    made = makers.make_affiliate("ada", now - timedelta(days=90), password=None, **makers.ADDRESS)
    accounts.adjust(made, 50_00, "earned", by="test", now=now - timedelta(days=60))
    return made


def waive(who, now, reason="they close down"):
    accounts.waive(who, reason, by="ana", now=now)


def lists(told):
    return [(name, row["affiliate"], row["amount"])
            for name in ("payouts", "held", "carried") for row in told[name]]  # fmt: skip


def test_the_next_run_pays_below_the_minimum_and_the_one_after_does_not(ada, now):
    assert lists(payouts.preview("2026-01", now=now)) == [("carried", "ada", 50_00)]
    waive(ada, now)
    assert lists(payouts.preview("2026-01", now=now)) == [("payouts", "ada", 50_00)]
    assert "below the minimum" in outlook.next_check(ada, now=now).why
    assert lists(makers.make_run("2026-01", now)) == [("payouts", "ada", 50_00)]
    accounts.adjust(ada, 60_00, "earned", by="test", now=now - timedelta(days=20))
    assert lists(makers.make_run("2026-02", now)) == [("carried", "ada", 60_00)]
    assert verify.run(now=now).differences == []


def test_a_waiver_is_used_up_also_when_there_was_no_need_of_it(ada, now):
    accounts.adjust(ada, 50_00, "earned", by="test", now=now - timedelta(days=60))
    waive(ada, now)
    makers.make_run("2026-01", now)
    assert accounts.waived() == set()


def test_a_waiver_after_the_run_is_not_that_runs(ada, now):
    makers.make_run("2026-01", now)
    waive(ada, now)
    assert lists(payouts.preview("2026-01", now=now)) == [("carried", "ada", 50_00)]
    assert lists(makers.make_run("2026-02", now)) == [("payouts", "ada", 50_00)]
    assert verify.run(now=now).differences == []


def test_verify_names_a_payout_that_no_waiver_allows(ada, now):
    waive(ada, now)
    makers.make_run("2026-01", now)
    Run.update(last_fact=Run.last_fact - 1).execute()  # as if the run had not seen the waiver
    found = verify.run(now=now).differences
    assert found == [
        f"Run 2026-01: affiliate {ada.id}, 5000 cents, carried is not stored.",
        f"Run 2026-01: affiliate {ada.id}, 5000 cents, payout is stored.",
    ]


def test_suspended_ones_are_held_all_the_same(ada, now):
    waive(ada, now)
    Affiliate.update(status="suspended").where(Affiliate.id == ada.id).execute()
    assert lists(payouts.preview("2026-01", now=now)) == [("held", "ada", 50_00)]


def test_twice_and_without_a_reason_is_refused(ada, now):
    with pytest.raises(Refused, match="Say why"):
        waive(ada, now, " ")
    waive(ada, now)
    with pytest.raises(Refused, match="already"):
        waive(ada, now)
    assert Fact.select().where(Fact.kind == "waiver").count() == 1
