"""The program's rules and words, changed as `portal set` changes them, and what was changed."""

from __future__ import annotations

from flask import Response, flash, request

from portal import office, program
from portal.forms.settings import SettingsForm, shown
from portal.rules import Refused
from portal.views.admin import blueprint
from portal.views.html import goto, me, now, page


@blueprint.route("/settings", methods=["GET", "POST"], endpoint="settings")
def change() -> Response:
    """All settings on one page; what was changed is saved, all of it or nothing (R10a)."""
    form = SettingsForm(data=shown(program.settings()))
    if form.validate_on_submit():
        try:
            changed = program.change_all(form.said(), by=me().email, now=now())
        except Refused as problem:
            form.refuse(problem)
        else:
            flash(f"Saved: {', '.join(changed)}." if changed else "Nothing was changed.", "good")
            return goto("admin.settings")
    text = request.args.get("before", "")
    history, older = office.settings_log(int(text[:18]) if text.isdecimal() else None)
    return page("admin/settings.html", form=form, history=history, older=older)
