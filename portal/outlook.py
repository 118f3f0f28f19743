"""The next check of an affiliate as it stands now, and why it is as it is, in words.

It asks what a run would decide (R18, R20); the words are all that is made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal import accounts, months, program, reports, rules, statements
from portal.formats import clock, day, long_date, month, usd
from portal.models import Affiliate
from portal.months import Month
from portal.rules import Terms


@dataclass(frozen=True)
class NextCheck:
    """What is drawn as a check: `state` names the case, `stamp` and `why` tell it."""

    state: str
    payee: str
    amount: int
    date: str
    memo: str
    stamp: str
    tone: str
    why: str


def next_month(now: datetime) -> Month:
    """The month that the next run pays: the last full one until it is run, then the present one."""
    current = program.load()
    this = months.month_of(now, current.zone)
    done, first = statements.last_run() or "", current.first_month or this
    return this if max(done, first) >= this or done == this.plus(-1) else this.plus(-1)


def next_check(affiliate: Affiliate, *, now: datetime) -> NextCheck:
    """What the next run would pay this affiliate if it ran on the books of this instant."""
    current, terms = program.load(), program.terms_version().terms()
    run_month = next_month(now)
    amount = reports.due(affiliate, run_month.end(current.zone))
    if not amount:
        run_month = months.month_of(now, current.zone)
        amount = reports.due(affiliate, run_month.end(current.zone))
    held = accounts.hold(affiliate, now=now)
    suspended, tax = held == rules.HELD_SUSPENDED, held == rules.HELD_TAX_ID
    found = rules.list_of(amount, suspended=suspended, tax_hold=tax, terms=terms)
    state = _state(affiliate, amount, found)
    at = run_month.payout_at(current.payout_day, current.zone)
    runs = f"{day(at, current.zone, now)}, {clock(at, current.zone)}"
    stamp, tone, why = _words(state, amount, terms, runs, month(run_month))
    return NextCheck(
        state=state,
        payee=affiliate.payee or affiliate.name,
        amount=amount,
        date=long_date(at, current.zone),
        memo=f"Earned through {month(run_month)}",
        stamp=stamp,
        tone=tone,
        why=why,
    )


def _state(affiliate: Affiliate, amount: int, found: str | None) -> str:
    if found is None:
        return "nothing"
    if amount < 0:
        return "negative"
    if found == rules.IN_PAYOUTS and not affiliate.has_address:
        return "address"
    return found


def _words(
    state: str, amount: int, terms: Terms, runs: str, month_name: str
) -> tuple[str, str, str]:
    """Stamp, tone and reason of a case."""
    least, threshold = usd(terms.minimum_payout), usd(terms.tax_threshold)
    waiting = "Nothing is lost."
    return {
        "nothing": ("Waiting", "", "Nothing is due yet. A customer's first payment starts it."),
        "negative": (
            "Below zero",
            "warn",
            "A refund took back more than was left. What you earn next makes up for it first.",
        ),
        rules.HELD_SUSPENDED: (
            "On hold",
            "bad",
            f"Your account is suspended. The balance stays yours until it is open again. {waiting}",
        ),
        rules.HELD_TAX_ID: (
            "On hold",
            "bad",
            f"You earned more than {threshold} in a calendar year. U.S. law asks for a tax ID "
            f"before we pay. {waiting}",
        ),
        rules.CARRIED: (
            f"{usd(terms.minimum_payout - amount)} to go",
            "warn",
            f"Checks are written from {least}. Less is kept for you until it gets there.",
        ),
        "address": (
            "Address needed",
            "warn",
            f"The {least} minimum is reached. Give a name and an address so that the check can be "
            "printed.",
        ),
        rules.IN_PAYOUTS: (
            "On its way",
            "good",
            f"The {least} minimum is reached. {month_name} is paid by the run on {runs}.",
        ),
    }[state]
