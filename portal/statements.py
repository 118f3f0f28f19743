"""Reading only: the payment ledger of an affiliate by month, as it was recorded (R17)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from portal import months, rules
from portal.books import Entry, NotPaid, Payout, Run
from portal.models import Affiliate
from portal.reports import total, tuples


def statement(
    affiliate: Affiliate,
    since: datetime,
    before: datetime,
    *,
    after: int = 0,
    limit: int | None = 100,
) -> tuple[int, list[tuple[Entry, int]], int | None]:
    """Entries recorded in a span, oldest first: brought forward, (entry, balance), next key.

    Goes by recording (R17), so that a statement never changes once it is read.
    """
    query = Entry.select().where(
        (Entry.affiliate == affiliate) & (Entry.recorded_at >= since) & (Entry.recorded_at < before)
    )
    query = query.where(Entry.id > after).order_by(Entry.id)
    rows = list(query.limit(limit + 1) if limit else query)
    cut = rows[:limit]
    earlier = Entry.id < cut[0].id if cut else Entry.recorded_at < before
    opening = Entry.select(fn.COALESCE(fn.SUM(Entry.amount), 0))
    brought = int(opening.where((Entry.affiliate == affiliate) & earlier).scalar())
    balance, told = brought, []
    for entry in cut:
        balance += entry.amount
        told.append((entry, balance))
    return brought, told, cut[-1].id if len(rows) > len(cut) else None


def by_month(affiliate: Affiliate, *, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The last twelve months, newest first: earned, paid, and why nothing was paid."""
    this = months.month_of(now, zone)
    spans = [this.plus(-n) for n in range(12)]
    earned = Entry.kind.in_(rules.EARNINGS)
    sums = [
        total(
            Entry.amount,
            earned,
            Entry.happened_at >= m.start(zone),
            Entry.happened_at < m.end(zone),
        )
        for m in spans
    ]
    row = tuples(Entry.select(*sums).where(Entry.affiliate == affiliate))[0]
    paid = Payout.select(Payout.run, Payout.amount).where(Payout.affiliate == affiliate)
    checks = dict(tuples(paid))
    kept = NotPaid.select(NotPaid.run, NotPaid.reason).where(NotPaid.affiliate == affiliate)
    reasons = dict(tuples(kept))
    began = months.month_of(affiliate.applied_at, zone)
    told: list[dict[str, Any]] = [
        {"month": m, "earned": int(e), "check": checks.get(m), "kept": reasons.get(m)}
        for m, e in zip(spans, row, strict=True)
    ]
    return [t for t in told if t["month"] >= began or t["earned"] or t["check"]]


def last_run() -> str | None:
    """The latest month that was run."""
    return Run.select(fn.MAX(Run.month)).scalar()
