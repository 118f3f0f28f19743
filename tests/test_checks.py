"""Paper checks (R21): every move from every state, many at once, killed in between, numbers."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from portal import accounts, backup, checks, database, ledger, program, rules, verify
from portal.books import Entry, PaperCheck, Payout, Run, SpoiledSheet
from portal.mail import Message
from portal.models import Affiliate, Audit
from portal.months import month_of
from portal.payouts import run_month
from tests import databases, makers
from tests.killed import killed_everywhere
from tests.test_rules_payouts import MOVES, STATES

LEGAL = MOVES | {("void", "reissue"): "issued"}
DEEDS = ("print", "spoil", "paid", "clear", "void", "reissue")
SIGNS = {"void": 1, "reissue": -1}  # deeds that make an entry, and its sign
AT_ONCE = 20


@pytest.fixture
def month(db, now):
    """Last month, in which ada and ben earned $120.00 each."""
    makers.make_program(now - timedelta(days=200))
    month = month_of(now, program.load().zone).plus(-1)
    for code in ("ada", "ben"):
        who = makers.make_affiliate(
            code, now - timedelta(days=100), password=None, us_person=False, **makers.ADDRESS
        )
        earned = month.start(program.load().zone) + timedelta(days=4)
        accounts.adjust(who, 12_000, "Earned.", by="test", now=earned)
    return month


@pytest.fixture
def run(month, now):
    makers.make_run(month, now)
    return month


def do(deed, month, now, *codes):
    about = {"by": "test", "now": now, "codes": list(codes)}
    if deed == "spoil":
        number = PaperCheck.last(Affiliate.code == codes[0]).get().number or 999
        return checks.spoil(month, number, number, by="test", now=now)
    if deed == "void":
        about["reason"] = "lost"
    names = {"print": "print_checks", "paid": "mark_paid"}
    return getattr(checks, names.get(deed, deed))(month, **about)


def bring(state, month, now, code="ada"):
    """Move a check from `issued` to a state."""
    for deed in {"printed": "print", "paid": "print paid", "cleared": "print paid clear",
                 "void": "print void"}.get(state, "").split():  # fmt: skip
        assert do(deed, month, now, code)["moved"]


def everything():
    """All that a deed could change, to compare."""
    tables = (PaperCheck, SpoiledSheet, Entry, Payout, Run, Audit, Message)
    return {table: list(table.select().order_by(table._meta.primary_key).tuples())
            for table in tables}  # fmt: skip


# --- Moves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("state", STATES)
def test_a_legal_move_is_made_and_every_other_is_refused(run, now, state, deed):
    bring(state, run, now)
    before, balance = everything(), ledger.balance(Affiliate.get(code="ada").id)
    to = LEGAL.get((state, deed))
    try:
        done = do(deed, run, now, "ada")
    except rules.Refused:  # no sheet has the number that would be spoiled
        done = {"moved": [], "refused": [{}]}
    if to is None:
        assert not done["moved"]
        assert len(done["refused"]) == 1
        assert everything() == before
        return
    assert [row["status"] for row in done["moved"]] == [to]
    assert not done["refused"]
    check = PaperCheck.last(Affiliate.code == "ada").get()
    assert check.status == to
    made = [row for row in everything()[Entry] if row not in before[Entry]]
    assert len(made) == (deed in SIGNS)
    moved = ledger.balance(Affiliate.get(code="ada").id) - balance
    assert moved == SIGNS.get(deed, 0) * 12_000
    assert len(everything()[Audit]) == len(before[Audit]) + 1
    assert verify.run(now=now).differences == []


@pytest.mark.parametrize("deed", ["run", *DEEDS])
def test_twenty_tries_at_once_make_one(month, db_url, now, deed):
    if deed != "run":
        makers.make_run(month, now)
        bring(next(state for state, did in LEGAL if did == deed), month, now)
    before = everything()
    start, answers = threading.Barrier(AT_ONCE), []

    def try_it():
        with database.connected():
            start.wait()
            try:
                made = run_month(month, now=now, by="test") if deed == "run" else None
                answers.append(made or do(deed, month, now, "ada"))
            except rules.Refused as refusal:
                answers.append({"moved": [], "refused": [str(refusal)]})

    threads = [threading.Thread(target=try_it) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == AT_ONCE
    after = everything()
    made = [row for row in after[Entry] if row not in before[Entry]]
    if deed == "run":
        assert all(answer == answers[0] for answer in answers)
        assert len(made) == len(after[Payout]) == 2
    else:
        assert sum(len(answer["moved"]) for answer in answers) == 1
        assert sum(bool(answer["refused"]) for answer in answers) == AT_ONCE - 1
        assert len(made) == (deed in SIGNS)
    assert len(after[Audit]) == len(before[Audit]) + 1


@pytest.mark.parametrize("deed", ["run", *DEEDS])
def test_killed_between_any_two_steps_the_next_call_goes_on(month, db_url, now, deed):
    if deed == "run":
        call, about = run_month, {"now": now, "by": "test"}
        done = (month,)
    else:
        makers.make_run(month, now)
        state = next(state for state, did in LEGAL if did == deed)
        for code in ("ada", "ben"):
            bring(state, month, now, code)
        call, about, done = _call, {}, (deed, month, now)
    before = everything()
    databases.close()
    for death in killed_everywhere(db_url, call, *done, **about):
        with database.connected():
            assert everything() == before, death  # nothing, or the loop would be over
    database.db.connect(reuse_if_open=True)
    after = everything()
    assert death > 5  # begin, read, write, commit: it was killed between them
    assert after != before
    with suppress(rules.Refused):
        call(*done, **about)  # and once more changes nothing
    assert everything() == after
    assert verify.run(now=now).differences == []


def _call(deed, month, now):
    """A deed to both checks; in a process of its own."""
    return do(deed, month, now, "ada", "ben")


# --- Numbers -----------------------------------------------------------------------------------


def used():
    """Every number that is or was on a check."""
    checks = PaperCheck.select(PaperCheck.number).where(PaperCheck.number.is_null(False))
    return sorted(n for query in (checks, SpoiledSheet.select(SpoiledSheet.number))
                  for (n,) in query.tuples())  # fmt: skip


def test_a_number_is_used_once_whatever_became_of_it(run, now):
    checks.print_checks(run, first=501, by="test", now=now)
    assert do("void", run, now, "ada")["moved"][0]["check_number"] == 501
    assert do("reissue", run, now, "ada")["moved"]
    checks.spoil(run, 502, 502, by="test", now=now)
    assert checks.next_number() == 503
    with pytest.raises(rules.Refused, match="up to 502 are used"):
        checks.print_checks(run, first=502, by="test", now=now)
    moved = checks.print_checks(run, by="test", now=now)["moved"]
    assert [row["check_number"] for row in moved] == [503, 504]
    checks.spoil(run, 503, 504, by="test", now=now)
    assert checks.next_number() == 505  # also while no check has a number
    assert used() == [501, 502, 503, 504]


def test_a_spoiled_sheet_moves_no_money_and_its_check_is_printed_anew(run, now):
    do("print", run, now, "ada", "ben")
    entries = everything()[Entry]
    checks.spoil(run, 1, 1, by="test", now=now)
    check = PaperCheck.last(Affiliate.code == "ada").get()
    assert (check.status, check.number, check.check_date, check.payee) == ("issued", None, None, "")
    sheet = SpoiledSheet.get()
    assert (sheet.number, sheet.check_date, sheet.payee) == (1, "2026-03-15", "Ada Reyes")
    assert everything()[Entry] == entries
    assert Audit.select().where(Audit.did == "spoil").get().detail == {"number": 1}
    later = now + timedelta(days=1)
    (again,) = checks.print_checks(run, by="test", now=later)["moved"]
    assert (again["check_number"], again["check_date"]) == (3, "2026-03-16")


def test_a_number_far_above_is_mistyped(run, now):
    checks.print_checks(run, codes=["ada"], first=900_001, by="test", now=now)  # the first is free
    with pytest.raises(rules.Refused, match="is more than 1,000,000 above 900001") as refused:
        checks.print_checks(run, first=1_900_002, by="test", now=now)
    assert refused.value.field == "first"
    assert checks.print_checks(run, first=1_900_001, by="test", now=now)["moved"]


def test_more_than_a_pile_is_not_spoiled_by_a_typo(run, now):
    do("print", run, now, "ada", "ben")
    with pytest.raises(rules.Refused, match="more than 200 sheets"):
        checks.spoil(run, 1, 201, by="test", now=now)
    assert len(checks.spoil(run, 1, 200, by="test", now=now)["moved"]) == 2


def test_only_printed_sheets_of_the_run_are_spoiled(run, now):
    do("print", run, now, "ada", "ben")
    do("paid", run, now, "ben")
    done = checks.spoil(run, 1, 9, by="test", now=now)
    assert [row["affiliate"] for row in done["moved"]] == ["ada"]
    assert [row["affiliate"] for row in done["refused"]] == ["ben"]
    with pytest.raises(rules.Refused, match="No check of this run has such a number"):
        checks.spoil(run, 7, 9, by="test", now=now)


def test_printers_at_once_share_no_number(run, db_url, now):
    codes = [f"z{number:02}" for number in range(AT_ONCE)]
    month = run.plus(1)
    for code in codes:
        who = makers.make_affiliate(
            code, now - timedelta(days=9), password=None, us_person=False, **makers.ADDRESS
        )
        accounts.adjust(who, 10_000, "Earned.", by="test", now=now)
    later = month.end(program.load().zone) + timedelta(hours=12)
    makers.make_run(month, later)
    start = threading.Barrier(AT_ONCE)

    def print_one(code):
        with database.connected():
            start.wait()
            do("print", month, later, code)

    threads = [threading.Thread(target=print_one, args=(code,)) for code in codes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert used() == list(range(1, AT_ONCE + 1))


def test_a_restored_program_takes_no_number_that_was_used_since(run, now, tmp_path):
    backup.make(tmp_path / "kept.db")
    do("print", run, now, "ada", "ben")
    checks.spoil(run, 2, 2, by="test", now=now)
    backup.restore(tmp_path / "kept.db", now=now)
    assert used() == []
    with pytest.raises(rules.Refused, match="Confirm the highest"):
        do("print", run, now, "ada")
    backup.confirm(2, by="test", now=now)
    assert do("print", run, now, "ada")["moved"][0]["check_number"] == 3


@pytest.mark.parametrize(
    "date", ["2026-02-30", "0001-01-01", "1999-12-31", "3000-01-01", "20260301"]
)
def test_a_date_that_no_tax_year_has_moves_nothing(run, now, date):
    for deed in (checks.print_checks, checks.mark_paid):
        with pytest.raises(rules.Refused, match="YYYY-MM-DD"):
            deed(run, date=date, by="test", now=now)
    assert not PaperCheck.select().where(PaperCheck.number.is_null(False)).exists()
