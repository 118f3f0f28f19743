"""The sums that SQL makes are those of the rules, entry by entry (R17, R18)."""

from collections import Counter
from datetime import timedelta

from portal import ledger, months, program, rules
from portal.books import Entry
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
