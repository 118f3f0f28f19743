"""The program as it is set: its settings, the terms that hold, and its own secrets.

Settings and terms live in the database, so every process and every portal on it sees a change at
once. What changes money is versioned (R10a): a change makes a new row that holds from then on.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.books import Run
from portal.database import transaction
from portal.models import TERM_NAMES, Audit, Setting, TermsVersion, last_fact
from portal.months import month_of
from portal.rules import Plan, Refused, Terms, earned_in_all
from portal.settings import SETTINGS, as_text, parse
from portal.settings import Program as Program


def load() -> Program:
    return read(dict(Setting.select(Setting.name, Setting.value).tuples()))


def read(stored: Mapping[str, str]) -> Program:
    """The settings as typed values from their texts; what is not stored has its default."""
    known = Program.__dataclass_fields__.keys() & stored.keys()
    values: dict[str, Any] = {name: parse(name, stored[name]) for name in known}
    return Program(**values)


def terms_version() -> TermsVersion:
    """The version of the terms that holds: the last one made."""
    return TermsVersion.select().order_by(TermsVersion.id.desc()).get()


def secret(name: str) -> bytes:
    """A random secret that the program made for itself when it was set up."""
    return bytes.fromhex(Setting.get_by_id(name).value)


def initialize(now: datetime) -> None:
    """Give a new program its first terms, its secrets and its first month; safe to repeat."""
    with transaction():
        if not TermsVersion.select().exists():
            TermsVersion.create(since=now, **vars(Terms()))
        # Kept here, not in a file: all portals on one database share it.
        _default("click_key", secrets.token_hex(32))
        _default("first_month", month_of(now, load().zone))


def _default(name: str, value: str) -> None:
    Setting.insert(name=name, value=value).on_conflict_ignore().execute()


def change(name: str, text: str, *, by: str, now: datetime) -> None:
    """Set a program setting; what changes money holds from now on (R10a). Raises Refused."""
    change_all({name: text}, by=by, now=now)


def change_all(said: Mapping[str, str], *, by: str, now: datetime) -> list[str]:
    """Set those settings that differ, all or none, under one new version of the terms; which.

    Raises Refused.
    """
    values = {name: _read(name, text) for name, text in said.items()}
    with transaction():
        before = settings()
        changed = [name for name in values if values[name] != before[name]]
        other_zone = values.get("time_zone", before["time_zone"]) != before["time_zone"]
        if other_zone and Run.select().exists():
            raise Refused("The time zone is fixed after the first payout run.", "time_zone")
        terms = {name: values[name] for name in changed if name in TERM_NAMES}
        if terms:
            whole = vars(terms_version().terms()) | terms
            TermsVersion.create(since=now, after_fact=last_fact(), **whole)
        for name in changed:
            value = said[name].strip()
            if name not in terms:
                Setting.put({"name": name}, value=value)
            Audit.note(by, "set", name, now, value=value, before=as_text(before[name]))
        return changed


def _read(name: str, text: str) -> Any:
    try:
        return parse(name, text)
    except ValueError as problem:
        raise Refused(str(problem), name) from None


def settings() -> dict[str, Any]:
    """Every setting by name, as `portal settings` prints it; terms are those that hold."""
    current, terms = load(), vars(terms_version().terms())
    return {
        s.name: terms[s.name] if s.name in terms else getattr(current, s.name) for s in SETTINGS
    }


def examples(terms: Terms) -> tuple[dict[str, Plan], dict[str, int]]:
    """Plans of prices where the rules turn, and what a full payment of each earns, by name.

    Without a threshold any monthly price may be the example.
    """
    full = terms.month_threshold or 10_000
    plans = {"small": Plan("month", full // 2 or 1), "month": Plan("month", full)}
    plans |= {"year": Plan("year", 10 * full), "once": Plan("once", 25_000)}
    return plans, {name: earned_in_all(p, terms, p.price) for name, p in plans.items()}
