"""Group commit: what several threads bring at once is stored in one transaction.

The thread that finds nobody at work leads: it commits everything that waits, its own piece
included. Those who come meanwhile follow: they sleep until theirs is committed, or until the
leader, done, hands one of them the lead. There is no thread of its own and nothing to lose: nobody
returns before what they brought is durable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

LARGEST = 256  # pieces in one transaction, so that its statements keep an ordinary size


class _Ticket(Generic[Piece, Result]):
    """One piece on its way. `woken` is set when it is done, or when its owner is to lead."""

    __slots__ = ("error", "is_done", "piece", "result", "woken")

    def __init__(self, piece: Piece):
        self.piece = piece
        self.is_done = False
        self.result: Result | None = None
        self.error: BaseException | None = None
        self.woken = threading.Lock()
        self.woken.acquire()


class GroupCommit(Generic[Piece, Result]):
    """Brings pieces to `store`, which stores all of a list or none and returns their results."""

    def __init__(self, store: Callable[[list[Piece]], list[Result]]):
        self._store = store
        self._guard = threading.Lock()
        self._waiting: list[_Ticket[Piece, Result]] = []
        self._led = False

    def add(self, piece: Piece) -> Result:
        """Store a piece together with those that wait; raises what storing them raised."""
        ticket: _Ticket[Piece, Result] = _Ticket(piece)
        with self._guard:
            self._waiting.append(ticket)
            leads, self._led = not self._led, True
        if not leads:
            ticket.woken.acquire()
        if not ticket.is_done:
            self._lead()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]

    def _lead(self) -> None:
        with self._guard:
            batch = self._waiting[:LARGEST]
            del self._waiting[:LARGEST]
        try:
            results = self._store([ticket.piece for ticket in batch])
            for ticket, result in zip(batch, results, strict=True):
                ticket.result = result
        except BaseException as error:
            for ticket in batch:
                ticket.error = error
        for ticket in batch:
            ticket.is_done = True
        self._hand_over()
        for ticket in batch:
            ticket.woken.release()

    def _hand_over(self) -> None:
        """Make the first who waits the leader, so that nobody leads for others for ever."""
        with self._guard:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].woken.release()
