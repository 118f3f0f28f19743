"""The commands: what they print, and with which status they end."""

import json
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner

from portal import access, accounts, affiliates, closing, database, sessions, vault
from portal.books import Entry, PaperCheck, Payout
from portal.cli import cli
from portal.database import utcnow
from portal.models import Admin, Affiliate, Audit, TaxIdOnFile
from tests.papers import texts

JANUARY = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, 20, 0, tzinfo=UTC)


@pytest.fixture
def earned(db):
    """Ada and Bob, who earned enough in January; Ada has an address. Carol earned less."""
    for name, cents in (("Ada", 15_000), ("Bob", 12_000), ("Carol", 50)):
        said = {"email": f"{name}@lists.example", "name": name, "us_person": False}
        affiliate, _ = affiliates.apply(now=JANUARY, **said)
        accounts.adjust(affiliate, cents, "earned elsewhere", by="test", now=JANUARY)
    address = {"line1": "1 High St", "city": "Springfield"}
    affiliates.change_profile(Affiliate.get(code="ada"), by="test", now=JANUARY, **address)
    with time_machine.travel(FEBRUARY, tick=False):
        yield


def names(group, before=()):
    for name, command in group.commands.items():
        yield [*before, name]
        yield from names(command, [*before, name]) if hasattr(command, "commands") else ()


# --- Every command -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(names(cli)), ids=" ".join)
def test_every_command_has_help_with_an_example(command):
    result = CliRunner().invoke(cli, [*command, "--help"])
    assert result.exit_code == 0
    assert "Example: " in " ".join(result.output.split()) + " "
    assert "portal " in result.output


@pytest.mark.parametrize(
    "given",
    [
        ["nothing"],
        ["settings", "--nothing"],
        ["set", "payout_day"],
        ["payouts", "run", "--month", "2026-13"],
        ["checks", "burn", "--month", "2026-01"],
        ["checks", "print"],
        ["checks", "void", "--month", "2026-01", "--first", "5"],
        ["checks", "paid", "--month", "2026-01", "bob"],
        ["checks", "print", "--month", "2026-01", "--first", "0"],
        ["import", "sales", "missing.csv"],
        ["import", "orders", "pyproject.toml"],
        ["export", "secrets", "x.csv"],
        ["serve", "--port", "99999"],
        ["admin", "create", "nobody"],
        ["key", "create", " "],
    ],
    ids=" ".join,
)
def test_wrong_use_is_2(run, given):
    result = run(*given)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_program_that_is_not_set_up_is_told(database_url, tmp_path):
    environ = {"DATABASE_URL": database_url, "PORTAL_DATA": str(tmp_path)}
    result = CliRunner().invoke(cli, ["settings"], env=environ)
    assert result.exit_code == 1
    assert result.stderr == ("Error: There is no program in this database yet. Run: portal init\n")


def test_an_unusable_environment_is_told():
    result = CliRunner().invoke(cli, ["settings"], env={"DATABASE_URL": "mysql://x/y"})
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.stderr


def test_a_demo_whose_port_is_taken_says_so_at_once(monkeypatch):
    monkeypatch.setattr("portal.demo.build", lambda *_: pytest.fail("it played the year"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(cli, ["demo", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 1
    assert "in use" in result.stderr


# --- The program -------------------------------------------------------------------------------


def test_init_from_several_processes_at_once(database_url, tmp_path):
    environ = {"DATABASE_URL": database_url, "PORTAL_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", "from portal.cli import main; main()", "init"]

    def start(_):
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(start, range(4)))
    assert [result.returncode for result in done] == [0] * 4, [d.stderr for d in done]
    assert sum("Migrated" in result.stdout for result in done) == 1
    listed = CliRunner().invoke(cli, ["settings", "--json"], env=environ)
    assert json.loads(listed.output)["minimum_payout"] == 10_000


def test_settings_are_set_and_shown(run):
    assert run("set", "minimum_payout", "5000").output == "minimum_payout = 5000\n"
    assert run("set", "allowed_hosts", "a.example,b.example").exit_code == 0
    shown = run("settings")
    assert "allowed_hosts = a.example,b.example" in shown.output
    found = json.loads(run("settings", "--json").output)
    assert found["minimum_payout"] == 5000
    assert found["allowed_hosts"] == ["a.example", "b.example"]


@pytest.mark.parametrize(("name", "value"), [("payout_day", "29"), ("colour", "red")])
def test_a_setting_that_cannot_be_is_told(run, name, value):
    result = run("set", name, value)
    assert result.exit_code == 1
    assert name in result.stderr


def test_verify_says_that_all_agrees(run, earned):
    assert run("verify").output == "Everything agrees.\n"
    assert json.loads(run("verify", "--json").output) == {"differences": []}


# --- People and keys ---------------------------------------------------------------------------


def test_an_admin_with_a_password_of_their_own(run):
    password = "a horse, a staple"
    result = run("admin", "create", "ada@example.com", "--password-stdin", stdin=password + "\n")
    assert result.exit_code == 0
    assert password not in result.output
    ada = Admin.get()
    access.check_password(ada, password, now=JANUARY, ip="127.0.0.1")
    again = run("admin", "create", "ADA@example.com", "--password-stdin", stdin="another one!\n")
    assert again.exit_code == 1
    assert "already" in again.stderr


def test_an_admin_without_a_terminal_gets_a_password_made(run):
    result = run("admin", "create", "ada@example.com")
    password = result.stdout.splitlines()[-1]
    access.check_password(Admin.get(), password, now=JANUARY, ip="127.0.0.1")


def test_a_poor_password_makes_no_admin(run):
    result = run("admin", "create", "ada@example.com", "--password-stdin", stdin="short\n")
    assert result.exit_code == 1
    assert Admin.select().count() == 0


def test_an_admin_is_taken_away(run):
    for who in ("ada", "bob"):
        run("admin", "create", f"{who}@example.com")
    ada = Admin.get(email="ada@example.com")
    token = sessions.begin(ada, "", now=utcnow())
    assert run("admin", "list").stdout.splitlines()[0].startswith("ada@example.com, since 20")
    assert run("admin", "remove", "ADA@example.com").exit_code == 0
    assert sessions.account_of(token, now=utcnow(), acting=True) is None
    assert not access.LoginSession.select().exists()  # whoever gets this id is not signed in
    assert [admin.email for admin in Admin.select()] == ["bob@example.com"]
    assert Audit.get(did="admin removed").subject == "ada@example.com"
    assert run("admin", "remove", "ada@example.com").exit_code == 1


def test_keys_of_tax_ids_are_there_to_be_copied_from_the_start(run, tmp_path):
    run("init")
    assert list(tmp_path.rglob("vault-keys.json"))


def test_nobody_signs_in_to_a_closed_account(run, earned):
    closing.close(Affiliate.get(code="ada"), now=FEBRUARY)
    refused = run("affiliate", "password", "ada")
    assert (refused.exit_code, "cannot sign in" in refused.stderr) == (1, True)


def test_a_one_time_password(run, earned):
    result = run("affiliate", "password", "ADA")
    secret = result.stdout.splitlines()[-1]
    signed_in = access.sign_in("ada", secret, now=FEBRUARY, ip="127.0.0.1")
    assert signed_in.must_replace
    assert Audit.select().where(Audit.did == "one-time password").count() == 1
    assert run("affiliate", "password", "nobody").exit_code == 1


def test_a_key_is_alone_on_the_last_line(run):
    key = run("key", "create", "shop").stdout.splitlines()[-1]
    assert access.key_of(key).name == "shop"


def test_another_key_seals_tax_ids(run, db, environ):
    vault.use(environ["PORTAL_DATA"])
    for name in ("Ada", "Bob"):
        said = {"email": f"{name}@lists.example", "name": name, "tax_id": "219-45-6780"}
        affiliates.apply(now=JANUARY, **said)
    result = run("key", "rotate")
    assert result.exit_code == 0
    assert "Copy vault-keys.json again" in result.stdout
    assert result.stderr == "2 of 2\n"
    TaxIdOnFile.update(sealed="v1:x:").where(TaxIdOnFile.affiliate == 1).execute()
    lost = run("key", "rotate")
    assert lost.exit_code == 1
    assert lost.stderr.endswith("Error: No key here opens the tax IDs of: ada.\n")


def test_without_a_key_there_is_none_to_follow(run):
    result = run("key", "rotate")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no ")
    assert "vault-keys.json" in result.stderr


# --- Paying ------------------------------------------------------------------------------------


def test_the_keys_of_a_name_are_revoked(run, earned):
    tokens = [run("key", "create", name).output.splitlines()[-1] for name in ("shop", "shop", "x")]
    assert run("key", "revoke", "shop").output == "Revoked: 2.\n"
    assert [access.key_of(token) is None for token in tokens] == [True, True, False]
    again = run("key", "revoke", "shop")
    assert again.exit_code == 1
    assert "There is no API key 'shop' in use" in again.output


def test_a_run_is_previewed_made_and_told_again(run, earned):
    preview = run("payouts", "run", "--preview", "--json")
    assert Payout.select().count() == 0
    first = json.loads(run("payouts", "run", "--json").output)
    assert json.loads(preview.output) == first
    assert first == {
        "month": "2026-01",
        "ran_at": "2026-02-01T20:00:00Z",
        "payouts": [
            {"affiliate": "ada", "amount": 15_000, "status": "issued"},
            {"affiliate": "bob", "amount": 12_000, "status": "issued"},
        ],
        "held": [],
        "carried": [{"affiliate": "carol", "amount": 50}],
    }
    assert json.loads(run("payouts", "run", "--month", "2026-01", "--json").output) == first
    assert "payouts: 2, $270.00" in run("payouts", "run").output


def test_a_month_that_is_not_over_is_refused(run, earned):
    result = run("payouts", "run", "--month", "2026-02")
    assert result.exit_code == 1
    assert "not over" in result.stderr
    assert run("payouts", "run", "--month", "2026-02", "--preview").exit_code == 0


def test_checks_from_printed_to_cleared(run, earned, tmp_path):
    run("payouts", "run")
    month, pdf = ["--month", "2026-01", "--json"], tmp_path / "checks.pdf"
    printed = run("checks", "print", *month, "--first", "1001", "--pdf", str(pdf))
    assert printed.exit_code == 0
    answer = json.loads(printed.output)
    moved = {"affiliate": "ada", "amount": 15_000, "check_number": 1001}
    assert answer["moved"] == [moved | {"status": "printed", "check_date": "2026-02-01"}]
    assert [row["affiliate"] for row in answer["refused"]] == ["bob"]
    (sheet,) = texts(pdf.read_bytes())
    assert "One hundred fifty and 00/100" in sheet
    assert "earned elsewhere" in sheet.split("For your records")[1]
    paid = run("checks", "paid", *month, "--affiliate", "ADA")
    assert (paid.exit_code, json.loads(paid.output)["moved"][0]["status"]) == (0, "paid")
    again = run("checks", "paid", *month, "--affiliate", "ada")
    assert (again.exit_code, json.loads(again.output)["moved"]) == (1, [])
    assert run("checks", "clear", *month).exit_code == 0
    assert run("checks", "void", *month, "--affiliate", "ada", "--reason", "lost").exit_code == 1


def test_a_pdf_that_was_not_written_comes_with_the_next_call(run, earned, tmp_path):
    run("payouts", "run")
    month, pdf = ["--month", "2026-01"], tmp_path / "checks.pdf"
    run("checks", "print", *month)
    answer = run("checks", "print", *month, "--pdf", str(pdf))
    assert "Nothing to number. The PDF has the 1 not marked as paid." in answer.stderr
    assert len(texts(pdf.read_bytes())) == 1
    pdf.unlink()
    run("checks", "print", *month, "--affiliate", "bob", "--pdf", str(pdf))
    assert not pdf.exists()
    run("checks", "print", *month, "--affiliate", "ADA", "--pdf", str(pdf))
    assert len(texts(pdf.read_bytes())) == 1
    run("checks", "paid", *month)
    pdf.unlink()
    run("checks", "print", *month, "--pdf", str(pdf))
    assert not pdf.exists()


def test_several_affiliates_may_be_named_either_way(run, earned):
    run("payouts", "run")
    month = ["--month", "2026-01", "--json", "--reason", "not sent"]
    both = json.loads(run("checks", "void", *month, "--affiliate", "ada", "bob").output)
    assert [row["affiliate"] for row in both["moved"]] == ["ada", "bob"]
    month = month[:3]
    both = run("checks", "reissue", *month, "--affiliate", "ada", "--affiliate", "bob")
    assert [row["affiliate"] for row in json.loads(both.output)["moved"]] == ["ada", "bob"]
    unknown = run("checks", "clear", *month, "--affiliate", "nobody")
    assert (unknown.exit_code, json.loads(unknown.output)["moved"]) == (1, [])


def test_a_void_needs_a_reason_and_a_run_has_to_be(run, earned):
    assert run("checks", "print", "--month", "2026-01").exit_code == 1
    run("payouts", "run")
    assert run("checks", "void", "--month", "2026-01").exit_code == 1
    assert PaperCheck.select().where(PaperCheck.status == "void").count() == 0


# --- Tax years ---------------------------------------------------------------------------------


def test_the_forms_of_a_year_are_listed(run, earned):
    run("payouts", "run", "--month", "2026-01")
    run("checks", "print", "--month", "2026-01")
    told = json.loads(run("tax", "2026", "--json").stdout)
    why = "Not a U.S. person."
    ada = {"affiliate": "ada", "name": "Ada", "amount": 15_000, "form": False, "reason": why}
    assert told == {"year": 2026, "people": [ada]}
    assert run("tax", "2026").stdout == f"ada Ada $150.00: no form. {why}\n"
    assert run("tax", "2025").stdout == "No check is dated in 2025.\n"
    assert json.loads(run("tax", "2025", "--json").stdout) == {"year": 2025, "people": []}
    assert run("tax", "soon").exit_code == 2


# --- Backups -----------------------------------------------------------------------------------


def test_a_backup_is_written_restored_and_confirmed(run, earned, tmp_path):
    run("payouts", "run", "--month", "2026-01")
    file = str(tmp_path / "kept.db")
    said = run("backup", file).stdout
    assert "kept.db: " in said
    assert "The keys in PORTAL_DATA are not in it" in said
    run("checks", "print", "--month", "2026-01", "--first", "501")
    said = run("restore", file).stdout
    assert "not in it" in said
    assert "portal restored --highest-check N" in said
    refused = run("checks", "print", "--month", "2026-01")
    assert refused.exit_code == 1
    assert "Confirm the highest check number" in refused.stderr
    assert run("restored", "--highest-check", "501").exit_code == 0
    told = json.loads(run("checks", "print", "--month", "2026-01", "--json").stdout)
    assert [row["check_number"] for row in told["moved"]] == [502]
    assert "No restore waits" in run("restored", "--highest-check", "900").stderr


def test_a_restore_makes_the_database_where_there_is_none(run, earned, tmp_path):
    file, empty = str(tmp_path / "kept.db"), tmp_path / "empty"
    run("backup", file)
    environ = {"DATABASE_URL": f"sqlite:///{empty}/new.db", "PORTAL_DATA": str(empty)}
    empty.mkdir()
    database.db.close_all()
    assert CliRunner().invoke(cli, ["restore", file], env=environ).exit_code == 0
    told = json.loads(CliRunner().invoke(cli, ["settings", "--json"], env=environ).stdout)
    assert told == json.loads(run("settings", "--json").stdout)
    assert not (empty / "backups").exists()  # there was nothing to keep


def test_what_a_restore_replaces_is_kept_and_comes_back(run, earned, tmp_path):
    before = [entry.amount for entry in Entry.select().order_by(Entry.id)]
    empty = str(tmp_path / "empty.db")
    database.db.close_all()
    away = {"DATABASE_URL": f"sqlite:///{tmp_path}/new.db", "PORTAL_DATA": str(tmp_path)}
    for given in (["init"], ["backup", empty]):
        assert CliRunner().invoke(cli, given, env=away).exit_code == 0
    said = run("restore", empty).stdout
    assert Entry.select().count() == 0
    kept = re.search(r"What was here before is in (.*)\.\n", said)[1]
    assert Path(kept).stat().st_mode & 0o777 == 0o600
    run("restore", kept)
    assert [entry.amount for entry in Entry.select().order_by(Entry.id)] == before


def test_what_cannot_be_backed_up_or_restored_is_told(run, tmp_path):
    missing = run("backup", str(tmp_path / "nowhere" / "kept.db"))
    assert missing.exit_code == 1
    assert "No such file or directory" in missing.stderr
    (tmp_path / "text").write_text("nothing of the kind")
    odd = run("restore", str(tmp_path / "text"))
    assert odd.exit_code == 1
    assert "not a backup that can be used" in odd.stderr
    assert run("restored").exit_code == 2
