"""The timetable: what the portal does by itself, in every worker, started after the fork.

Workers may take turns at once: mails go by lease, a month's run is unique, and what is done once a
night is counted in the database first.
"""

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import NamedTuple

from apscheduler.schedulers.background import BackgroundScheduler

from portal import backup, closing, mail, notices, payouts, program, sessions, throttle, verify
from portal.books import Verification
from portal.config import Config
from portal.database import connected, utcnow
from portal.months import Month, day_of
from portal.outlook import next_month
from portal.rules import Refused

log = logging.getLogger(__name__)

NIGHT_BEGINS = timedelta(hours=3)  # 03:00: no zone changes its clock after that
LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
Clock = Callable[[], datetime]
Going = Callable[[], bool]


def deliver_mail(config: Config, clock: Clock, going: Going) -> None:
    """Send the mails that are due; without MAIL_URL they wait."""
    if config.mail:
        mail.deliver(config.mail, config.url, clock=clock, going=going)


def tell_first_clicks(config: Config, clock: Clock, going: Going) -> None:
    """Queue the mail about a first click; done twice it is one mail."""
    notices.tell_first_clicks(now=clock())


def run_payouts(config: Config, clock: Clock, going: Going) -> None:
    """Run every month that is due and later than the last run, oldest first (R19)."""
    while going() and (month := due_month(clock())):
        try:
            payouts.run_month(month, now=clock(), by="timetable")
        except Refused as refusal:
            log.warning("payouts of %s were not run: %s", month, refusal)
            return
        log.info("payouts of %s were run", month)


def due_month(now: datetime) -> Month | None:
    """The next month to run where its payout instant has come, or None (R19)."""
    current, month = program.load(), next_month(now)
    return month if month.payout_at(current.payout_day, current.zone) <= now else None


def verify_books(config: Config, clock: Clock, going: Going) -> None:
    """Once a night: recompute the books (R24), and forget tries that no longer count.

    The first worker that counts a try takes the night; if it is killed, another may in the next
    hour of the clock.
    """
    now = clock()
    last = Verification.select().order_by(Verification.id.desc()).first()
    if (last and _night(last.at) == _night(now)) or not _takes("verify", now):
        return
    found = verify.run(now=now)
    if found.differences:
        log.error("verify found %d differences", len(found.differences))
    throttle.forget_old(now)
    sessions.forget_old(now)
    closing.forget(now=now)


def back_up(config: Config, clock: Clock, going: Going) -> None:
    """Once a night: the backup of the day into PORTAL_DATA, taken by one worker as above."""
    if _takes("backup", clock()):
        backup.nightly(config.data, date.fromisoformat(_night(clock())))


def _night(at: datetime) -> str:
    """The night that an instant belongs to, by the day on which it began."""
    return day_of(at - NIGHT_BEGINS, program.load().zone)


def _takes(what: str, now: datetime) -> bool:
    """Whether this worker is the first to do something of this night in this hour."""
    return throttle.count(f"{what} {_night(now)}", throttle.HOUR, now) == 1


class Job(NamedTuple):
    """A row of the timetable: seconds before the first turn, and between two."""

    first: float
    every: float
    function: Callable[[Config, Clock, Going], None]


JOBS = {
    "mail": Job(1, 3, deliver_mail),
    "notices": Job(5, 60, tell_first_clicks),
    "payouts": Job(0, 300, run_payouts),
    "verify": Job(600, 600, verify_books),
    "backup": Job(300, 600, back_up),
}


class Timetable(BackgroundScheduler):
    """The scheduler of one worker, started as it is made, so after the fork; `shutdown()` lets each
    job finish its present mail or month.

    APScheduler finds by the wall clock what is due, so a clock that stands still or is put back
    would stop it. Therefore it starts each job once, and the job itself waits between its turns:
    waiting goes by the monotonic clock. Only what a turn does looks at the time.
    """

    def __init__(self, config: Config):
        super().__init__(timezone=UTC, job_defaults={"misfire_grace_time": None})
        self._ending = Event()
        for name in JOBS:
            self.add_job(self._turns, "date", (name, config), id=name, run_date=LONG_AGO)
        self.start()

    def _turns(self, name: str, config: Config) -> None:
        wait = JOBS[name].first
        while not self._ending.wait(wait):
            try:
                with connected():
                    JOBS[name].function(config, utcnow, lambda: not self._ending.is_set())
            except Exception:
                log.exception("the job %s failed", name)  # and the next turn may do better
            wait = JOBS[name].every

    def shutdown(self, wait: bool = True) -> None:
        self._ending.set()
        self.remove_all_jobs()  # those that did not begin yet
        super().shutdown(wait)
