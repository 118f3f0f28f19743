"""What every test can ask for.

A test that uses `db` or `database_url`, also by way of `app` or `client`, runs once on SQLite and
once on PostgreSQL; one marked `browser` or `sqlite_only` on SQLite alone. All others run once.
"""

from collections import Counter
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

import portal
from portal import config, database, sessions
from portal.cli import cli
from tests import databases, machine

BACKENDS = ("sqlite", "postgresql")


def pytest_addoption(parser):
    parser.addoption("--database", choices=BACKENDS, help="run on this kind of database only")


def pytest_generate_tests(metafunc):
    if "backend" not in metafunc.fixturenames:
        return
    only = metafunc.config.getoption("--database")
    once = any(map(metafunc.definition.get_closest_marker, ("browser", "sqlite_only")))
    kinds = [only] if only else BACKENDS[:1] if once else BACKENDS
    metafunc.parametrize("backend", kinds, indirect=True)


def pytest_runtest_setup(item):
    if item.get_closest_marker("browser"):
        if "browser" in machine.skipped():
            pytest.skip("SKIP=browser")
        if machine.chromium() is None:
            pytest.skip("no Chromium here")


def pytest_terminal_summary(terminalreporter):
    """Say last how long pages took, and how many tests were left out and why, also when none."""
    for report in terminalreporter.stats.get("passed", []):
        for name, told in report.user_properties:
            terminalreporter.write_line(f"{report.location[2]}, {name}: {told}")
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in reports)
    counts = [f"{count} ({reason})" for reason, count in reasons.most_common()]
    terminalreporter.write_line(f"Skipped: {', '.join(counts) or 'nothing'}")


# --- Databases ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """The kinds of database that were asked for so far, each started when first needed."""
    started = {}

    def server(kind):
        if kind not in started:
            folder = tmp_path_factory.mktemp("databases")
            made = databases.Sqlite(folder) if kind == "sqlite" else databases.Postgresql()
            started[kind] = made
        return started[kind]

    yield server
    for made in started.values():
        made.stop()


@pytest.fixture
def backend(request, servers):
    """The kind of database that this test runs on."""
    if request.param == "postgresql":
        if "pg" in machine.skipped():
            pytest.skip("SKIP=pg")
        if machine.postgres_binaries() is None:
            pytest.skip("no PostgreSQL server here")
    return servers(request.param)


@pytest.fixture
def database_url(backend):
    """The address of an empty database of this test's own, without any table."""
    url = backend.empty()
    yield url
    databases.close()
    backend.drop(url)


@pytest.fixture
def db_url(backend):
    """The address of a migrated program of this test's own; `db` is connected to it."""
    url = backend.migrated()
    yield url
    databases.close()
    backend.drop(url)


@pytest.fixture
def db(db_url):
    """The bound and connected database of this test: migrated, with its first terms."""
    database.connect(db_url).connect()
    return database.db


# --- The portal --------------------------------------------------------------------------------


@pytest.fixture
def now():
    """An ordinary instant: Sunday noon in UTC, 05:00 in the program's zone, daylight saving on."""
    return datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def environ(db_url, tmp_path):
    """An environment for this test's database, for `load` or for a process of its own."""
    return {
        "DATABASE_URL": db_url,
        "PORTAL_DATA": str(tmp_path / "data"),
        "PORTAL_SECRET_KEY": "a secret for the tests alone",
        "PORTAL_URL": "http://localhost",
    }


@pytest.fixture
def app(environ, db):
    """The application on this test's database, without CSRF tokens."""
    databases.close()  # the application binds the database anew
    made = portal.create_app(config.load(environ))
    made.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    db.connect()
    return made


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def run(environ, db):
    """Run a command on this test's database; returns its result."""

    def command(*given, stdin=None):
        database.db.close_all()
        result = CliRunner().invoke(cli, given, env=environ, input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        database.connect(environ["DATABASE_URL"]).connect()
        return result

    yield command
    database.db.close_all()


@pytest.fixture
def login_as(client):
    """Sign a person in without the form; returns the client."""

    def login(person):
        with client.session_transaction() as session:
            session["_user_id"] = sessions.begin(person, "Firefox/140.0", now=database.utcnow())
            session["_fresh"] = True
        return client

    return login
