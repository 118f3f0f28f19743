"""Payout runs by month: preview, run, print, mark as paid, void, reissue (R18 to R21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, request

from portal import affiliates, checks, formats, months, office, outlook, payouts, printing, rules
from portal.books import Run
from portal.formats import usd
from portal.forms.office import BatchForm, VoidForm
from portal.models import Affiliate
from portal.months import Month
from portal.rules import Refused
from portal.views.admin import attempt, blueprint
from portal.views.html import goto, me, now, page, pdf, searched, settings, table

STATES = {
    rules.ISSUED: ("To print", ""),
    rules.PRINTED: ("Printed", "warn"),
    rules.CHECK_PAID: ("Paid", "good"),
    rules.CLEARED: ("Cleared", "good"),
    rules.VOID: ("Void", "bad"),
}
# By list of a run: what happens, its tone, why, and the words for all who stand in it.
LISTS = {
    rules.IN_PAYOUTS: ("Paid", "good", "", ""),
    rules.CARRIED: ("Kept", "", "below the minimum, or below zero", "kept for a later month"),
    rules.HELD_TAX_ID: ("On hold", "warn", "tax ID missing (R20)", "on tax hold (R20)"),
    rules.HELD_SUSPENDED: ("On hold", "bad", "suspended (R16)", "suspended (R16)"),
}


@blueprint.get("/payouts", endpoint="payouts")
def runs() -> Response:
    """Every run, and the month that is next."""
    return page("admin/payouts.html", runs=office.runs(), upcoming=outlook.next_month(now()))


def _month(text: str) -> Month:
    try:
        return Month(text)
    except ValueError:
        abort(404)


def _made(month: Month) -> dict[str, Any] | None:
    return next(iter(office.runs(Run.month == month)), None)


@blueprint.get("/payouts/<month>")
def run(month: str) -> Response:
    """A run with its checks, or what the run of the month would pay."""
    month = _month(month)
    made = _made(month)
    return _checks(month, made, BatchForm(None)) if made else _preview(month)


def _preview(month: Month) -> Response:
    lists = _lists(payouts.preview(month, now=now()))
    codes = [row["affiliate"] for rows in lists.values() for row in rows]
    who = {a.code: a for a in Affiliate.select().where(Affiliate.code.in_(codes))}
    before, was = _before(month)
    rows = [
        (who[code], *LISTS[name][:3], row["amount"], _unlike(was.get(code), name, row["amount"]))
        for name, listed in lists.items()
        for row in listed
        for code in [row["affiliate"]]
    ]
    if request.args.get("format") == "csv":
        cells = (
            (w.code, w.name, what, why, usd(due), unlike) for w, what, _, why, due, unlike in rows
        )
        return table(f"preview-{month}", "code name what why due unlike_last_run", cells)
    return page(
        "admin/preview.html",
        "admin/_preview.html",
        month=month,
        rows=rows,
        before=before,
        paid=[row["amount"] for row in lists[rules.IN_PAYOUTS]],
        why_not=payouts.why_not(month, now=now()),
        left=_left(lists),
    )


def _lists(told: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Everyone in a run or its preview, by the list they stand in."""
    held = {name: [row for row in told["held"] if row["reason"] == name] for name in LISTS}
    return held | {rules.IN_PAYOUTS: told["payouts"], rules.CARRIED: told["carried"]}


Stood = tuple[str, int]  # the list in which somebody stood, and the amount


def _before(month: Month) -> tuple[str | None, dict[str, Stood]]:
    """The month of the run before, and where everybody stood in it, by code."""
    run = Run.select().where(Run.month < month).order_by(Run.month.desc()).first()
    lists = _lists(payouts.told(run)) if run else {}
    stood = {r["affiliate"]: (n, r["amount"]) for n, rows in lists.items() for r in rows}
    return (run.month if run else None), stood


def _unlike(was: Stood | None, name: str, amount: int) -> str:
    """How somebody's place in a run differs from that in the run before, "" where it does not."""
    if was is None:
        return "not in it"
    if was[0] != name:
        return f"{LISTS[was[0]][0].lower()}, {usd(was[1])}"
    more = amount - was[1]
    return f"{usd(abs(more))} {'more' if more > 0 else 'less'}" if more else ""


def _left(lists: dict[str, list[dict[str, Any]]]) -> list[tuple[str, int, int]]:
    """Who is not paid, by reason: the words, how many, how much."""
    return [
        (LISTS[name][3], len(rows), sum(row["amount"] for row in rows))
        for name, rows in lists.items()
        if rows and name != rules.IN_PAYOUTS
    ]


@blueprint.post("/payouts/<month>/run")
def run_now(month: str) -> Response:
    """Make the run of a month; doing it twice changes nothing (R19)."""
    month = _month(month)
    if told := attempt(payouts.run_month, month, by=me().email):
        count = len(told["payouts"])
        flash(f"{formats.month(month)} ran: {count} checks to print.", "good")
    return goto("admin.run", month=month)


# --- Checks ------------------------------------------------------------------------------------


def _checks(month: Month, made: dict[str, Any], form: BatchForm) -> Response:
    state, q, after = searched("state"), searched(), searched("after")
    if state and state not in STATES:
        abort(404)
    if request.args.get("format") == "csv":
        head = "affiliate payee amount status check_number check_date mailed_on"
        listed, _ = office.checks(month, state, q, limit=None)
        return table(f"checks-{month}", head, map(_cells, listed))
    rows, more = office.checks(month, state, q, after)
    return page(
        "admin/run.html",
        "admin/_checks.html",
        month=month,
        made=made,
        rows=rows,
        next=more,
        form=form,
        state=state,
        q=q,
        states=STATES,
        first=checks.next_number(),
        today=months.day_of(now(), settings().zone),
        left=_left(_lists(payouts.told(made["run"]))),
    )


def _cells(paper: office.Paper) -> tuple[Any, ...]:
    check, who = paper.check, (paper.affiliate.code, paper.payee, usd(paper.payout.amount))
    return *who, check.status, check.number, check.check_date, check.mailed_on


@blueprint.post("/payouts/<month>/checks")
def move(month: str) -> Response:
    """Print, mark as paid or clear the chosen checks, or all that can."""
    month, form = _month(month), BatchForm()
    made = _made(month) or abort(404)
    deed, codes = request.form.get("do", ""), request.form.getlist("code")
    if not codes and not form.everyone.data:
        form.refuse(Refused("Choose checks, or all of this run."))
    if not form.validate() or form.form_errors:
        return _checks(month, made, form)
    mailed = form.mailed.data.isoformat() if form.mailed.data else None
    deeds: dict[str, tuple[Callable[..., dict[str, Any]], dict[str, Any]]] = {
        "print": (checks.print_checks, {"first": form.first.data}),
        "paid": (checks.mark_paid, {"date": mailed}),
        "clear": (checks.clear, {}),
    }
    do, about = deeds.get(deed) or abort(422)
    about |= {"codes": None if form.everyone.data else codes, "by": me().email}
    try:
        done = do(month, now=now(), **about)
    except Refused as problem:
        form.refuse(problem)
        return _checks(month, made, form)
    _say(deed, done)
    numbers = [row["check_number"] for row in done["moved"]]
    if deed == "print" and numbers:
        return goto("admin.sheets", month=month, first=min(numbers), last=max(numbers))
    return goto("admin.run", month=month)


def _say(deed: str, done: dict[str, Any]) -> None:
    did = {"print": "printed", "paid": "marked as paid", "clear": "cleared", "void": "void",
           "reissue": "to print again"}[deed]  # fmt: skip
    if done["moved"]:
        total = usd(sum(row["amount"] for row in done["moved"]))
        flash(f"{len(done['moved'])} {did}, {total}.", "good")
    for row in done["refused"]:
        flash(f"{row['affiliate']}: {row['reason']}", "bad")
    if not done["moved"] and not done["refused"]:
        flash("No check could move so.", "bad")


def _paper(month: str, code: str) -> office.Paper:
    affiliate = affiliates.by_code(code) or abort(404)
    return office.paper(_month(month), affiliate.code) or abort(404)


@blueprint.route("/payouts/<month>/<code>/void", methods=["GET", "POST"])
def void(month: str, code: str) -> Response:
    """Ask back once, then void a check with a reason; there is no undo."""
    paper, form = _paper(month, code), VoidForm()
    if not form.validate_on_submit():
        return page("admin/void.html", paper=paper, form=form, month=month, states=STATES)
    about: dict[str, Any] = {"codes": [paper.affiliate.code], "by": me().email}
    if done := attempt(checks.void, month, reason=form.words(), **about):
        _say("void", done)
        if done["moved"] and form.then.data == "reissue":
            return reissue(month, code)
    return goto("admin.run", month=month)


@blueprint.post("/payouts/<month>/<code>/reissue")
def reissue(month: str, code: str) -> Response:
    """A next check for a payout whose last one is void."""
    codes = [_paper(month, code).affiliate.code]
    if done := attempt(checks.reissue, month, codes=codes, by=me().email):
        _say("reissue", done)
    return goto("admin.run", month=month)


def _check_number(text: str) -> int:
    return int(text[:9])


@blueprint.get("/payouts/<month>/sheets")
def sheets(month: str) -> Response:
    """The printed checks in the order of their numbers, and the PDF of them, a page each."""
    first, last = (request.args.get(name, 0, type=_check_number) for name in ("first", "last"))
    papers = office.printed(_month(month), first, last or first) or abort(404)
    if request.args.get("format") == "pdf":
        try:
            checks = [paper.check for paper in papers]
            return pdf(f"checks-{month}", printing.pages(checks, now=now()))
        except Refused as problem:
            flash(str(problem), "bad")
    return page("admin/sheets.html", papers=papers, month=month)
