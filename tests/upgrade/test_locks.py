"""locks/ is what the lists ask for: one that is out of date is told here; `./setup.sh --lock` writes them anew."""

import re
from pathlib import Path

import pytest

from config.paths import ROOT
from etl.core.installed import closure, named, needs_of_installed

LISTS = sorted(path.name for path in ROOT.glob("requirements*.txt") if path.name != "requirements-own.txt")
HERE = [each for each in LISTS if not re.search("emulator|peers|lock|powerbi|mysqlclient", each)]
"""Those of this environment: of their packages, what each needs is known without a network."""


@pytest.fixture(scope="module")
def needs() -> dict[str, list[str]]:
    """Return what each installed package needs."""
    return needs_of_installed()


def lock_of(name: str) -> Path:
    """Return where a list's lock lies."""
    return ROOT / "locks" / name.replace(".txt", ".lock")


def asked(name: str) -> dict[str, str]:
    """Return the versions that a list asks for, also by the lists that it names."""
    text = (ROOT / name).read_text(encoding="utf-8")
    inner = {
        key: value for other in re.findall(r"^-r (\S+)", text, re.MULTILINE) for key, value in asked(other).items()
    }
    return inner | pins(re.sub(r"(?m)^-r .*$", "", text))


def pins(text: str) -> dict[str, str]:
    """Return the versions in a list or a lock, for this machine."""
    return {_named(each.name): str(each.specifier).removeprefix("==") for each in named(text)}


def names(path: Path) -> set[str]:
    """Name every package in a list or a lock, also those of other systems."""
    return {_named(name) for name in re.findall(r"(?m)^([\w.-]+)==", path.read_text(encoding="utf-8"))}


def _named(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LISTS)
def test_a_lock_has_every_version_of_its_list_with_hashes_and_names_no_index(name: str) -> None:
    """And of what the list needs in turn the versions in constraints.txt, where that holds for it."""
    text = lock_of(name).read_text(encoding="utf-8")
    locked = pins(text)
    assert asked(name).items() <= locked.items()
    if "constraints.txt" in (ROOT / name).read_text(encoding="utf-8"):
        held = asked("requirements.txt") | pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
        assert {each: locked[each] for each in locked if each in held} == {
            each: held[each] for each in locked if each in held
        }
    entries = re.findall(r"(?m)^\S+==\S+.*\\$\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", text)
    assert len(entries) == len(re.findall(r"(?m)^\w", text)) > 0
    assert not re.search(r"://|--index|--find|--extra", text)


@pytest.mark.parametrize("name", HERE)
def test_a_lock_names_what_its_list_needs_and_nothing_else(name: str, needs: dict[str, list[str]]) -> None:
    """By the metadata of what is installed; each of it is pinned, in the list or in constraints.txt."""
    text = (ROOT / name).read_text(encoding="utf-8")
    wanted = [each for line in asked(name).items() for each in named("==".join(line))]
    extras = list(named(re.sub(r"(?m)^-r .*$", "", text)))
    locked = pins(lock_of(name).read_text(encoding="utf-8"))
    assert set(locked) == closure([*wanted, *extras], needs)
    held = asked("requirements.txt") | pins((ROOT / "constraints.txt").read_text(encoding="utf-8")) | asked(name)
    assert locked.items() <= held.items()


def test_every_pin_in_constraints_is_needed() -> None:
    """What nothing needs any more, on any system or Python, leaves the list."""
    locked = {each for name in LISTS for each in names(lock_of(name))}
    assert names(ROOT / "constraints.txt") <= locked


def test_the_locks_that_share_an_environment_agree() -> None:
    """A package has one version in all of them."""
    every = [pins(lock_of(name).read_text(encoding="utf-8")) for name in HERE]
    assert all(a.get(each, b[each]) == b[each] for a in every for b in every for each in b)
