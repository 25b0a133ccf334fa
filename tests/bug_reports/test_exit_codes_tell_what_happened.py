"""A stage whose table file ends it, or fails in a way of its own, says so: exit 1 and a sentence, never 0."""

import pytest

from tests.bug_reports.company import TRANSFORM, Stranger

DIM_PERSON = '''
class DimPerson(Dimension):
    """One row per person."""

    person_key: Key = surrogate_key()
    person_id: Integer = natural_key("Its number.")


def build(people: pd.DataFrame) -> pd.DataFrame:
    return people
'''
UNPICKLABLE = """
    class Odd(Exception):
        pass
    raise Odd("so odd")
"""
ENDINGS = {
    "raise SystemExit(0)": "build failed: SystemExit: 0",
    "import sys; sys.exit()": "build failed: SystemExit.",
    "open('/nowhere/at/all')": "build failed: FileNotFoundError",
    "return build(people)": "build failed: RecursionError",
    "raise MemoryError": "build ran out of memory",
    "raise StopIteration": "build failed: StopIteration",
    UNPICKLABLE.strip(): "build failed: Odd: so odd",
}


@pytest.fixture
def people(stranger: Stranger) -> Stranger:
    """A company of one table, extracted."""
    stranger.fill("CREATE TABLE people (person_id INTEGER)", "INSERT INTO people VALUES (1), (2)")
    stranger.query("people", "SELECT person_id FROM people", key="person_id")
    stranger.done()
    return stranger


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_build_raises_is_told_with_its_line(people: Stranger, ending: str) -> None:
    """Of a `sys.exit()` a scheduler would think that all is done."""
    path = people.star_table("dim_person", DIM_PERSON.replace("return people", ending))
    ended = people.transform()
    assert ended.code == 1
    assert f"Error: {path}:" in ended.err
    assert ENDINGS[ending] in ended.err
    assert "\nTry: " in ended.err
    assert "Traceback" not in ended.err
    assert not list((people.data / "2_star").glob("2*"))


def test_what_a_worker_cannot_pickle_is_told_too(people: Stranger) -> None:
    """It is not said that the worker was killed for want of memory."""
    people.star_table("dim_person", DIM_PERSON.replace("return people", UNPICKLABLE.strip()))
    ended = people.process(TRANSFORM)
    assert ended.code == 1
    assert "build failed: Odd: so odd" in ended.err
    assert "Traceback" not in ended.err


def test_a_table_file_that_exits_while_it_is_read_is_at_fault(people: Stranger) -> None:
    """A script that became a table file."""
    path = people.star_table("dim_person", f"{DIM_PERSON}\nimport sys\nsys.exit(0)\n")
    ended = people.transform()
    assert ended.code == 1
    assert f"Error: {path}:" in ended.err
    assert "SystemExit" in ended.err
