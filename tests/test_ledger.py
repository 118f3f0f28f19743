"""The sums that SQL makes are those of the rules, entry by entry (R17, R18)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from portal import accounts, ledger, months, program, rules
from portal.books import Entry
from tests import makers
from tests.histories import play
from tests.player import Player


def test_what_is_due_is_what_the_rule_says_of_each_entry(db, tmp_path):
    player = Player(tmp_path)
    play(player, 7, 60)
    zone = program.load().zone
    entries = list(Entry.select())
    assert entries
    for month_end in {months.month_of(e.happened_at, zone).end(zone) for e in entries}:
        right: Counter[int] = Counter()
        for entry in entries:
            if rules.is_due(entry.kind, entry.amount, entry.happened_at, month_end):
                right[entry.affiliate_id] += entry.amount
        found = ledger.sums_due(month_end, last=ledger.last_entry())
        assert found == {who: cents for who, cents in right.items() if cents}


def test_only_entries_up_to_the_last_one_seen_are_due(db, tmp_path):
    play(Player(tmp_path), 3, 40)
    far = max(e.happened_at for e in Entry.select()) + timedelta(days=400)
    assert ledger.sums_due(far, last=0) == {}
    in_all = ledger.sums_due(far, last=ledger.last_entry())
    assert in_all == {who: ledger.balance(who) for who in in_all}


def test_r20_looks_at_every_year_also_one_between_others(db, now):
    makers.make_program(now)
    alice = makers.make_affiliate("alice", now, password=None, country="US")
    for day, amount in (((1968, 12, 31), 100), ((1969, 6, 30), 300_500), ((1971, 1, 1), 100)):
        plan, at = rules.Plan("once", amount), datetime(*day, 12, tzinfo=UTC)
        makers.make_sale(at, referral_code="alice", amount=amount, plan=plan)
    assert accounts.hold(alice, now=now) == "tax_id"
