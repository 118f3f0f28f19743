"""An affiliate's links, live with what each brought, and each link's own page with its QR code."""

import io
from typing import Any

import segno
from flask import Response, abort, flash, request

from portal import links as own
from portal.forms.center import LabelForm, LinkForm
from portal.models import Link
from portal.views.center import blueprint, go
from portal.views.html import goto, me, now, page, settings
from portal.visits import SUB_ID

DRAWN: dict[str, dict[str, Any]] = {
    "svg": {"scale": 8, "xmldecl": False, "svgclass": None, "lineclass": None},
    "png": {"scale": 16},
}


@blueprint.route("/links", methods=["GET", "POST"])
def links() -> Response:
    form = LinkForm(settings())
    if form.validate_on_submit():
        with form.refusals():
            said = form.typed("name"), form.where(), form.typed("slug")
            link, made = own.make(me(), *said, now=now())
            flash("Link made." if made else "You have this link already.", "good")
            return goto("center.link", slug=link.slug)
    rows = own.table(me(), now=now(), zone=settings().zone)
    parts = ("center/links.html", "center/_links.html")
    return page(*parts, form=form, rows=rows, go=go)


def _found(slug: str) -> Link:
    return own.find(me(), slug) or abort(404)


@blueprint.route("/links/<slug>", methods=["GET", "POST"])
def link(slug: str) -> Response:
    """One link with its QR code; an own one is renamed, or led elsewhere.

    `?sub_id=` puts a label on the link and its code.
    """
    found = _found(slug)
    mine = found.affiliate_id is not None
    if request.method == "POST" and not mine:
        abort(404)
    form = LinkForm(settings(), found, found.landing)
    if form.validate_on_submit():
        with form.refusals():
            own.change(found, form.typed("name"), form.where(), now=now())
            flash("Link saved.", "good")
            return goto("center.link", slug=slug)
    label, asked = LabelForm(request.args), "sub_id" in request.args
    good = asked and label.validate()
    return page(
        "center/link.html",
        status=422 if asked and not good else None,
        slug=slug,
        link=found,
        to=settings().targets.get(found.landing, found.landing),
        mine=mine,
        form=form,
        label=label,
        sub_id=label.typed("sub_id") if good else "",
        go=go,
    )


@blueprint.get("/links/<slug>/qr.<any(svg,png):form>")
def qr(slug: str, form: str) -> Response:
    address, name = go(_found(slug).slug), f"{me().code}-{slug}"
    if label := request.args.get("sub_id"):
        if not SUB_ID.fullmatch(label):
            abort(404)
        address, name = f"{address}?sub_id={label}", f"{name}-{label}"
    drawn = io.BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawn, kind=form, light="#fff", **DRAWN[form])
    file = {"Content-Disposition": f'inline; filename="{name}.{form}"'}
    mimetype = "image/svg+xml" if form == "svg" else "image/png"
    return Response(drawn.getvalue(), mimetype=mimetype, headers=file)
