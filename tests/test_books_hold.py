"""Any history gives, to the cent, what the rules say: the portal against the model.

HYPOTHESIS_PROFILE=soak plays many more and longer ones.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from portal import database
from tests import databases
from tests.histories import DEEDS, History, play
from tests.player import Player

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
PROFILE = (
    settings(max_examples=2_000, stateful_step_count=80, **QUIET)
    if SOAK
    else settings(max_examples=20, stateful_step_count=25, derandomize=True, **QUIET)
)
SEEDS = range(3_000) if SOAK else range(10)


class Books(RuleBasedStateMachine):
    """Hypothesis draws the deeds and what they are about, and shrinks a history that fails."""

    backend = None  # the kind of database, set by the test

    def __init__(self) -> None:
        super().__init__()
        self.url = self.backend.migrated()
        self.folder = tempfile.TemporaryDirectory()
        database.connect(self.url).connect()
        self.player = Player(Path(self.folder.name))

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        self.history = History(self.player, lambda some: data.draw(st.sampled_from(some)))
        self.history.apply()

    def teardown(self) -> None:
        try:
            self.player.compare_standings()
            self.player.verify()
        finally:
            databases.close()
            self.backend.drop(self.url)
            self.folder.cleanup()


def _deed(name: str) -> object:
    def do(self: Books, data: st.DataObject) -> None:
        self.history.choose = lambda some: data.draw(st.sampled_from(some))
        getattr(self.history, name)()

    do.__name__ = name
    return rule(data=st.data())(do)


for _name in DEEDS:
    setattr(Books, f"do_{_name}", _deed(_name))


def test_the_books_hold(backend) -> None:
    machine = type("BooksHere", (Books,), {"backend": backend})
    run_state_machine_as_test(machine, settings=PROFILE)


def test_seeded_histories_hold(backend, tmp_path) -> None:
    for seed in SEEDS:
        url = backend.migrated()
        database.connect(url).connect()
        try:
            play(Player(tmp_path), seed)
        finally:
            databases.close()
            backend.drop(url)
