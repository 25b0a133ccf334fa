"""How far PostgreSQL can be trusted to show what was written: the transactions that were open before the snapshot."""

from contextlib import suppress
from datetime import UTC

import psycopg2.extensions

from etl.download.postgres.session import only_row
from etl.download.source import Horizon

_OPEN = """
SELECT now(), min(xact_start), pg_is_in_recovery(),
       count(*) FILTER (WHERE xact_start IS NULL AND query = '<insufficient privilege>'),
       (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND query NOT LIKE 'autovacuum:%'
"""
"""One that has written nothing yet counts, too: what it writes later carries the time at which it began."""

_HISTORY = """
SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || (SELECT timeline_id FROM pg_control_checkpoint())
"""
"""A server that was restored or promoted writes a timeline of its own."""

_SUBSCRIBED = """
SELECT count(*) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def horizon_of(cursor: psycopg2.extensions.cursor, name: str) -> Horizon:
    """Return the clock, and when the oldest open transaction began. name: of the source, for what is told."""
    cursor.execute(_OPEN)
    clock, oldest, is_standby, unseen, prepared = only_row(cursor)
    history, subscribed = _asked(cursor, _HISTORY), _asked(cursor, _SUBSCRIBED)
    remark = ""
    if is_standby:
        remark = (
            f"the source {name} is a standby, which does not know its primary's open transactions: what one of them"
            " writes that lasts longer than `-- lag:` is only seen by a full run"
        )
    elif unseen:
        remark = (
            f"the source {name} does not let this account see when the transactions of others began: what one of them"
            " writes that lasts longer than `-- lag:` is only seen by a full run (GRANT pg_read_all_stats TO it)"
        )
    elif subscribed and subscribed != "0":
        remark = (
            f"the source {name} is a subscriber, whose rows come with the times of their publisher: what comes later"
            " than `-- lag:` is only seen by a full run"
        )
    elif prepared:
        remark = f"the source {name} has prepared transactions: until they end, the same rows are read again each night"
    return Horizon(clock.astimezone(UTC), oldest and oldest.astimezone(UTC), bool(prepared), history, remark)


def _asked(cursor: psycopg2.extensions.cursor, question: str) -> str:
    """Ask what a managed server may not say: then it is nothing."""
    cursor.execute("SAVEPOINT asked")
    with suppress(psycopg2.DatabaseError):
        cursor.execute(question)
        answer = str(only_row(cursor)[0])
        cursor.execute("RELEASE SAVEPOINT asked")
        return answer
    cursor.execute("ROLLBACK TO SAVEPOINT asked")
    return ""
