"""Creatives in the office: offered, changed, put in order, retired; and the program's logo."""

from typing import Any

from flask import Response, abort, current_app, flash, request

from portal import material, pictures, reports, swipes
from portal.forms.office import FORMS, CreativeForm, LogoForm
from portal.material import BANNER, EMAIL, TEXT, Creative
from portal.models import Affiliate
from portal.rules import Refused
from portal.views.admin import attempt, blueprint
from portal.views.html import goto, me, now, page, settings

KIND, NUMBER = "<any(banner,text,email):kind>", "<int(max=999999999):number>"
SAMPLE = Affiliate(name="Jordan Reyes", code="jreyes", payee="", line1="", city="")


@blueprint.get("/material", endpoint="material")
def everything() -> Response:
    return _all(LogoForm(None))


def _all(logo: LogoForm) -> Response:
    kinds = {kind: material.listed(kind, retired=True) for kind in (BANNER, TEXT, EMAIL)}
    clicks = material.clicks(reports.first_day(now(), settings().zone))
    return page("admin/material.html", kinds=kinds, clicks=clicks, logo=logo)


def _found(kind: str, number: int) -> Creative:
    return Creative.get_or_none(Creative.id == number, Creative.kind == kind) or abort(404)


@blueprint.route(f"/material/{KIND}", methods=["GET", "POST"], endpoint="creative_new")
@blueprint.route(f"/material/{KIND}/{NUMBER}", methods=["GET", "POST"])
def creative(kind: str, number: int | None = None) -> Response:
    found = None if number is None else _found(kind, number)
    form = FORMS[kind](settings(), found, found.link.landing if found else "")
    preview = request.args.get("preview") == "on"
    if not preview and form.validate_on_submit():
        with form.refusals():
            _save(kind, found, form)
            return goto("admin.material")
    status = 200 if preview else None
    parts, shown = (["admin/_preview_email.html"], _preview(form)) if kind == EMAIL else ([], None)
    return page(
        "admin/creative.html", *parts, status=status, kind=kind, it=found,
        form=form, shown=shown, placeholders=swipes.PLACEHOLDERS,
    )  # fmt: skip


def _save(kind: str, found: Creative | None, form: CreativeForm) -> None:
    said: dict[str, Any] = form.said() | {"by": me().email, "now": now()}
    taken_out = swipes.clean(said["text"])[1] if kind == EMAIL else []
    if found:
        material.change(found, place=form.place.data or found.place, **said)
    else:
        picture = _uploaded(form.file.data) if kind == BANNER else None
        material.add(kind, picture=picture, **said)
    gone = f" Taken out: {', '.join(taken_out)}." if taken_out else ""
    flash(f"{said['name']} is saved.{gone}", "good")


def _uploaded(file: Any) -> pictures.Picture:
    """The picture that was sent with a form. Raises Refused."""
    if not file:
        raise Refused(f"Choose an image: {pictures.TAKES}", "file")
    return pictures.read(file.read(pictures.LARGEST + 1), file.filename[:80])


def _preview(form: CreativeForm) -> dict[str, Any]:
    link = f"{current_app.config['PORTAL'].url}/go/{SAMPLE.code}"
    written = Creative(subject=form.typed("subject"), text=form.typed("text"))
    try:
        shown = material.swipe(written, link, SAMPLE, settings())
        return {**shown, "taken_out": swipes.clean(written.text)[1], "problem": ""}
    except Refused as problem:
        return {"problem": str(problem)}


@blueprint.post(f"/material/{KIND}/{NUMBER}/offer")
def offer(kind: str, number: int) -> Response:
    offered = request.form.get("do") == "offer"
    if it := attempt(material.offer, _found(kind, number), offered, by=me().email):
        said = "offered again" if offered else "retired: where it was pasted it goes on working"
        flash(f"{it.name} is {said}.", "good")
    return goto("admin.material")


@blueprint.post("/material/logo")
def logo() -> Response:
    form = LogoForm()
    if form.validate():
        with form.refusals():
            picture = None if request.form.get("do") == "remove" else _uploaded(form.file.data)
            material.set_logo(picture, by=me().email, now=now())
            flash("The logo is saved." if picture else "The logo is gone.", "good")
            return goto("admin.material")
    return _all(form)
