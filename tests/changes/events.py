"""What happens at the company: deeds at its source, each drawn by a number of its own, so that it can be done again."""

import datetime as dt
import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from tests.changes.company import CLOCK, SCHEMA, TABLES, write_table

START = dt.datetime(2031, 3, 10, 18, tzinfo=dt.UTC)
REGIONS = 30
OLD = dt.timedelta(days=200)


@dataclass(frozen=True)
class Event:
    """Something that happens. number: what it draws by; the same one does the same to the same company."""

    kind: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind.replace(' ', '_')}:{self.number}"

    @classmethod
    def of(cls, text: str) -> "Event":
        """Read what `str` wrote."""
        kind, number = text.split(":")
        return cls(kind.replace("_", " "), int(number))


@dataclass
class Source:
    """The company's database, with a clock of its own.

    url: of the database; tables: the folder of the table files. late: the long transaction, if one is open; late_since:
    when it began; late_for: how many nights that are published it stays open.
    """

    url: str
    tables: Path
    now: dt.datetime = START
    late: Any = None
    late_since: dt.datetime = START
    late_for: int = 0
    _ids: int = 0
    _promised: dict[str, list[int]] = field(default_factory=dict)
    _rules: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = psycopg2.connect(self.url)
        self._connection.autocommit = True

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *exc: object) -> None:
        if self.late:
            self.late.close()
        self._connection.close()

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement, committed at once."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def fill(self, number: int) -> None:
        """Make the tables anew, with rows drawn by a number, and write the table files."""
        draw = random.Random(f"fill {number}")
        self.sql(SCHEMA)
        self.restore_regions()
        for _ in range(8):
            self._product(draw, START - OLD)
        for _ in range(25):
            self._client(draw, START - OLD)
        for number in range(120):
            self._sale(draw, START - OLD if number else None)
        for _ in range(50):
            self._movement(draw, START - OLD)
        for seller in (1, 1, 2, 2, 3):
            self._move(draw, seller)
        for name in TABLES:
            write_table(self.tables, name, 0)
        self.tell_the_time()

    def dawn(self) -> None:
        """Let it be the next night."""
        self.now = self.now.replace(hour=2, minute=30) + dt.timedelta(days=1)
        self.tell_the_time()

    def tell_the_time(self) -> None:
        """Set the clock that sessions which begin from now on see."""
        began = self.late_since if self.late else self.now
        [(name,)] = self.sql("SELECT current_database()")
        for clock, at in (("now", self.now), ("late", began)):
            self.sql(f"ALTER DATABASE {name} SET clock.{clock} = '{at}'")

    def do(self, event: Event) -> None:
        """Do a deed, some minutes after the last one."""
        draw = random.Random(f"{event.kind} {event.number}")
        self.now += dt.timedelta(minutes=draw.randint(1, 60))
        DEEDS[event.kind](self, draw)

    def insert(self, draw: random.Random) -> None:
        """Write some new rows; a few of them without a watermark."""
        for _ in range(draw.randint(1, 4)):
            makes: list[Callable[..., None]] = [self._sale, self._client, self._product, self._movement]
            draw.choices(makes, [3, 1, 1, 1])[0](draw, None if draw.random() < 0.2 else self.now)

    def update(self, draw: random.Random) -> None:
        """Change some rows, a few of them only in their watermark; and at times those that have none."""
        changes = [
            ("sale", "units = units + 1"),
            ("sale", f"status = {_status(draw)}"),
            ("sale", f"sold_on = {self._day(draw)}"),
            ("sale", f"client_id = {self._some('client_id', 'client', draw)}"),
            ("sale", f"price = {_price(draw)}"),
            ("sale", "status = status"),
            ("client", f"name = {_name(draw)}"),
            ("client", f"region_id = {draw.randint(1, REGIONS + 2)}"),
            ("client", "deleted_at = NULL"),
            ("product", f"name = {_name(draw)}"),
            ("movement", "units = -units"),
            ("movement", f"moved_on = {self._day(draw)}"),
        ]
        table, change = draw.choice(changes)
        watermark = "NULL" if draw.random() < 0.05 else f"'{self.now}'"
        self._change(table, f"{change}, updated_at = {watermark}", draw, draw.randint(1, 5))
        if draw.random() < 0.5:
            without = "SELECT sale_id FROM shop.sale WHERE updated_at IS NULL FOR UPDATE SKIP LOCKED"
            self.sql(f"UPDATE shop.sale SET units = (units + 1) % 90 WHERE sale_id IN ({without})")

    def delete(self, draw: random.Random) -> None:
        """Delete some rows; clients are marked."""
        table = draw.choice(["sale", "sale", "product", "client", "movement"])
        if table == "client":
            self._change(table, f"deleted_at = '{self.now}', updated_at = '{self.now}'", draw, draw.randint(1, 2))
        else:
            self.sql(f"DELETE FROM shop.{table} WHERE {_victims(table, draw, 1 if table == 'product' else 3)}")

    def backdate(self, draw: random.Random) -> None:
        """Write rows of days long past; a few also with the watermark of then, which only their keys tell of."""
        written = self.now - OLD if draw.random() < 0.15 else self.now
        for _ in range(draw.randint(1, 3)):
            draw.choice([self._sale, self._movement])(draw, written, edge=True)

    def restore_rows(self, draw: random.Random) -> None:
        """Write rows that come with the times of long ago."""
        makes: list[Callable[..., None]] = [self._sale, self._product, self._movement]
        for make in draw.choices(makes, k=2):
            make(draw, self.now - OLD)

    def move_key(self, draw: random.Random) -> None:
        """Give a row another key: what refers to it refers to nobody."""
        table, key = draw.choice([("sale", "sale_id"), ("product", "product_id"), ("movement", "movement_id")])
        self._change(table, f"{key} = {self._next()}, updated_at = '{self.now}'", draw, 1)

    def move_group(self, draw: random.Random) -> None:
        """Let movements be those of another stock, which may be a new one."""
        stock = draw.choice([draw.randint(1, 10), draw.randint(1, 10), self._next()])
        self._change("movement", f"stock_id = {stock}, updated_at = '{self.now}'", draw, draw.randint(1, 3))

    def be_late(self, draw: random.Random) -> None:
        """Sell to a client (or of a product) that is not there yet; or let one come that was sold to before."""
        kind = draw.choice(["client", "product"])
        promised = self._promised.setdefault(kind, [])
        if promised and draw.random() < 0.5:
            make = self._client if kind == "client" else self._product
            make(draw, self.now, promised.pop(0))
            return
        promised.append(self._next())
        for _ in range(draw.randint(1, 2)):
            who, what = (promised[-1], None) if kind == "client" else (None, promised[-1])
            self._sale(draw, self.now, who, what)

    def reprice(self, draw: random.Random) -> None:
        """Change what facts look up: the price, at times one that is refused, or the last day; and who was where."""
        self._correct_moves(draw)
        change = draw.choice([f"price = {_price(draw)}", f"closes_on = {self._day(draw, edge=True)}", "price = -1"])
        self._change("product", f"{change}, updated_at = '{self.now}'", draw, draw.randint(1, 2))

    def _correct_moves(self, draw: random.Random) -> None:
        """Let a seller move, on a day past or to come; or let a move be of another day, place or seller, or gone."""
        move = f"move_id IN (SELECT move_id FROM shop.move ORDER BY md5(move_id || '{draw.random()}') LIMIT 1)"
        change = draw.choice(
            ["", "", "place = place % 3 + 1", f"moved_at = {self._moment(draw)}", "seller_id = 4", "gone"]
        )
        if not change:
            self._move(draw, draw.randint(0, 3))
        elif change == "gone":
            self.sql(f"DELETE FROM shop.move WHERE {move}")
        else:
            self.sql(f"UPDATE shop.move SET {change} WHERE {move}")

    def change_table_file(self, draw: random.Random) -> None:
        """Let a table be built otherwise from now on."""
        name = draw.choice(sorted(TABLES))
        self._rules[name] = self._rules.get(name, 0) + draw.randint(1, 2)
        write_table(self.tables, name, self._rules[name] % 4)

    def transact(self, draw: random.Random) -> None:
        """Begin a long transaction and write in it; it ends after some nights, or when the next one begins.

        Others write later than it, and are seen before.
        """
        self.end_late(draw)
        self.late, self.late_since = psycopg2.connect(self.url, application_name="late"), self.now
        self.late_for = draw.choice([0, 1, 1, 1, 2])
        self._change_late(draw)
        self.now += dt.timedelta(minutes=draw.randint(20, 60))
        for make in (self._sale, self._movement, self._product):
            make(draw, self.now)

    def pass_late(self) -> None:
        """End the long transaction where it was open for its nights."""
        if self.late and self.late_for <= 0:
            self.end_late(random.Random(f"late {self.now}"))

    def end_late(self, draw: random.Random) -> None:
        """Write once more in the long transaction, if one is open, and end it."""
        if self.late:
            self._change_late(draw)
            end = self.late.rollback if draw.random() < 0.2 else self.late.commit
            end()
            self.late.close()
            self.late = None

    def lose_regions(self, draw: random.Random) -> None:
        """Let all regions be gone, which stage 1 refuses, or most, which stage 3 does."""
        self.sql(f"DELETE FROM shop.region WHERE region_id > {draw.choice([0, 5])}")

    def restore_regions(self) -> None:
        """Bring them back as they were."""
        rows = f"SELECT g, 'region ' || g FROM generate_series(1, {REGIONS}) g"
        self.sql(f"INSERT INTO shop.region {rows} ON CONFLICT DO NOTHING")

    def _change_late(self, draw: random.Random) -> None:
        """Write in the long transaction: its rows carry the time at which it began."""
        at = self.late_since
        with self.late.cursor() as cursor:
            cursor.execute(_update("sale", f"units = units + 2, updated_at = '{at}'", draw, 2))
            cursor.execute(_update("movement", f"units = units + 2, updated_at = '{at}'", draw, 1))
            cursor.execute(f"INSERT INTO shop.product VALUES ({self._next()}, 'late', 3, NULL, '{at}')")

    def _change(self, table: str, change: str, draw: random.Random, rows: int) -> None:
        self.sql(_update(table, change, draw, rows))

    def _next(self) -> int:
        self._ids += 1
        return self._ids + 100

    def _product(self, draw: random.Random, at: dt.datetime | None, product: int | None = None) -> None:
        closes_on = "NULL" if draw.random() < 0.2 else self._day(draw, edge=True)
        values = f"{product or self._next()}, {_name(draw)}, {_price(draw)}, {closes_on}, {_time(at)}"
        self.sql(f"INSERT INTO shop.product VALUES ({values})")

    def _client(self, draw: random.Random, at: dt.datetime | None, client: int | None = None) -> None:
        client = client or self._next()
        for catalogue in draw.choice([(1,), (1,), (2,), (1, 2)]):
            values = f"{catalogue}, {client}, {_name(draw)}, {draw.randint(1, REGIONS + 1)}, {_time(at)}, NULL"
            self.sql(f"INSERT INTO shop.client VALUES ({values})")

    def _sale(
        self,
        draw: random.Random,
        at: dt.datetime | None,
        client: int | None = None,
        product: int | None = None,
        *,
        edge: bool = False,
    ) -> None:
        who = client or self._some("client_id", "client", draw)
        what = product or self._some("product_id", "product", draw)
        price = _price(draw) if draw.random() < 0.3 else "NULL"
        units = draw.choice([0, 95, *range(1, 30)])
        values = f"{self._next()}, {who}, {what}, {self._day(draw, edge=edge)}, {units}, {price}, {_status(draw)}"
        self.sql(f"INSERT INTO shop.sale VALUES ({values}, {_time(at)})")

    def _movement(self, draw: random.Random, at: dt.datetime | None, *, edge: bool = False) -> None:
        movement, stock = self._next(), draw.randint(1, 10)
        for version in draw.choice([(1,), (1,), (1, 2)]):
            values = f"{movement}, {version}, {stock}, {self._day(draw, edge=edge)}, {draw.randint(-20, 30)}"
            self.sql(f"INSERT INTO shop.movement VALUES ({values}, {_time(at)})")

    def _move(self, draw: random.Random, seller: int) -> None:
        place = draw.choice(["NULL", "1", "2", "3"])
        self.sql(f"INSERT INTO shop.move VALUES ({self._next()}, {seller}, {place}, {self._moment(draw)})")

    def _moment(self, draw: random.Random) -> str:
        """Draw an instant of the last year, of the same day as others, of the days to come, or none."""
        back = draw.choice([draw.randint(0, 380), draw.randint(0, 380), 100, 0, -1, -2])
        day = self.now.date() - dt.timedelta(days=back)
        return draw.choice(["NULL", *(f"'{day} {hour}:30+00'" for hour in (0, 12, 12, 23))])

    def _some(self, column: str, table: str, draw: random.Random) -> int | str:
        if draw.random() < 0.05:
            return "NULL"
        found = sorted({int(row[0]) for row in self.sql(f"SELECT {column} FROM shop.{table}")})
        return draw.choice(found or [1])

    def _day(self, draw: random.Random, *, edge: bool = False) -> str:
        """Draw a day of the last months, or one about the edge of the window, which begins a year ago."""
        today = self.now.date()
        about = edge or draw.random() < 0.3
        back = draw.randint(330, 380) if about else draw.randint(0, 330)
        return f"'{today - dt.timedelta(days=back)}'::date"


DEEDS: dict[str, Callable[[Source, random.Random], None]] = {
    "insert": Source.insert,
    "update": Source.update,
    "delete": Source.delete,
    "backdated": Source.backdate,
    "moved key": Source.move_key,
    "moved group": Source.move_group,
    "late member": Source.be_late,
    "reprice": Source.reprice,
    "table file": Source.change_table_file,
    "transaction": Source.transact,
}


def make_database(server: str, name: str) -> str:
    """Make a database for companies, one after the other; returns its URL. One of this name is there no more.

    A module's fixture may be made twice: a worker of pytest-xdist that has done its own tests takes those of others.
    """
    url = server.replace("/postgres?", f"/{name}?")
    for where, statements in (
        (server, [f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}"]),
        (server, [f"ALTER DATABASE {name} SET search_path = clock, pg_catalog, public"]),
        (url, [CLOCK]),
    ):
        with closing(psycopg2.connect(where)) as connection:
            connection.autocommit = True
            for statement in statements:
                connection.cursor().execute(statement)
    return url


_KEYS = {"sale": "sale_id", "product": "product_id", "client": "client_id", "movement": "movement_id"}


def _update(table: str, change: str, draw: random.Random, rows: int) -> str:
    return f"UPDATE shop.{table} SET {change} WHERE {_victims(table, draw, rows)}"


def _victims(table: str, draw: random.Random, rows: int) -> str:
    """Write which rows are meant: all of some keys, without those that the long transaction holds."""
    key, salt = _KEYS[table], draw.random()
    chosen = f"SELECT {key} FROM shop.{table} ORDER BY md5({key} || '{salt}') LIMIT {rows} FOR UPDATE SKIP LOCKED"
    return f"{key} IN ({chosen})" if table in ("sale", "product") else f"{key} IN (SELECT * FROM ({chosen}) AS chosen)"


def _time(at: dt.datetime | None) -> str:
    return f"'{at}'" if at else "NULL"


def _price(draw: random.Random) -> str:
    return draw.choice(["NULL", "-1", *(f"{draw.randint(1, 999)}.{draw.randint(0, 99):02}" for _ in range(12))])


def _name(draw: random.Random) -> str:
    return draw.choice(["NULL", "'test'", "' Ann '", "'Bo\"b'", "'Çé'", "'line\nbreak'", f"'n{draw.randint(1, 99)}'"])


def _status(draw: random.Random) -> str:
    return draw.choice(["NULL", "'test'", "'paid'", "'paid'", "'open'", "''"])
