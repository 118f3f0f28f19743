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
    held = (JobSlot.taken_at > now - ABANDONED) & (JobSlot.taken_at < now + ABANDONED)
    take = JobSlot.insert(job=job, slot=slot, taken_at=now).on_conflict(
        conflict_target=[JobSlot.job, JobSlot.slot],
        update={JobSlot.taken_at: now},
        where=JobSlot.done_at.is_null() & ~held,
    )
    with transaction():
        return take.as_rowcount().execute() == 1


def finish(job: str, slot: str, now: datetime) -> None:
    """Keep that a turn was done, so nobody takes it again."""
    JobSlot.update(done_at=now).where(JobSlot.job == job, JobSlot.slot == slot).execute()
