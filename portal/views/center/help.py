"""Help: the questions with their rules, cases of one's own, and a sale that is missing."""

from typing import Any

from flask import Response, abort, flash, request

from portal import cases, missing, program, reports, taxes
from portal.cases import Case
from portal.forms import options
from portal.forms.center import AskForm, MissingForm, NoteForm
from portal.missing import Claim
from portal.views.center import blueprint
from portal.views.html import goto, me, now, page, settings

NOT_KNOWN = {"": "I do not know", "phone": "By phone"}


@blueprint.route("/help", methods=["GET", "POST"])
def help() -> Response:
    """The questions, and one of your own: about a row of yours where the address names it."""
    form, named = AskForm(), request.args.get("about", "")
    subject = cases.subject(me(), named, now=now(), zone=settings().zone) if named else None
    if named and subject is None:
        abort(404)
    if subject:
        form.text.description = ""  # the row came along
        form.subject.data = subject.title[:120] if request.method == "GET" else form.subject.data
    if form.validate_on_submit():
        about: dict[str, Any] = subject._asdict() if subject else {}
        about.pop("title", None)
        said = form.typed("subject"), form.typed("text")
        with form.refusals():
            case = cases.ask(me(), *said, key=form.typed("key"), now=now(), **about)
            flash(f"Case {case.id} is open. The office answers here and by e-mail.", "good")
            return goto("center.case", key=case.key)
    return page(
        "center/help.html",
        form=form,
        subject=subject,
        cases=cases.of(me()),
        terms=program.terms_version().terms(),
        promised_1099=taxes.PROGRAM_1099,
    )


@blueprint.route("/missing-sale", methods=["GET", "POST"], endpoint="missing")
def missing_sale() -> Response:
    """Look at the evidence again; answered at once, or a case for the office."""
    form = MissingForm()
    names = {name: name for name in reports.links(me()).values()}
    form.link.choices = options((NOT_KNOWN | names).items())
    explained, zone = None, settings().zone
    if form.validate_on_submit():
        link = NOT_KNOWN.get(form.link.data, form.link.data)
        said = form.typed("bought"), form.typed("who"), link, form.typed("more")
        claim = Claim(form.day.data, *said)
        with form.refusals():
            missing.not_too_often(me(), claim, form.typed("key"), now())
            explained = missing.look(me(), claim, now=now(), zone=zone)
            if not explained or request.form.get("do") == "ask":
                return goto("center.case", key=_opened(claim, form).key)
    status = 200 if explained else None
    return page("center/missing.html", form=form, status=status, explained=explained)


def _opened(claim: Claim, form: MissingForm) -> Case:
    zone = settings().zone
    mine = missing.facts(me(), claim, now=now(), zone=zone)
    text = claim.more or f"Who bought? {claim.who}"
    case = cases.ask(
        me(), f"Missing sale, {claim.on:%b} {claim.on.day}", text,
        key=f"{form.typed('key')} {claim}", now=now(), about="missing", facts=mine,
        evidence=[*mine, *missing.comparison(claim, zone=zone)],
    )  # fmt: skip
    flash(
        f"Case {case.id} is open. We found no order of those days that fits your clicks. The "
        "office has what you wrote, and answers here and by e-mail.",
        "good",
    )
    return case


@blueprint.route("/cases/<key>", methods=["GET", "POST"])
def case(key: str) -> Response:
    found = cases.found(me(), key) or abort(404)
    form = NoteForm()
    with form.refusals():
        if request.form.get("do") == "close":
            cases.close(found, now=now())
            flash("The case is closed. Write again and it opens again.", "good")
            return goto("center.case", key=key)
        if form.validate_on_submit():
            cases.say(found, me(), form.typed("text"), key=form.typed("key"), now=now())
            flash("Sent. The office answers here and by e-mail.", "good")
            return goto("center.case", key=key)
    notes = [(note, note.by.startswith("affiliate:")) for note in cases.notes(found)]
    return page("center/case.html", "center/_case.html", form=form, it=found, notes=notes)
