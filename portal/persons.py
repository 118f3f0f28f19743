"""Accounts as one thing: affiliates and admins, found by name and named in other tables.

A holder is the text that names an account where either kind may stand: "affiliate:17", "admin:2".
"""

from __future__ import annotations

from portal import rules
from portal.models import Admin, Affiliate, AffiliateCode

_KINDS: dict[str, type[Admin] | type[Affiliate]] = {"admin": Admin, "affiliate": Affiliate}


def holder(account: Affiliate | Admin) -> str:
    """The text that names an account in other tables: "affiliate:17"."""
    return f"{'admin' if isinstance(account, Admin) else 'affiliate'}:{account.id}"


def of(holder: str) -> Affiliate | Admin | None:
    """The account that a holder names, read fresh, or None; also for text that names none."""
    kind, _, number = holder.partition(":")
    if kind not in _KINDS or not (number.isascii() and number.isdigit()):
        return None
    return _KINDS[kind].get_or_none(id=int(number))


def find(name: str) -> Affiliate | Admin | None:
    """The account of a user name (a code, also one given up, R4) or of an e-mail address (R15).

    Of an admin and an affiliate with one address the address means the admin; the affiliate
    signs in by code. So every name means one account, and every try takes the same time.
    """
    if "@" in name:
        key = rules.email_key(name)
        return Admin.get_or_none(email_key=key) or Affiliate.get_or_none(email_key=key)
    known = AffiliateCode.get_or_none(code=name.strip().lower())
    return known.affiliate if known else Affiliate.get_or_none(code=name.strip().lower())


def may_sign_in(account: Affiliate | Admin) -> bool:
    """Whether an account signs in at all: a suspended affiliate does (R16), a declined one not."""
    return isinstance(account, Admin) or account.status in (rules.ACTIVE, rules.SUSPENDED)
