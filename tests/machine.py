"""The two programs that the tests need besides Python, and what SKIP leaves out.

`python -m tests.machine` sees to them before the tests: as root on Debian it installs what is
missing, elsewhere it says the line to run.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Without a font of its own a fresh machine draws pages without letters.
DEBIAN_PACKAGES = {"pg": ["postgresql"], "browser": ["chromium", "fonts-liberation"]}
PROGRAMS = {"pg": "a PostgreSQL server", "browser": "Chromium"}


def postgres_binaries() -> Path | None:
    """The folder of the newest PostgreSQL server here; Debian keeps it off the PATH."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *_parents_of("initdb")]
    whole = [f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()]
    return max(whole, key=_version, default=None)


def _parents_of(program: str) -> list[Path]:
    found = shutil.which(program)
    return [Path(found).resolve().parent] if found else []


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def chromium() -> str | None:
    """The path of a Chromium here, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def skipped() -> set[str]:
    """What SKIP asks to leave out: pg, browser or both."""
    asked = {name.strip() for name in os.environ.get("SKIP", "").split(",")} - {""}
    if unknown := asked - set(PROGRAMS):
        sys.exit(f"SKIP knows pg and browser, not {', '.join(sorted(unknown))}.")
    return asked


def missing() -> list[str]:
    """What the tests need, SKIP does not leave out, and this machine has not."""
    found = {"pg": postgres_binaries(), "browser": chromium()}
    return [name for name in PROGRAMS if found[name] is None and name not in skipped()]


def _packages(names: list[str]) -> list[str]:
    return [package for name in names for package in DEBIAN_PACKAGES[name]]


def _install(packages: list[str]) -> None:
    print(f"Installing {', '.join(packages)} with apt-get.", flush=True)
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends"]
    for command in (["apt-get", "update", "--quiet=2"], [*install, *packages]):
        subprocess.run(command, check=False, env=environ, stdout=subprocess.DEVNULL)


def _advice(names: list[str]) -> str:
    needed = " and ".join(PROGRAMS[name] for name in names)
    if shutil.which("apt-get"):
        line = f"sudo apt-get update && sudo apt-get install {' '.join(_packages(names))}"
    else:
        line = f"install {needed}, so that initdb and chromium are on the PATH"
    skip = ",".join(name for name in PROGRAMS if name in names or name in skipped())
    return (
        f"The tests need {needed}, missing here. Either\n  {line}\n"
        f"or leave them out:\n  make test SKIP={skip}"
    )


def main() -> None:
    names = missing()
    if names and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        _install(_packages(names))
        names = missing()
    if names:
        sys.exit(_advice(names))


if __name__ == "__main__":
    main()
