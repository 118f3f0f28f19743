"""The timetable: what the portal does by itself, in every worker, started after the fork.

Jobs tick by waiting, not by the wall clock, and take the time when they run; so a clock that jumps
or stands still neither stops nor floods them. Workers may tick at once: mails go by lease, a
month's run is unique, and what is done once a night claims its slot in the database first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_STOPPED
from apscheduler.triggers.base import BaseTrigger
from peewee import fn

from portal import access, mail, payouts, program, rules, slots, throttle, verify
from portal.books import Run
from portal.config import Config
from portal.database import db, utcnow
from portal.months import Month, day_of

log = logging.getLogger(__name__)

TICK = 1.0  # seconds
NIGHT_BEGINS = timedelta(hours=3)  # 03:00: no zone changes its clock after that
_LONG_AGO, _NEVER = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
Clock = Callable[[], datetime]
Going = Callable[[], bool]


# --- What is done ------------------------------------------------------------------------------


def deliver_mail(config: Config, clock: Clock, going: Going) -> None:
    """Send the mails that are due; without MAIL_URL they wait."""
    if config.mail:
        makers = {"login": access.one_time_password, "password_reset": access.reset_token}
        mail.deliver(mail.Post(config.mail, config.url, makers), clock=clock, going=going)


def run_payouts(config: Config, clock: Clock, going: Going) -> None:
    """Run every month that is due and later than the last run, oldest first (R19)."""
    while going() and (month := due_month(clock())):
        try:
            payouts.run_month(month, now=clock(), by="timetable")
        except rules.Refused as refusal:
            log.warning("payouts of %s were not run: %s", month, refusal)
            return
        log.info("payouts of %s were run", month)


def due_month(now: datetime) -> Month | None:
    """The oldest month whose payout instant has come and that has no run, if there is one.

    Months that ended before the portal was set up, or before the last run, are never due (R19).
    """
    current = program.load()
    if not current.first_month:
        return None
    month = Month(current.first_month)
    last = Run.select(fn.MAX(Run.month)).scalar()
    if last:
        month = max(month, Month(last).plus(1))
    return month if month.payout_at(current.payout_day, current.zone) <= now else None


def verify_books(config: Config, clock: Clock, going: Going) -> None:
    """Once a night: recompute the books (R24), and forget tries that no longer count."""
    now = clock()
    night = day_of(now - NIGHT_BEGINS, program.load().zone)
    if not slots.claim("verify", night, now):
        return
    found = verify.run(now=now)
    if found.differences:
        log.error("verify found %d differences", len(found.differences))
    throttle.forget_old(now)
    slots.finish("verify", night, clock())


# --- When --------------------------------------------------------------------------------------


class Job(NamedTuple):
    """A row of the timetable: seconds between two turns, and before the first."""

    name: str
    every: float
    first: float
    function: Callable[[Config, Clock, Going], None]


JOBS = (
    Job("mail", 3, 1, deliver_mail),
    Job("payouts", 300, 0, run_payouts),
    Job("verify", 600, 600, verify_books),
)


class _OnCall(BaseTrigger):
    """A job that runs only when the timetable says so."""

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        return _NEVER


class Timetable(BackgroundScheduler):
    """The scheduler of one worker. `wake(name)` runs a job at once, `shutdown()` ends it soon."""

    def __init__(self, config: Config):
        super().__init__(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._left = {job.name: job.first for job in JOBS}
        self._running: set[str] = set()
        self._ending = False
        for job in JOBS:
            self.add_job(self._turn, _OnCall(), args=(job, config), id=job.name)

    def wake(self, name: str) -> None:
        """Run a job at once; one that is running runs again when it is done."""
        self._left[name] = 0.0
        self.wakeup()

    def shutdown(self, wait: bool = True) -> None:
        """Stop. A job that is running ends after its present mail or month."""
        self._ending = True
        super().shutdown(wait)

    def _main_loop(self) -> None:
        """APScheduler's own loop asks the wall clock what is due; this one counts its waits."""
        while self.state != STATE_STOPPED:
            waited = 0.0 if self._event.wait(TICK) else TICK
            self._event.clear()
            for job in JOBS:
                self._left[job.name] -= waited
                if self._left[job.name] <= 0 and job.name not in self._running:
                    self._left[job.name] = job.every
                    self._running.add(job.name)
                    self.modify_job(job.name, next_run_time=_LONG_AGO)
            self._process_jobs()

    def _turn(self, job: Job, config: Config) -> None:
        """One turn. An error is logged and ends only this turn."""
        try:
            with _connection():
                job.function(config, utcnow, lambda: not self._ending)
        except Exception:
            log.exception("the job %s failed", job.name)
        finally:
            self._running.discard(job.name)


@contextmanager
def _connection() -> Iterator[None]:
    """A database connection for one turn; one that is open already is used and left open."""
    opened = db.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if opened:
            db.close()


def start(config: Config) -> Timetable:
    """Start the timetable in this worker, after the fork; end it with `shutdown()`."""
    timetable = Timetable(config)
    timetable.start()
    return timetable


def run_once(name: str, now: datetime, *, config: Config) -> None:
    """One turn of a job at an instant, here and now; errors are raised."""
    job = next(job for job in JOBS if job.name == name)
    with _connection():
        job.function(config, lambda: now, lambda: True)
