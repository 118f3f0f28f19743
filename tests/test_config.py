"""The environment: what is taken, what each unusable value is told, and the key made once."""

import multiprocessing
import stat
from pathlib import Path

import pytest

from portal import config


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load an environment in a fresh working folder."""
    monkeypatch.chdir(tmp_path)
    return lambda **environ: config.load(environ)


def test_an_empty_environment_is_usable(load, tmp_path):
    loaded = load()
    assert loaded.database_url == "sqlite:///instance/portal.db"
    assert loaded.data == Path("instance")
    assert (loaded.url, loaded.proxies) == ("http://127.0.0.1:8000", 0)
    assert (loaded.mail, loaded.stripe_secrets) == (None, ())
    assert len(loaded.secret_key) > 40


def test_an_empty_value_is_as_good_as_none(load):
    names = ("DATABASE_URL", "PORTAL_DATA", "PORTAL_URL", "PORTAL_PROXIES", "MAIL_URL")
    assert load(**dict.fromkeys(names, " ")) == load()


def test_secrets_are_not_shown(load):
    shown = repr(
        load(
            DATABASE_URL="postgresql://me:hidden1@host/portal",
            PORTAL_SECRET_KEY="hidden2 hidden2 hidden2",
            MAIL_URL="smtp://me:hidden3@host",
            STRIPE_WEBHOOK_SECRET="hidden4",
        )
    )
    assert "hidden" not in shown


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("database_url", "sqlite:///other.db", "sqlite:///other.db"),
        ("database_url", "postgresql:///portal", "postgresql:///portal"),
        ("database_url", "postgresql://a:b@h:5433/p", "postgresql://a:b@h:5433/p"),
        ("portal_url", "https://Example.com/", "https://example.com"),
        ("portal_url", "http://localhost:5000", "http://localhost:5000"),
        ("portal_proxies", "2", 2),
        ("stripe_webhook_secret", "whsec_a, whsec_b", ("whsec_a", "whsec_b")),
        ("mail_url", "smtp://h", config.MailServer("h", 587, tls=False)),
        ("mail_url", "smtp://127.0.0.1:25/", config.MailServer("127.0.0.1", 25, tls=False)),
        ("mail_url", "smtps://u%40x:p%2F@h", config.MailServer("h", 465, True, "u@x", "p/")),
    ],
)
def test_usable_values(load, name, value, read):
    fields = {
        "portal_url": "url",
        "portal_proxies": "proxies",
        "mail_url": "mail",
        "stripe_webhook_secret": "stripe_secrets",
    }
    assert getattr(load(**{name.upper(): value}), fields.get(name, name)) == read


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "sqlite://x.db", "three slashes"),
        ("DATABASE_URL", "sqlite:x.db", "three slashes"),
        ("DATABASE_URL", "sqlite:///", "three slashes"),
        ("DATABASE_URL", "sqlite:///:memory:", "plain file"),
        ("DATABASE_URL", "sqlite:///x.db?mode=ro", "plain file"),
        ("DATABASE_URL", "sqlite:////proc/nothing/x.db", "cannot be made"),
        ("DATABASE_URL", "sqlite:////tmp", "file is needed"),
        ("DATABASE_URL", "mysql://host/portal", "sqlite:/// or postgresql://"),
        ("DATABASE_URL", "portal.db", "sqlite:/// or postgresql://"),
        ("DATABASE_URL", "postgresql://host", "names no database"),
        ("DATABASE_URL", "postgresql://host:many/portal", "not an address"),
        ("PORTAL_DATA", "/proc/nothing", "cannot be made"),
        ("PORTAL_DATA", "/dev/null", "cannot be made"),
        ("PORTAL_SECRET_KEY", "short", "shorter than 16"),
        ("PORTAL_URL", "affiliates.example.com", "must be like"),
        ("PORTAL_URL", "ftp://example.com", "must be like"),
        ("PORTAL_URL", "https://", "must be like"),
        ("PORTAL_URL", "https://example.com/portal", "without a path"),
        ("PORTAL_URL", "https://example.com?a=b", "without a path or a query"),
        ("PORTAL_URL", "https://me@example.com", "scheme and host alone"),
        ("PORTAL_URL", "https://example.com:99999", "not an address"),
        ("PORTAL_PROXIES", "-1", "whole number from 0"),
        ("PORTAL_PROXIES", "one", "whole number from 0"),
        ("MAIL_URL", "mail.example.com:587", "must be like"),
        ("MAIL_URL", "http://mail.example.com", "must be like"),
        ("MAIL_URL", "smtp://host:port", "not an address"),
        ("MAIL_URL", "smtp://host:0", "end after the port"),
        ("MAIL_URL", "smtp://host:25/path", "end after the port"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_a,,whsec_b", "empty place"),
    ],
)
def test_an_unusable_value_is_named_in_a_sentence(load, name, value, said):
    with pytest.raises(config.Unusable) as refused:
        load(**{name: value})
    sentence = str(refused.value)
    assert sentence.startswith(f"{name} ")
    assert sentence.endswith(".")
    assert said in sentence


def test_a_message_never_holds_a_password(load):
    for name in ("DATABASE_URL", "MAIL_URL"):
        with pytest.raises(config.Unusable) as refused:
            load(**{name: "other://me:hidden@host:25/x"})
        assert "hidden" not in str(refused.value)


def test_a_folder_that_cannot_be_written_is_refused(load, monkeypatch):
    monkeypatch.setattr(config.os, "access", lambda *_: False)
    with pytest.raises(config.Unusable, match=r"PORTAL_DATA .* cannot be written"):
        load()


# --- The secret key ----------------------------------------------------------------------------


def test_the_key_is_made_once_and_only_its_owner_reads_it(load):
    first = load()
    assert load().secret_key == first.secret_key
    assert [path.name for path in first.data.iterdir()] == ["secret-key"]
    assert stat.S_IMODE((first.data / "secret-key").stat().st_mode) == 0o600
    assert stat.S_IMODE(first.data.stat().st_mode) == 0o700


def test_a_key_cut_short_is_refused(load):
    (load().data / "secret-key").write_text("")
    with pytest.raises(config.Unusable, match="too short"):
        load()


def _key(folder, start, keys):
    start.wait()
    keys.put(config.load({"PORTAL_DATA": f"{folder}/data", "DATABASE_URL": ""}).secret_key)


def test_processes_that_start_together_share_one_key(load):
    context = multiprocessing.get_context("fork")
    start, keys = context.Barrier(8), context.Queue()
    started = [context.Process(target=_key, args=(Path.cwd(), start, keys)) for _ in range(8)]
    for process in started:
        process.start()
    read = {keys.get(timeout=60) for _ in started}
    for process in started:
        process.join()
    assert len(read) == 1
