"""Form 1099-NEC by year: who gets one and why, filing, copies, and tax IDs one at a time (R22)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Response, abort, flash, request

from portal import access, affiliates, filing, months, office, taxyear
from portal.formats import decimal
from portal.forms import cents
from portal.forms.office import AmountForm, FileForm, LookForm
from portal.models import TaxIdOnFile
from portal.taxes import PROGRAM_1099
from portal.views.admin import attempt, blueprint, tried
from portal.views.html import for_machines, goto, me, now, page, pdf, settings, table

YEAR = "<int(min=2000,max=2999):year>"


@blueprint.get("/tax")
def tax() -> Response:
    return _page(AmountForm(None))


def _asked() -> int:
    """The year asked for; in January and February it is the last one that has work."""
    default = months.year_of(now() - timedelta(days=59), settings().zone)
    text = request.args.get("year", "") or str(default)
    return int(text) if text.isdecimal() and 2000 <= int(text[:5]) < 3000 else abort(404)


def _page(form: AmountForm) -> Response:
    year = _asked()
    people = sorted(taxyear.recipients(year), key=lambda one: not one.form)
    if request.args.get("format") == "csv":
        return table(f"tax-{year}", "code name tax_class tax_id checks form reason", _cells(people))
    codes = [one.affiliate.code for one in people]
    after = request.args.get("after", "")
    first = codes.index(after) + 1 if after in codes else 0
    rows, more = people[first : first + office.PAGE], len(people) > first + office.PAGE
    return page(
        "admin/tax.html",
        "admin/_recipients.html",
        year=year,
        rows=rows,
        next=codes[first + office.PAGE - 1] if more else None,
        people=people,
        forms=[one for one in people if one.form],
        law=taxyear.statutory(year),
        years=taxyear.known_years(now()),
        confirmed=taxyear.confirmed(),
        promised=PROGRAM_1099 if settings().form_1099_at == "program" else None,
        due=taxyear.due_day(year),
        is_over=year < months.year_of(now(), settings().zone),
        filed=taxyear.filed(year),
        corrections=taxyear.corrections(year, people),
        form=form,
    )


def _cells(people: list[taxyear.Recipient]) -> Iterator[tuple[Any, ...]]:
    for one in people:
        known = f"{one.on_file.kind} ending {one.on_file.last_four}" if one.on_file else ""
        who, form = one.affiliate, "yes" if one.form else "no"
        yield who.code, one.name, who.tax_class, known, decimal(one.amount), form, one.reason


@blueprint.post("/tax")
def confirm_year() -> Response:
    form = AmountForm()
    if form.validate():
        about = (form.year.data, cents(form.typed("amount")), form.typed("source"))
        with form.refusals():
            taxyear.confirm(*about, by=me().email, now=now())
            flash(f"{form.year.data} is confirmed.", "good")
            return goto("admin.tax", _anchor="years")
    return _page(form)


@blueprint.post(f"/tax/{YEAR}/filed")
def tax_filed(year: int) -> Response:
    if attempt(taxyear.mark_filed, year, by=me().email) is not None:
        flash(f"The forms of {year} are marked as filed.", "good")
    return goto("admin.tax", year=year)


@blueprint.get(f"/tax/{YEAR}/copies")
def tax_copies(year: int) -> Response:
    copies = tried(filing.copies, year)
    return pdf(f"1099-nec-{year}", copies) if copies else goto("admin.tax", year=year)


# --- Whole tax IDs -----------------------------------------------------------------------------


@blueprint.route(f"/tax/{YEAR}/file", methods=["GET", "POST"])
def tax_file(year: int) -> Response:
    """The file for who files the forms, after a reason and the password; kept nowhere."""
    if not tried(filing.payer):
        return goto("admin.tax", year=year)
    form, count = FileForm(), sum(one.form for one in taxyear.recipients(year))
    files = range(1, max(count, 1) + 1, filing.FILE)
    form.first.choices = [(n, f"{n} to {min(n + filing.FILE - 1, count)}") for n in files]
    about = {"header": form.typed("header"), "first": form.first.data}
    rows = _look(form, partial(filing.for_filing, **about), year)
    if rows is None:
        return page("admin/look.html", form=form, year=year, who=None, shown="")
    return for_machines(f"1099-nec-{year}-{form.first.data}", rows)


@blueprint.route("/tax/reveal/<code>", methods=["GET", "POST"])
def reveal(code: str) -> Response:
    affiliate = affiliates.by_code(code) or abort(404)
    on_file = TaxIdOnFile.get_or_none(affiliate=affiliate) or abort(404)
    form = LookForm()
    shown = _look(form, filing.reveal, affiliate)
    known = {"form": form, "who": affiliate, "on_file": on_file, "shown": shown or "", "year": None}
    return page("admin/look.html", status=200 if shown else None, **known)


def _look(form: LookForm, deed: Callable[..., Any], what: Any) -> Any:
    """Do what shows tax IDs once reason and password are right; None when it was not done."""
    if form.validate_on_submit():
        with form.refusals():
            ip = request.remote_addr or ""
            access.check_password(me(), form.typed("current"), now=now(), ip=ip)
            return deed(what, form.typed("reason"), by=me().email, now=now())
    return None
