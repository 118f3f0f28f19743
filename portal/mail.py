"""The outbox: a mail is queued in the transaction of the deed it tells of, and sent later.

A row says what to tell and to whom, never a secret: passwords and links are made when the mail is
sent, and no transaction is open while the mail server is spoken to.
"""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from peewee import BooleanField, CharField, IntegerField, ModelSelect, fn

from portal import access, backup, letters
from portal.config import MailServer
from portal.database import JsonField, Table, UtcField
from portal.models import Admin, Affiliate

WAITING, SENDING, SENT = "waiting", "sending", "sent"
FAILED, DROPPED = "failed", "dropped"
LEASE = timedelta(minutes=10)  # longer than a mail takes at the slowest server
SOON = timedelta(minutes=10)  # by when a mail has gone out, if all is well
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=2)
GIVE_UP = timedelta(days=3)
SECRETS: dict[str, Callable[..., str]] = {  # what makes the secret of a kind for an account
    "login": access.one_time_password,
    "password_reset": access.reset_token,
    "confirm_email": access.reset_token,
}
MUTED = {  # what an affiliate may turn off, and the words for it
    "check": ("A check is on its way", ("check_mailed",)),
    "first": ("My first click, my first commission", ("first_click", "first_commission")),
    "refund": ("A refund took something back", ("reversal",)),
    "case": ("An answer to a case", ("case_answered",)),
}
NOTICE_OF = {kind: notice for notice, (_, kinds) in MUTED.items() for kind in kinds}

log = logging.getLogger(__name__)


class Message(Table):
    """A mail to send: its kind, to whom ("affiliate:17"), and the facts it tells. No secrets.

    While it is `sending`, `due_at` is when another process may take it from one that was killed.
    `down` says that the last attempt failed because of the server, not because of this mail.
    """

    key = CharField(unique=True)
    kind = CharField(32)
    holder = CharField(32)
    facts = JsonField(default=dict)
    state = CharField(8, default=WAITING)
    queued_at = UtcField()
    due_at = UtcField()
    attempts = IntegerField(default=0)
    first_tried_at = UtcField(null=True)
    sent_at = UtcField(null=True)
    down = BooleanField(default=False)
    error = CharField(default="")

    class Meta:
        indexes = ((("state", "due_at"), False), (("holder", "state", "id"), False))


def queue(
    kind: str, *, to: Affiliate | Admin, now: datetime, key: str = "", address: str = "",
    **facts: Any,
) -> None:  # fmt: skip
    """Queue a mail in the transaction of its deed; the same key again is the same mail, and one
    without a key is news of its own.

    Each kind is a template of templates/mail; one that its affiliate turned off, or a
    notice to a closed account, is not queued.
    It goes to the account's address, or to another `address`. Facts are what the template tells,
    amounts in cents; they stay in the database, so they are never secret. Raises ValueError for a
    kind that there is not.
    """
    if kind not in letters.KINDS:
        raise ValueError(f"there is no mail of the kind {kind!r}")
    if isinstance(to, Affiliate) and _is_unwanted(kind, to):
        return
    facts |= {"to": address} if address else {}
    key = key or f"{kind}:{secrets.token_hex(8)}"
    row = {"key": key, "kind": kind, "holder": access.holder(to), "facts": facts}
    Message.insert(**row, queued_at=now, due_at=now).on_conflict_ignore().execute()


def _is_unwanted(kind: str, to: Affiliate) -> bool:
    notice, closed = NOTICE_OF.get(kind), bool(to.closed_at)
    return notice is not None and (closed or notice in to.muted.split())


def waiting() -> "ModelSelect[Message]":
    """The mails that are not sent: waiting, or given up with their error; oldest first."""
    unsent = Message.state.in_((WAITING, SENDING, FAILED))
    return Message.select().where(unsent).order_by(Message.id)


def late(now: datetime) -> "ModelSelect[Message]":
    """Those of them that a working mail server would have taken by now, or did not take."""
    return waiting().where((Message.state == FAILED) | (Message.queued_at < now - SOON))


def try_again(message_id: int, *, now: datetime) -> bool:
    """Send a mail that was given up or waits for its next try at once; False for any other."""
    again = Message.update(state=WAITING, due_at=now, first_tried_at=None, attempts=0)
    idle = Message.state.in_((WAITING, FAILED))
    return again.where(Message.id == message_id, idle).execute() == 1


# --- Sending -----------------------------------------------------------------------------------


def deliver(
    server: MailServer,
    url: str,
    *,
    clock: Callable[[], datetime],
    going: Callable[[], bool] = lambda: True,
) -> int:
    """Send what is due, oldest first and in order for each person; returns how many were accepted.

    Links begin with `url`. Ends early when the server cannot be reached, and between two mails
    once `going` says no.
    """
    accepted = 0
    if backup.unconfirmed():
        return 0
    while going() and (message := lease(clock())):
        try:
            accepted += _send(message, server, url, clock())
        except Exception as problem:  # whatever it is, the next mail may still go
            log.warning("mail %s was not sent: %s", message.id, type(problem).__name__)
            _put_off(message, problem, clock())
            if letters.is_down(problem):
                break
    return accepted


def lease(now: datetime) -> Message | None:
    """Take the next mail that is due for this process alone, or None.

    A mail waits while an earlier one to the same person does. A due time that lies further ahead
    than any can counts as come: the clock was put back.
    """
    earlier, open_states = Message.alias(), (WAITING, SENDING)
    ahead = earlier.select(earlier.id).where(
        earlier.holder == Message.holder, earlier.state.in_(open_states), earlier.id < Message.id
    )
    due = (Message.due_at <= now) | (Message.due_at > now + LONGEST_WAIT)
    next_ = Message.select().where(Message.state.in_(open_states), due, ~fn.EXISTS(ahead))
    while message := next_.order_by(Message.id).first():
        if _change(message, state=SENDING, due_at=now + LEASE):
            return message
    return None


def _change(message: Message, **changes: Any) -> bool:
    """Write what became of a mail, unless another process took it meanwhile."""
    same = (Message.state == message.state) & (Message.due_at == message.due_at)
    changed = Message.update(changes).where(Message.id == message.id, same).execute() == 1
    message.state, message.due_at = changes["state"], changes.get("due_at", message.due_at)
    return changed


def _send(message: Message, server: MailServer, url: str, now: datetime) -> bool:
    """Hand a mail over; False when it was dropped instead. Raises what the server said."""
    account = access.of(message.holder)
    if account is None or _is_stale(message, account, now):
        _change(message, state=DROPPED)
        return False

    def facts() -> dict[str, Any]:
        make = SECRETS.get(message.kind)
        secret = make(account, new_email=other, now=now) if make else ""
        return {**message.facts, "secret": secret}

    other, muted = message.facts.get("to", ""), message.kind in NOTICE_OF
    about: dict[str, Any] = {"key": message.key, "now": now, "to": other, "muted": muted}
    letters.send(server, message.kind, account, url=url, facts=facts, **about)
    _change(message, state=SENT, sent_at=now, error="")
    Message.update(due_at=now, down=False).where(Message.state == WAITING, Message.down).execute()
    return True


def _is_stale(message: Message, account: Affiliate | Admin, now: datetime) -> bool:
    """Whether a mail with a secret is no longer wanted: too old, asked again, or not needed.

    A new password ends the links that were asked for before it, those in the outbox too.
    """
    if message.kind not in SECRETS:
        return False
    newer = Message.select().where(
        Message.holder == message.holder, Message.kind == message.kind, Message.id > message.id
    )
    if message.kind == "login":
        unwanted = account.password_hash is not None
    else:
        since = account.password_at or message.queued_at
        unwanted = abs(now - message.queued_at) > access.RESET_LIFE or since > message.queued_at
    return unwanted or newer.exists() or not access.may_sign_in(account)


def _put_off(message: Message, problem: Exception, now: datetime) -> None:
    """Keep why a mail was not accepted, and try it later unless that is for good."""
    first = message.first_tried_at or now
    gone = letters.is_final(problem) or now - first > GIVE_UP
    _change(
        message,
        state=FAILED if gone else WAITING,
        first_tried_at=first,
        attempts=message.attempts + 1,
        due_at=now + min(FIRST_WAIT * 2 ** min(message.attempts, 10), LONGEST_WAIT),
        down=letters.is_down(problem),
        error=letters.described(problem),
    )
