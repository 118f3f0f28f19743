"""Sessions: browsers that are signed in, each a row that its cookie names by a random id.

Signing out, a new password and a closed account delete rows, so an old cookie opens nothing. Of the
browser only a few words are kept.
"""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from peewee import DatabaseError

from portal.access import Account, LoginSession, holder, may_sign_in, of, sha256
from portal.models import Admin, Affiliate

IDLE = {Affiliate: timedelta(hours=2), Admin: timedelta(minutes=30)}
LONGEST = {Affiliate: timedelta(days=14), Admin: timedelta(hours=12)}
STAMP_EVERY = timedelta(minutes=1)
KEY = 16  # letters of the hash that name a session on a page
_BROWSERS = {  # the first that is found: most say of themselves that they are others too
    "Edg": "Edge", "EdgA": "Edge", "EdgiOS": "Edge", "OPR": "Opera", "Firefox": "Firefox",
    "FxiOS": "Firefox", "SamsungBrowser": "Samsung Internet", "Chrome": "Chrome",
    "CriOS": "Chrome", "Safari": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "CrOS": "ChromeOS",
    "Windows": "Windows", "Mac OS X": "macOS", "Linux": "Linux",
}  # fmt: skip


def begin(account: Account, agent: str, *, now: datetime) -> str:
    """A new session of an account in a browser; returns the id for its cookie, kept nowhere."""
    token = secrets.token_urlsafe(32)
    row = {"hash": sha256(token), "holder": holder(account), "browser": browser(agent)}
    LoginSession.create(**row, began_at=now, used_at=now)
    return token


def account_of(token: str, *, now: datetime, acting: bool) -> Account | None:
    """Who is signed in by this id, or None when the session has ended by rest, by age or by deed.

    A page that only asks for news is not `acting`, so it keeps nobody signed in.
    """
    row = LoginSession.get_or_none(hash=sha256(token))
    account = of(row.holder) if row else None
    if account is None:
        return None
    kind, rest = type(account), now - row.used_at
    lives = may_sign_in(account) and rest <= IDLE[kind] and now - row.began_at <= LONGEST[kind]
    with suppress(DatabaseError):  # who may read still may where nothing can be written
        if not lives:
            end(token)
        elif acting and abs(rest) > STAMP_EVERY:
            LoginSession.update(used_at=now).where(LoginSession.hash == row.hash).execute()
    return account if lives else None


def end(token: str) -> None:
    LoginSession.delete().where(LoginSession.hash == sha256(token)).execute()


def end_one(account: Account, key: str) -> bool:
    """Sign another browser of this account out, by the letters that name it; False for none."""
    mine = (LoginSession.holder == holder(account)) & LoginSession.hash.startswith(key)
    return len(key) == KEY and LoginSession.delete().where(mine).execute() == 1


def listed(account: Account, *, now: datetime) -> list[LoginSession]:
    """The browsers that an account is signed in with, the latest used first."""
    kind = type(account)
    fresh = LoginSession.used_at >= now - IDLE[kind], LoginSession.began_at >= now - LONGEST[kind]
    query = LoginSession.select().where(LoginSession.holder == holder(account), *fresh)
    return list(query.order_by(LoginSession.used_at.desc()))


def forget_old(now: datetime) -> None:
    """Delete the sessions that ended by rest or by age and that nobody came back to."""
    rested = LoginSession.used_at < now - max(IDLE.values())
    old = LoginSession.began_at < now - max(LONGEST.values())
    LoginSession.delete().where(rested | old).execute()


def browser(agent: str) -> str:
    """A browser in words: Firefox on macOS."""
    name = next((word for sign, word in _BROWSERS.items() if f"{sign}/" in agent), "A browser")
    system = next((word for sign, word in _SYSTEMS.items() if sign in agent), "")
    return f"{name} on {system}" if system else name
