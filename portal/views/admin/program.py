"""The program's rules and words, changed as `portal set` changes them, and what was changed."""

from datetime import timedelta
from typing import Any

from flask import Response, flash

from portal import office, outlook, program, rules
from portal.forms.settings import SettingsForm, label, shown, told
from portal.views.admin import blueprint
from portal.views.html import before, goto, me, now, page, settings


@blueprint.route("/settings", methods=["GET", "POST"], endpoint="settings")
def change() -> Response:
    """All settings on one page; what was changed is saved, all of it or nothing (R10a)."""
    form = SettingsForm(data=shown(program.settings()))
    if form.validate_on_submit():
        with form.refusals():
            changed = program.change_all(form.said(), by=me().email, now=now())
            named = ", ".join(map(label, changed))
            flash(f"Saved: {named}." if changed else "Nothing was changed.", "good")
            if lost := program.load().lost_pages:
                flash(f"Not on a site that links may lead to, so not offered: {lost}.", "bad")
            return goto("admin.settings")
    history, older = office.settings_log(before())
    return page("admin/settings.html", form=form, history=history, older=older, **_today())


def _today() -> dict[str, Any]:
    """What the settings mean at this instant, for the words beside them."""
    terms, pays = program.terms_version().terms(), outlook.next_month(now())
    plans, earns = program.examples(terms)
    return {
        "label": label,
        "told": told,
        "every_plan": not terms.month_threshold,
        "until": now() + timedelta(days=terms.cookie_days),
        "plans": plans,
        "earns": earns,
        "override": rules.override_in_all(terms, plans["year"].price),
        "pays": pays,
        "pays_at": pays.payout_at(settings().payout_day, settings().zone),
        "last": office.last_run(),
        "waiting": office.states().get(rules.REVIEW, 0),
    }
