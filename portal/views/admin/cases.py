"""Cases that affiliates opened: a plain list, each with its facts and an answer."""

from typing import Any

from flask import Response, abort, flash, request

from portal import cases, office
from portal.cases import Case
from portal.forms.center import NoteForm
from portal.views.admin import blueprint
from portal.views.html import before, goto, me, now, page, searched

STATES = {
    cases.OPEN: ("To answer", "warn"),
    cases.ANSWERED: ("Answered", "good"),
    cases.CLOSED: ("Closed", ""),
}


@blueprint.get("/cases", endpoint="cases")
def listed() -> Response:
    asked: dict[str, Any] = {"state": searched("state", STATES), "q": searched()}
    asked["about"] = searched("about", cases.ABOUT)
    rows = cases.listed(**asked, before=before())
    return page(
        "admin/cases.html",
        "admin/_cases.html",
        rows=rows,
        waiting=cases.waiting(),
        states=STATES,
        about=cases.ABOUT,
        asked=asked,
        older=rows[-1].id if sum(row.state != cases.OPEN for row in rows) == cases.PAGE else None,
    )


@blueprint.route("/cases/<int(max=999999999):number>", methods=["GET", "POST"])
def case(number: int) -> Response:
    found = Case.get_or_none(id=number) or abort(404)
    form, notes = NoteForm(), cases.notes(found)
    if form.validate_on_submit():
        close = request.form.get("do") == "close"
        with form.refusals():
            cases.answer(found, form.typed("text"), seen=form.seen.data or 0, by=me(),
                         key=form.typed("key"), now=now(), close=close)  # fmt: skip
            flash("The answer is sent.", "good")
            return goto("admin.case", number=number)
    form.seen.data, form.seen.raw_data = notes[-1].id, None
    names = office.names([note.by for note in notes])
    return page("admin/case.html", it=found, form=form, states=STATES, about=cases.ABOUT,
                notes=[(note, names.get(note.by, "")) for note in notes])  # fmt: skip
