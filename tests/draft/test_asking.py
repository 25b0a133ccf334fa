"""What a draft asks a source leaves nothing behind in it, and ends in a sentence where it is refused."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from etl.core.errors import SourceError
from etl.core.origin import read_url
from etl.download.source import Limits
from etl.draft.asking import asking
from tests import pooler

LIMITS = Limits(connections=1, lock_seconds=5, stall_seconds=60, statement_seconds=0, bytes_per_second=0)
_SET = "SELECT current_setting('statement_timeout'), current_setting('default_transaction_read_only')"


def test_a_pooler_s_session_is_as_it_was_for_whoever_gets_it_next(postgres_server: str, tmp_path: Path) -> None:
    """Each question only reads and has a time-out, and neither is set for the session, which others use in between."""
    with pooler.running(postgres_server, tmp_path, size=1) as url, asking("shop", read_url("shop", url), LIMITS) as ask:
        assert ask.rows(_SET) == [("5s", "off")]
        assert ask.rows("CREATE TABLE written (x int)") is None
        with closing(psycopg2.connect(url, connect_timeout=5)) as other, other.cursor() as cursor:
            cursor.execute(_SET)
            assert cursor.fetchall() == [("0", "off")]
            cursor.execute("CREATE TABLE written (x int)")


def test_a_server_without_a_place_for_one_more_is_named(postgres_server: str) -> None:
    """A connection that is refused is an error of the source, with a cure."""
    url = read_url("shop", postgres_server.replace("/postgres?", "/no_such_database?"))
    with (
        pytest.raises(SourceError, match=r"The source shop at .* refused us: .*no_such_database"),
        asking("shop", url, LIMITS),
    ):
        pass
