"""Documents agree with the code: the concept map's paths, the commands, the dependencies, the locks.

`docs/architecture.md` holds the only list that maps concepts to files: tables whose cells name paths in backticks, written from the project
root or from `src/accord`. In `README.md` and `docs/`, a line of a code block that begins with `accord` or `make` is a promise that it runs.
"""

from __future__ import annotations

import importlib
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.sources import BELOW_STORE, FROM_STORE_UP, PACKAGE, ROOT

ARCHITECTURE = ROOT / "docs" / "architecture.md"
CONCEPTS_MIN = 10  # Rows. Fewer, and it is no map.
IN_BACKTICKS = re.compile(r"`([^`\s]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/?")
FILE_SUFFIXES = (".py", ".sql", ".toml", ".html", ".md", ".css", ".lock")
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<body>.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:\$ )?(?P<call>(?:accord|make)(?: .*)?)$")
COMMAND_WORD = re.compile(r"[a-z][a-z-]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table in a document: its line and the paths that it names."""

    line: int
    paths: tuple[str, ...]


def rows(text: str) -> list[Row]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("|"):
            named = tuple(word for word in IN_BACKTICKS.findall(line) if _is_path(word))
            if named:
                found.append(Row(number, named))
    return found


def lost_paths(text: str) -> list[str]:
    """Paths of the tables that lead nowhere."""
    return [
        f"line {row.line}: {path}"
        for row in rows(text)
        for path in row.paths
        if not any((base / path).exists() for base in (ROOT, PACKAGE))
    ]


def commands(text: str) -> Iterator[str]:
    """Every `accord …` and `make …` line of the code blocks; a line that ends in a backslash goes on."""
    for fence in FENCE.finditer(text):
        for line in fence["body"].replace("\\\n", " ").splitlines():
            if found := COMMAND.match(line.strip()):
                yield found["call"]


def words(call: str) -> list[str]:
    """The call without its comment, as the shell would read it."""
    lexer = shlex.shlex(re.split(r"\s{2,}(?![-\[])", call)[0], posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    return list(lexer)


def make_targets(makefile: str) -> set[str]:
    return {name for names in re.findall(r"^([\w ./-]+):(?!=)", makefile, re.MULTILINE) for name in names.split()}


def runtime_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {re.split(r"[<>=;!\[ ]", line)[0] for line in project["dependencies"]}


def entry_point() -> Callable[[], object]:
    """The function that `pyproject.toml` names as the command `accord`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["scripts"]["accord"].partition(":")
    main: Callable[[], object] = getattr(importlib.import_module(module), name)
    return main


def loose_lines(lock: str) -> list[str]:
    """Lines of a lock that name an address or an option, and requirements without a pinned version and a hash."""
    found = [line for line in lock.splitlines() if "://" in line or "@" in line or line.startswith("-")]
    for requirement in re.split(r"\n(?=\S)", lock.strip()):
        if not re.match(r"[a-z0-9-]+==\S+", requirement) or "--hash=sha256:" not in requirement:
            found.append(requirement.partition("\n")[0])
    return found


def _is_path(word: str) -> bool:
    return PATH.fullmatch(word) is not None and ("/" in word or word.endswith(FILE_SUFFIXES))


def _read(place: Path) -> str:
    assert place.is_file(), f"{place.relative_to(ROOT)} is missing"
    return place.read_text(encoding="utf-8")


def _documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _documented() -> list[tuple[str, str]]:
    return [(place.relative_to(ROOT).as_posix(), call) for place in _documents() for call in commands(_read(place))]


def test_every_path_in_the_concept_map_exists() -> None:
    text = _read(ARCHITECTURE)
    assert len(rows(text)) >= CONCEPTS_MIN, "docs/architecture.md holds no concept map: a table with the paths of files in backticks"
    assert lost_paths(text) == []


def test_every_room_is_in_the_concept_map() -> None:
    named = {path.removeprefix("src/").removeprefix("accord/") for row in rows(_read(ARCHITECTURE)) for path in row.paths}
    rooms = {name.partition("/")[0].removesuffix(".py") for name in named}
    assert (BELOW_STORE | FROM_STORE_UP) - rooms == set()


def test_every_path_in_the_map_of_duties_exists() -> None:
    # `docs/law.md` comes with the first duty that is mapped; from then on it is held like the concept map.
    law = ROOT / "docs" / "law.md"
    assert lost_paths(_read(law) if law.exists() else "") == []


def test_every_documented_make_target_exists() -> None:
    targets = make_targets(_read(ROOT / "Makefile"))
    asked = {word for _, call in _documented() if call.startswith("make ") for word in words(call)[1:] if COMMAND_WORD.fullmatch(word)}
    assert asked, "no document names a make target"
    assert asked - targets == set()


def test_every_documented_command_and_option_exists(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")  # Help may not break an option in two.
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    calls = [(place, call) for place, call in _documented() if call.startswith("accord")]
    assert calls, "no document names a command"
    faults = []
    for place, call in calls:
        path = [word for word in words(call)[1:3] if COMMAND_WORD.fullmatch(word)]
        helped = next((text for depth in (2, 1) if len(path) >= depth and (text := _help(path[:depth], capsys, monkeypatch))), "")
        if path and (not helped or (len(path) == 2 and _is_group(helped))):
            faults.append(f"{place}: no command `accord {' '.join(path)}`")
        options = {word.strip("[]").partition("=")[0] for word in words(call) if re.match(r"\[?--[a-z]", word)}
        faults += [f"{place}: `{call}`: no option {option}" for option in sorted(options) if option not in helped and option != "--help"]
    assert faults == []


def _is_group(helped: str) -> bool:
    """Whether this is the help of a group, after whose name a command must follow."""
    return re.search(r"Usage: .* COMMAND \[ARGS\]", helped) is not None


def _help(path: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What `accord PATH --help` prints; empty where there is no such command."""
    main = entry_point()
    monkeypatch.setattr(sys, "argv", ["accord", *path, "--help"])
    status: object = 0
    try:
        status = main()
    except SystemExit as ended:
        status = ended.code
    printed = capsys.readouterr().out
    # A group asked for a word that it does not know answers its own usage and another status.
    return printed if status in {0, None} else ""


def test_every_dependency_has_its_decision() -> None:
    text = _read(ROOT / "docs" / "decisions" / "0004-dependencies.md").lower()
    assert {name for name in runtime_dependencies() if f"| `{name}`" not in text} == set()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_by_hash_and_names_no_address(name: str) -> None:
    lock = _read(ROOT / name)
    assert loose_lines(lock) == []
    assert {dependency for dependency in runtime_dependencies() if not re.search(rf"^{dependency}==", lock, re.MULTILINE)} == set()


def test_a_lost_path_is_seen() -> None:
    table = "| concept | where |\n| --- | --- |\n| gate | `release/gate.py` |\n| gate | `release/no_such_gate.py` |\n| door | `src/accord/nowhere/` |\n"
    assert lost_paths(table) == ["line 4: release/no_such_gate.py", "line 5: src/accord/nowhere/"]


def test_documented_commands_are_read_from_code_blocks_alone() -> None:
    text = "accord nothing\n```sh\n$ make demo ARGS=--once\naccord law DIR --from uz \\\n  --to kz    # why\n  accordion\n```\n"
    assert list(commands(text)) == ["make demo ARGS=--once", "accord law DIR --from uz    --to kz    # why"]
    assert words("accord law DIR --from uz --to kz    # why") == ["accord", "law", "DIR", "--from", "uz", "--to", "kz"]


def test_make_targets_are_read_from_the_makefile() -> None:
    assert make_targets("A := b\nsetup: .venv/ok\ndemo test: setup\n\techo no: target\n") == {"setup", "demo", "test"}


def test_a_loose_lock_is_seen() -> None:
    pinned = "rich==15.0.0 \\\n    --hash=sha256:00\n"
    assert loose_lines(pinned) == []
    assert loose_lines("rich==15.0.0\n") == ["rich==15.0.0"]
    assert loose_lines("rich>=15 \\\n    --hash=sha256:00\n") == ["rich>=15 \\"]
    assert loose_lines("--index-url " + "https:" + "//index.example/simple\n" + pinned) != []
    assert loose_lines("rich @ https:" + "//index.example/rich.whl\n" + pinned) != []


def test_an_unknown_command_is_seen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert _help(["no-such-command"], capsys, monkeypatch) == ""
    assert "--json" in _help(["law"], capsys, monkeypatch)
