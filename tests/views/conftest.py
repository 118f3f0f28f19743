"""The cast of the page tests: alice and mallory earn, ana runs the office, at one instant."""

from datetime import timedelta

import pytest
import time_machine

from tests import makers


@pytest.fixture
def today(now):
    """The instant at which the pages are looked at; the clock stands still meanwhile."""
    with time_machine.travel(now, tick=False):
        yield now


@pytest.fixture
def set_up(db, today):
    """A program that has run for a hundred days."""
    makers.make_program(today - timedelta(days=100))


@pytest.fixture
def alice(set_up, today):
    return makers.make_affiliate("alice", today - timedelta(days=90), **makers.ADDRESS)


@pytest.fixture
def mallory(set_up, today):
    return makers.make_affiliate("mallory", today - timedelta(days=90))


@pytest.fixture
def admin(set_up, today):
    return makers.make_admin(today - timedelta(days=90))


@pytest.fixture
def htmx(client):
    """Ask for an address as htmx does, for the part with this id."""

    def get(address, part):
        return client.get(address, headers={"HX-Request": "true", "HX-Target": part})

    return get
