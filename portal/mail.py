"""The outbox: a mail is queued in the transaction of the deed it tells of, and sent later.

A row says what to tell and to whom, never a secret: passwords and links are made by `Post.secrets`
when the mail is sent, and no transaction is open while the mail server is spoken to.

    queue(kind, *, to, now, key, **facts)          in the deed's transaction; one mail a key
    waiting() -> query of Message                  what is not sent, for admins
    try_again(message_id, *, now) -> bool          an admin's button
    deliver(post, *, clock) -> int                 send what is due; any number of processes
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import AutoField, BooleanField, CharField, Expression, IntegerField, ModelSelect, fn

from portal import letters, persons, smtp
from portal.config import MailServer
from portal.database import JsonField, Table, UtcField, transaction
from portal.models import Admin, Affiliate

WAITING, SENT, FAILED, DROPPED = "waiting", "sent", "failed", "dropped"
LEASE = timedelta(minutes=10)  # longer than a mail takes at the slowest server
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=2)
GIVE_UP = timedelta(days=3)
STALE = {"password_reset": timedelta(hours=1)}  # who waited longer has asked again or given up

log = logging.getLogger(__name__)


class Message(Table):
    """A mail to send: its kind, to whom ("affiliate:17"), and the facts it tells. No secrets.

    `down` says that the last attempt failed because of the server, not because of this mail.
    """

    id = AutoField()
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
    lease = CharField(32, null=True)
    leased_until = UtcField(null=True)
    down = BooleanField(default=False)
    error = CharField(default="")

    class Meta:
        indexes = ((("state", "due_at"), False), (("holder", "state", "id"), False))


@dataclass(frozen=True)
class Post:
    """How mail leaves: by which server, with links to which address, and who makes secrets.

    `secrets` makes the secret of a kind for an account when its mail is sent.
    """

    server: MailServer
    url: str
    secrets: Mapping[str, Callable[..., str]]


def queue(kind: str, *, to: Affiliate | Admin, now: datetime, key: str, **facts: Any) -> None:
    """Queue a mail in the transaction of its deed; the same key again is the same mail.

    Kinds: login, account_exists, applied, declined, password_reset, password_changed,
    first_login; payout and tax_hold (month as YYYY-MM, amount in cents).
    Raises ValueError for another kind. Facts stay in the database, so they are never secret.
    """
    if kind not in letters.KINDS:
        raise ValueError(f"there is no mail of the kind {kind!r}")
    row = {"key": key, "kind": kind, "holder": persons.holder(to), "facts": facts}
    Message.insert(**row, queued_at=now, due_at=now).on_conflict_ignore().execute()


def waiting() -> ModelSelect[Message]:
    """The mails that are not sent: waiting, or given up with their error; oldest first."""
    return Message.select().where(Message.state.in_((WAITING, FAILED))).order_by(Message.id)


def try_again(message_id: int, *, now: datetime) -> bool:
    """Send a mail that was given up or waits for its next try at once; False for any other."""
    again = Message.update(state=WAITING, due_at=now, first_tried_at=None, attempts=0)
    open_ = Message.state.in_((WAITING, FAILED)) & Message.lease.is_null()
    return again.where(Message.id == message_id, open_).execute() == 1


# --- Sending -----------------------------------------------------------------------------------


def deliver(
    post: Post, *, clock: Callable[[], datetime], going: Callable[[], bool] = lambda: True
) -> int:
    """Send what is due, oldest first and in order for each person; returns how many were accepted.

    Ends early when the server cannot be reached, and between two mails once `going` says no.
    """
    accepted = 0
    while going() and (message := lease(clock())):
        try:
            accepted += _send(message, post, clock())
        except Exception as problem:  # whatever it is, the next mail may still go
            log.warning("mail %s was not sent: %s", message.id, type(problem).__name__)
            down = smtp.is_down(problem)
            _put_off(message, problem, down, clock())
            if down:
                break
    return accepted


def lease(now: datetime) -> Message | None:
    """Take the next mail that is due for this process alone, or None.

    A mail waits while an earlier one to the same person does. A lease that ended is free again,
    and so is one, or a due time, that lies further ahead than any can: the clock was put back.
    """
    if not _due(now).exists():  # read first: an idle outbox never asks for the right to write
        return None
    token = secrets.token_hex(16)
    with transaction():
        message = _due(now).first()
        if message:
            message.lease = token
            taken = Message.update(lease=token, leased_until=now + LEASE)
            taken.where(Message.id == message.id).execute()
    return message


def _due(now: datetime) -> ModelSelect[Message]:
    earlier = Message.alias()
    ahead = earlier.select(earlier.id).where(
        earlier.holder == Message.holder, earlier.state == WAITING, earlier.id < Message.id
    )
    due = _outside(Message.due_at, now, LONGEST_WAIT)
    free = Message.lease.is_null() | _outside(Message.leased_until, now, LEASE)
    mine = (Message.state == WAITING) & due & free & ~fn.EXISTS(ahead)
    return Message.select().where(mine).order_by(Message.id).limit(1)


def _outside(at: UtcField, now: datetime, longest: timedelta) -> Expression:
    return (at <= now) | (at > now + longest)


def _send(message: Message, post: Post, now: datetime) -> bool:
    """Hand a mail over; False when it was dropped instead. Raises what the server said."""
    account = persons.of(message.holder)
    if account is None or _is_stale(message, account, now):
        _finish(message, state=DROPPED)
        return False
    envelope = letters.envelope(account, post.url)

    def written() -> bytes:
        # Called when sender and recipient are accepted, so a server that is down or refuses
        # the person does not make an older password die for nothing.
        make = post.secrets.get(message.kind)
        secret = make(account, now=now) if make else ""
        told = {**message.facts, "secret": secret}
        return letters.write(message.kind, account, post.url, message.key, now, told)

    smtp.hand_over(post.server, envelope, written)
    _finish(message, state=SENT, sent_at=now, error="")
    Message.update(due_at=now, down=False).where(Message.state == WAITING, Message.down).execute()
    return True


def _is_stale(message: Message, account: Affiliate | Admin, now: datetime) -> bool:
    """Whether a mail with a secret is no longer wanted: too old, asked again, or not needed."""
    if message.kind not in letters.SECRET_KINDS:
        return False
    newer = Message.select().where(
        Message.holder == message.holder, Message.kind == message.kind, Message.id > message.id
    )
    life = STALE.get(message.kind)
    old = life is not None and abs(now - message.queued_at) > life
    has_own = message.kind == "login" and account.password_hash is not None
    return old or has_own or newer.exists() or not persons.may_sign_in(account)


def _put_off(message: Message, problem: Exception, down: bool, now: datetime) -> None:
    """Keep why a mail was not accepted, and try it later unless that is for good."""
    first = message.first_tried_at or now
    gone = smtp.is_final(problem) or now - first > GIVE_UP
    wait = min(FIRST_WAIT * 2 ** min(message.attempts, 10), LONGEST_WAIT)
    _finish(
        message,
        state=FAILED if gone else WAITING,
        first_tried_at=first,
        attempts=message.attempts + 1,
        due_at=now + wait,
        down=down,
        error=smtp.described(problem),
    )


def _finish(message: Message, **changes: Any) -> None:
    """Write how a mail went, unless its lease ended and another process has it now."""
    done = Message.update(lease=None, leased_until=None, **changes)
    done.where(Message.id == message.id, Message.lease == message.lease).execute()
