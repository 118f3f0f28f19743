"""Turns of a job that are taken once, by whichever worker is first, also after one was killed."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import CharField, CompositeKey

from portal.database import Table, UtcField, transaction

ABANDONED = timedelta(hours=1)  # whoever took a turn and is not done by then has died


class JobSlot(Table):
    """One turn of a job: which, when it was taken, and when it was done."""

    job = CharField(32)
    slot = CharField(32)
    taken_at = UtcField()
    done_at = UtcField(null=True)

    class Meta:
        primary_key = CompositeKey("job", "slot")


def claim(job: str, slot: str, now: datetime) -> bool:
    """Whether the caller takes this turn: nobody did before, or who did has died of it."""
    with transaction():
        row = JobSlot.get_or_none(job=job, slot=slot)
        if row is None:
            JobSlot.create(job=job, slot=slot, taken_at=now)
            return True
        if row.done_at or abs(now - row.taken_at) < ABANDONED:
            return False
        return _change(job, slot, taken_at=now)


def finish(job: str, slot: str, now: datetime) -> None:
    """Keep that a turn was done, so nobody takes it again."""
    _change(job, slot, done_at=now)


def _change(job: str, slot: str, **changes: datetime) -> bool:
    turn = (JobSlot.job == job) & (JobSlot.slot == slot)
    return JobSlot.update(**changes).where(turn).execute() == 1
