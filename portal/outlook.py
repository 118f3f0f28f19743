"""The next check of an affiliate as it stands now, and why it is as it is, in words.

It asks what a run would decide (R18, R20); the words are all that is made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from peewee import fn

from portal import accounts, months, program, reports, rules
from portal.books import Run
from portal.formats import clock, day, long_date, month, usd
from portal.models import Affiliate
from portal.months import Month
from portal.rules import Terms


@dataclass(frozen=True)
class NextCheck:
    """What is drawn as a check: `state` names the case, `stamp`, `tone` and `why` tell it."""

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
    done, first = Run.select(fn.MAX(Run.month)).scalar() or "", current.first_month or this
    return this if max(done, first) >= this or done == this.plus(-1) else this.plus(-1)


def next_check(affiliate: Affiliate, *, now: datetime) -> NextCheck:
    """What the next run would pay this affiliate if it ran on the books of this instant."""
    current, terms = program.load(), program.terms_version().terms()
    zone, run_month = current.zone, next_month(now)
    amount = reports.due(affiliate, run_month.end(zone))
    if not amount:
        run_month = months.month_of(now, zone)
        amount = reports.due(affiliate, run_month.end(zone))
    held = accounts.hold(affiliate, now=now)
    suspended, tax = held == rules.HELD_SUSPENDED, held == rules.HELD_TAX_ID
    waived = bool(accounts.waived(run_month, only=affiliate.id))
    about = {"suspended": suspended, "tax_hold": tax, "waived": waived}
    state = rules.list_of(amount, terms=terms, **about) or "nothing"
    if amount < 0:
        state = "negative"
    elif state == rules.IN_PAYOUTS and not affiliate.has_address:
        state = "address"
    at, name = run_month.payout_at(current.payout_day, zone), month(run_month)
    run = f"{name} is paid by the run on {day(at, zone, now)}, {clock(at, zone)}."
    payee, date = affiliate.payee or affiliate.name, long_date(at, zone)
    said = _words(state, amount, terms, run)
    return NextCheck(state, payee, amount, date, f"Earned through {name}", *said)


def _words(state: str, amount: int, terms: Terms, run: str) -> tuple[str, str, str]:
    """Stamp, tone and reason of a case."""
    reached = f"The {usd(terms.minimum_payout)} minimum is reached."
    if amount < terms.minimum_payout:
        reached = "The office lets the next run pay this below the minimum."
    return {
        "nothing": ("Waiting", "", "Nothing is due yet. A customer's first payment starts it."),
        "negative": ("Below zero", "warn", "A refund took back more than was left. What you earn "
                     "next makes up for it first."),
        rules.HELD_SUSPENDED: ("On hold", "bad", "Your account is suspended. The balance stays "
                               "yours until it is open again. Nothing is lost."),
        rules.HELD_TAX_ID: ("On hold", "bad", f"You earned more than {usd(terms.tax_threshold)} in "
                            "a calendar year. U.S. law asks for a tax ID before we pay. Nothing is "
                            "lost."),
        rules.CARRIED: (f"{usd(terms.minimum_payout - amount)} to go", "warn", "Checks are written "
                        f"from {usd(terms.minimum_payout)}. Less is kept for you until it gets "
                        "there."),
        "address": ("Address needed", "warn", f"{reached} Give a name and an address so that the "
                    "check can be printed."),
        rules.IN_PAYOUTS: ("On its way", "good", f"{reached} {run}"),
    }[state]  # fmt: skip
