"""The payment ledger of an affiliate: a month's statement, every entry with why it is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, abort, request

from portal import formats, months, statements
from portal.books import Entry
from portal.explain import Explainer, Told
from portal.months import Month
from portal.views.center import blueprint
from portal.views.html import me, now, page, settings, table

KEPT = {
    "carried": "below the minimum, kept",
    "tax_id": "on hold for a tax ID, kept",
    "suspended": "on hold, kept",
}


@blueprint.get("/payments")
def payments() -> Response:
    """Entries recorded in a month, oldest first, so that the statement adds up downwards."""
    zone = settings().zone
    month = _month()
    csv = request.args.get("format") == "csv"
    since, before = month.start(zone), month.end(zone)
    after = _number("after")
    brought, rows, later = statements.statement(
        me(), since, before, after=after, limit=None if csv else 100
    )
    told = Explainer([entry for entry, _ in rows], zone=zone, now=now()).all()
    if csv:
        head = ("recorded_at", "happened_at", "entry", "kind", "rule", "amount", "balance")
        name = f"payments-{month}"
        return table(name, head, (_cells(e, told[e.id], b) for e, b in rows))
    return page(
        "center/payments.html",
        "center/_payments.html",
        month=month,
        this=months.month_of(now(), zone),
        brought=brought,
        rows=rows,
        told=told,
        later=later,
        balance=rows[-1][1] if rows else brought,
        by_month=statements.by_month(me(), now=now(), zone=zone),
        kept=KEPT,
    )


def _month() -> Month:
    """The month of the address; without one the current month."""
    text = request.args.get("month")
    try:
        return Month(text) if text else months.month_of(now(), settings().zone)
    except ValueError:
        abort(404)


def _number(name: str) -> int:
    text = request.args.get(name, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else abort(404)


def _cells(entry: Entry, told: Told, balance: int) -> tuple[Any, ...]:
    return (
        _written(entry.recorded_at),
        _written(entry.happened_at),
        told.title,
        entry.kind,
        entry.rule,
        formats.usd(entry.amount),
        formats.usd(balance),
    )


def _written(at: datetime) -> str:
    return at.isoformat()
