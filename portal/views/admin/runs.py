"""Payout runs by month: preview, run, print, spoil, mark as paid, void, reissue (R18 to R21)."""

from collections import Counter
from typing import Any

from flask import Response, abort, flash, request

from portal import affiliates, checks, formats, months, office, outlook, payouts, printing, rules
from portal.books import Run
from portal.formats import decimal, plural, usd
from portal.forms.office import BatchForm, SpoilForm, VoidForm
from portal.models import Affiliate
from portal.months import Month
from portal.rules import Refused
from portal.views.admin import attempt, blueprint, month_of, say
from portal.views.html import goto, me, now, page, pdf, searched, settings, table

STATES = {
    rules.ISSUED: ("To print", ""),
    rules.PRINTED: ("Printed", "warn"),
    rules.CHECK_PAID: ("Paid", "good"),
    rules.CLEARED: ("Cleared", "good"),
    rules.VOID: ("Void", "bad"),
}
# By list of a run: its name, what happens, its tone, why, and the words for all who stand in it.
LISTS = {
    rules.IN_PAYOUTS: ("Paid", "To be paid", "good", "", ""),
    rules.CARRIED: ("Kept", "Kept", "", "", "kept for later"),
    rules.HELD_TAX_ID: ("No tax ID", "On hold", "warn", "tax ID missing (R20)", "on hold (R20)"),
    rules.HELD_SUSPENDED: ("Suspended", "On hold", "bad", "suspended (R16)", "suspended (R16)"),
}
# What the office does to many checks, as its page says while it works.
WORKING = {"print": "Numbering checks", "paid": "Marking as paid", "clear": "Clearing"}


@blueprint.get("/payouts", endpoint="payouts")
def runs() -> Response:
    if asked := searched("month"):
        return goto("admin.run", month=month_of(asked))
    return page("admin/payouts.html", runs=office.runs(), upcoming=outlook.next_month(now()))


def _made(month: Month) -> dict[str, Any] | None:
    return next(iter(office.runs(Run.month == month)), None)


@blueprint.get("/payouts/<month>")
def run(month: str) -> Response:
    """A run with its checks, or what the run of the month would pay."""
    month = month_of(month)
    made = _made(month)
    return _checks(month, made, BatchForm(None)) if made else _preview(month)


def _preview(month: Month) -> Response:
    only = searched("list", LISTS)
    before, was = payouts.before(month)
    rows = sorted(payouts.coming(month), key=lambda row: list(LISTS).index(row.list))
    standing = [
        (row.affiliate, *_stands(row), row.amount, _unlike(was.get(row.affiliate), row))
        for row in rows
        if only in ("", row.list)
    ]
    if request.args.get("format") == "csv":
        names = dict(Affiliate.select(Affiliate.code, Affiliate.name).tuples())
        cells = ((code, names[code], what, why, decimal(due), unlike)
                 for code, what, _, why, due, unlike in standing)  # fmt: skip
        return table(f"preview-{month}", "code name what why due unlike_last_run", cells)
    places = {code: place for place, (code, *_) in enumerate(standing, 1)}
    start = places.get(searched("after"), 0)
    shown = standing[start : start + office.PAGE]
    who = Affiliate.select().where(Affiliate.code.in_([code for code, *_ in shown]))
    return page(
        "admin/preview.html",
        "admin/_preview.html",
        month=month,
        rows=shown,
        who={affiliate.code: affiliate for affiliate in who},
        next=shown[-1][0] if len(standing) > start + office.PAGE else None,
        only=only,
        lists=[(name, LISTS[name][0], n) for name, n in Counter(r.list for r in rows).items()],
        before=before,
        paid=[row.amount for row in rows if row.list == rules.IN_PAYOUTS],
        why_not=payouts.why_not(month, now=now()),
        left=_left(rows),
    )


def _stands(row: payouts.Stood) -> tuple[str, str, str]:
    """What the run will do with somebody: what happens, its tone, and why."""
    what, tone, why = LISTS[row.list][1:4]
    if row.list == rules.CARRIED:
        why = "below zero" if row.amount < 0 else "below the minimum"
    return what, tone, why


def _unlike(was: payouts.Stood | None, row: payouts.Stood) -> str:
    """How somebody's place in a run differs from that in the run before, "" where it does not."""
    if was is None:
        return "not in it"
    if was.list != row.list:
        return f"{LISTS[was.list][0]}, {usd(was.amount)}"
    more = row.amount - was.amount
    return f"{usd(abs(more))} {'more' if more > 0 else 'less'}" if more else ""


def _left(rows: list[payouts.Stood]) -> list[tuple[str, int, int]]:
    """Who is not paid, by reason: the words, how many, how much."""
    found = {name: [row.amount for row in rows if row.list == name] for name in LISTS}
    del found[rules.IN_PAYOUTS]
    return [(LISTS[name][4], len(cents), sum(cents)) for name, cents in found.items() if cents]


@blueprint.post("/payouts/<month>/run")
def run_now(month: str) -> Response:
    """Make the run of a month; doing it twice changes nothing (R19)."""
    month = month_of(month)
    if told := attempt(payouts.run_month, month, by=me().email):
        count = formats.plural(len(told["payouts"]), "check")
        flash(f"{formats.month(month)} ran: {count} to print.", "good")
    return goto("admin.run", month=month)


# --- Checks ------------------------------------------------------------------------------------


def _checks(month: Month, made: dict[str, Any], form: BatchForm) -> Response:
    state, q, after = searched("state", STATES), searched(), searched("after")
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
        chosen=request.form.getlist("code"),
        first=checks.next_number(),
        today=months.day_of(now(), settings().zone),
        left=_left(payouts.standing(made["run"])),
    )


def _cells(paper: office.Paper) -> tuple[Any, ...]:
    check, who = paper.check, (paper.affiliate.code, paper.payee, decimal(paper.payout.amount))
    return *who, check.status, check.number, check.check_date, check.mailed_on


@blueprint.post("/payouts/<month>")
def move(month: str) -> Response:
    """Print, mark as paid or clear the chosen checks, or, step by step, all that can."""
    month, form = month_of(month), BatchForm()
    made, deed = _made(month) or abort(404), form.do.data
    if deed not in WORKING:
        abort(422)
    if form.validate():
        try:
            codes, step = _chosen(deed, month, form)
            done = _do(deed, month, form, codes[:step])
        except Refused as problem:
            form.refuse(problem)
            if form.after.data:  # a later step: there is no page of its own to say it on
                flash(str(problem), "bad")
                return _went_on(deed, month, form, {"moved": [], "refused": []}, [], 0)
        else:
            return _went_on(deed, month, form, done, codes, step)
    return _checks(month, made, form)


def _chosen(deed: str, month: Month, form: BatchForm) -> tuple[list[str], int]:
    """Whose checks are to move, and how many of them now: no more than sheets are in the tray."""
    codes = [code for code in request.form.getlist("code") if code.isprintable()]
    step = len(codes)
    if form.everyone.data:
        codes, step = checks.ready(month, deed, form.after.data), checks.STEP
    elif not codes:
        raise Refused("Choose checks, or all of this run.")
    if deed == "print" and form.last.data:
        number = form.first.data or checks.next_number()
        if number > form.last.data:
            said = f"{number} is the next number, above the last in the tray."
            raise Refused(said, "last")
        step = min(step, form.last.data + 1 - number)
    return codes, step


def _do(deed: str, month: Month, form: BatchForm, codes: list[str]) -> dict[str, Any]:
    about: dict[str, Any] = {"codes": codes, "by": me().email, "now": now()}
    if deed == "print":
        return checks.print_checks(month, first=form.first.data, **about)
    if deed == "paid":
        mailed = form.mailed.data.isoformat() if form.mailed.data else None
        if mailed and mailed > months.day_of(now(), settings().zone):
            said = "A check is marked once it is mailed: give today or a day before."
            raise Refused(said, "mailed")
        return checks.mark_paid(month, date=mailed, **about)
    return checks.clear(month, **about)


def _went_on(
    deed: str, month: Month, form: BatchForm, done: dict[str, Any], codes: list[str], step: int
) -> Response:
    """After a step: the next one, which the page asks for by itself, or where it leads."""
    numbers = [row["check_number"] for row in done["moved"]]
    form.start.data = form.start.data or (numbers[0] if numbers else 0)
    left = len(codes) - step
    is_full = deed == "print" and form.last.data and checks.next_number() > form.last.data
    if form.everyone.data and left > 0 and not is_full:
        form.moved.data += len(numbers)
        form.refused.data += len(done["refused"])
        form.after.data, of = codes[step - 1], form.moved.data + form.refused.data + left
        told = {"form": form, "of": of, "doing": WORKING[deed], "month": month}
        return page("admin/moving.html", "admin/_moving.html", status=200, **told)
    say(deed, done, form.moved.data, form.refused.data)
    if left > 0:
        flash(f"The tray is used up: {plural(left, 'check')} not printed yet.")
    if deed == "print" and form.start.data:
        last = numbers[-1] if numbers else checks.next_number() - 1
        return goto("admin.sheets", month=month, first=form.start.data, last=last)
    return goto("admin.run", month=month)


def _paper(month: str, code: str) -> office.Paper:
    affiliate = affiliates.by_code(code) or abort(404)
    return office.paper(month_of(month), affiliate.code) or abort(404)


@blueprint.route("/payouts/<month>/<code>/void", methods=["GET", "POST"])
def void(month: str, code: str) -> Response:
    """Ask back once, then void a check with a reason; there is no undo."""
    paper = _paper(month, code)
    form = VoidForm(data={"part": paper.check.part})  # which check the page shows
    if paper.check.mailed_on:
        form.for_mailed()
    if paper.check.status not in rules.BEFORE["void"]:
        flash(f"A check that is {paper.check.status} cannot become void.", "bad")
        return goto("admin.run", month=month)
    if not form.validate_on_submit():
        return page("admin/void.html", paper=paper, form=form, month=month, states=STATES)
    about = {"codes": [paper.affiliate.code], "part": form.part.data, "by": me().email}
    if done := attempt(checks.void, month, reason=form.words(), **about):
        say("void", done)
        if done["moved"] and form.then.data == "reissue":
            return reissue(month, code)
    return goto("admin.run", month=month)


@blueprint.post("/payouts/<month>/<code>/reissue")
def reissue(month: str, code: str) -> Response:
    codes = [_paper(month, code).affiliate.code]
    if done := attempt(checks.reissue, month, codes=codes, by=me().email):
        say("reissue", done)
    return goto("admin.run", month=month)


@blueprint.route("/payouts/<month>/sheets", methods=["GET", "POST"])
def sheets(month: str) -> Response:
    """Printed checks by their numbers with the PDF of them, a page each, and what was spoiled."""
    month, form = month_of(month), SpoilForm()
    asked = request.args.get
    first, last = (asked(name, 0, type=lambda n: int(n[:9])) for name in ("first", "last"))
    span = (first, last or first or 999_999_999)
    if form.validate_on_submit():
        burned = form.first.data, form.last.data or form.first.data
        with form.refusals():
            done = checks.spoil(month, *burned, by=me().email, now=now())
            say("spoil", done)
            return goto("admin.run", month=month, state=rules.ISSUED)
    piles = office.sheets(month, *span, checks.STEP) or abort(404)
    papers = office.printed(month, *span) if len(piles) == 1 else []
    if request.args.get("format") == "pdf":
        found = [paper.check for paper in papers] or abort(404)
        if content := attempt(printing.pages, found):
            return pdf(f"checks-{month}-{span[0]}", content)
    return page("admin/sheets.html", piles=piles, papers=papers, month=month, form=form)
