"""Google's own parser, analyzer and evaluator of BigQuery's SQL: what it does not take, BigQuery does not take."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import wasmtime
from google._upb import _message
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from zetasql import types
from zetasql.api import CatalogBuilder, Parser, PreparedQuery, TableBuilder
from zetasql.core import ZetaSqlLocalService
from zetasql.types import TypeKind
from zetasql.wasi._pb2.zetasql.local_service.local_service_pb2 import AnalyzeResponse
from zetasql.wasi._pb2.zetasql.resolved_ast.resolved_ast_pb2 import (
    ResolvedInsertStmtProto,
    ResolvedTableScanProto,
    ResolvedTruncateStmtProto,
)

from etl.load.bigquery.types import WORDS

_KINDS = {kind: TypeKind[f"TYPE_{word.replace('FLOAT64', 'DOUBLE')}"] for kind, word in WORDS.items()}
_SCRIPTING = {
    "ASTVariableDeclaration": (),
    "ASTSingleAssignment": ("expression",),
    "ASTIfStatement": ("condition",),
} | {"ASTRaiseStatement": ("message",)}
"""What only scripts have: by kind, the expressions in it."""


@contextmanager
def compiled_in(folder: Path) -> Iterator[None]:
    """Keep the compiled library in a folder: compiling takes half a minute."""
    settings = folder / "cache.toml"
    settings.write_text(f'[cache]\ndirectory = "{folder.resolve()}"\n', encoding="utf-8")

    def config() -> wasmtime.Config:
        made = wasmtime.Config()
        made.cache = str(settings)
        return made

    with mock.patch("zetasql.core.wasm_client.Config", config):
        yield


class GoogleSql:
    """Analyzes statements against declared tables. tables: their columns, by name, "dataset.table" or as they are."""

    def __init__(self, tables: dict[str, pa.Schema]) -> None:
        self._tables = tables

    @cached_property
    def _language(self) -> types.LanguageOptions:
        language = types.LanguageOptions.maximum_features()
        language.product_mode = types.ProductMode.PRODUCT_EXTERNAL
        language.supported_statement_kinds = []
        return language

    def _options(self, variables: Iterable[str]) -> types.AnalyzerOptions:
        """Give options with the variables of a script, which are texts."""
        row_count = types.AnalyzerOptions.SystemVariable(
            name_path=["row_count"], type=types.Type(type_kind=TypeKind.TYPE_INT64)
        )
        text = types.Type(type_kind=TypeKind.TYPE_STRING)
        declared = [types.AnalyzerOptions.QueryParameter(name=name, type=text) for name in variables]
        return types.AnalyzerOptions(
            language_options=self._language,
            system_variables=[row_count],
            expression_columns=declared,
            prune_unused_columns=True,
        )

    @cached_property
    def _catalog(self) -> int:
        """Give the number under which the evaluator knows the tables: it takes long to hand its own functions over."""
        builder = CatalogBuilder("project")
        for name, schema in self._tables.items():
            table = TableBuilder(name)
            for field in schema:
                decimal = pa.types.is_decimal(field.type)
                table.add_column(field.name, TypeKind.TYPE_NUMERIC if decimal else _KINDS[field.type])
            builder.add_table(table.build())
        options = types.ZetaSQLBuiltinFunctionOptions(language_options=self._language)
        catalog = builder.with_builtin_functions(options).build()
        return int(_service().register_catalog(simple_catalog=catalog).registered_id)

    def analyze(self, sql: str) -> int:
        """Analyze every statement of a script, and each expression of what only scripts have; gives how many."""
        return self._analyze(sql, None)

    def _analyze(self, sql: str, answers: list[tuple[str, AnalyzeResponse]] | None) -> int:
        text = sql.encode()
        found = list(_statements(Parser(self._language).parse_script(sql).statement_list_node.statement_list))
        declared = [node for node in found if isinstance(node, types.ASTVariableDeclaration)]
        assert all(_slice(text, node.type) == "STRING" for node in declared)
        names = [name.id_string for node in declared for name in node.variable_list.identifier_list]
        in_statements, in_expressions = self._options([]), self._options(names)
        for node in found:
            if type(node).__name__ not in _SCRIPTING:
                self._ask(in_statements, answers, sql_statement=_slice(text, node))
                continue
            for name in _SCRIPTING[type(node).__name__]:
                self._ask(in_expressions, answers, sql_expression=_slice(text, getattr(node, name)))
        return len(found)

    def columns_read(self, sql: str) -> list[dict[str, set[str]]]:
        """Give the columns that each part of a script reads, by table: what is filled or emptied is not read."""
        return [scanned for _, scanned in self.scans(sql)]

    def scans(self, sql: str) -> list[tuple[str, dict[str, set[str]]]]:
        """Give each part of a script, with the columns that it reads."""
        _message.SetAllowOversizeProtos(True)  # expressions may be nested deeper than a hundred
        answers: list[tuple[str, AnalyzeResponse]] = []
        self._analyze(sql, answers)
        return [(text, _scanned(answer)) for text, answer in answers]

    def _ask(
        self, options: types.AnalyzerOptions, answers: list[tuple[str, AnalyzeResponse]] | None, **text: str
    ) -> None:
        """Analyze; an answer that nobody wants is not unpacked, which would take longer than all else."""
        kind = Empty if answers is None else AnalyzeResponse
        request = types.AnalyzeRequest(options=options, registered_catalog_id=self._catalog, **text)
        answer = _service().wasm_client.call_grpc_func("ZetaSqlLocalService_Analyze", request.to_proto(), kind)
        if answers is not None:
            answers.append((*text.values(), answer))

    def evaluate(self, query: str) -> Any:
        """Give the only value of the only row that a query answers."""
        options = types.AnalyzerOptions(language_options=self._language)
        prepared = PreparedQuery.builder().set_sql(query).set_analyzer_options(options)
        with prepared.set_registered_catalog_id(self._catalog).prepare() as ready:
            [row] = ready.execute().content.table_data.row
        [cell] = row.cell
        return cell.string_value

    def row(self, query: str) -> dict[str, Any]:
        """Give the only row that a query answers, numbers as decimals."""
        told = self.evaluate(f"SELECT TO_JSON_STRING(answer) FROM ({query}) AS answer")
        row: dict[str, Any] = json.loads(told, parse_float=Decimal, parse_int=Decimal)
        return row


def _scanned(answer: Message) -> dict[str, set[str]]:
    """Find the tables that an analyzed statement scans, with the columns that it needs of them."""
    found: dict[str, set[str]] = {}
    unseen = [answer]
    while unseen:
        node = unseen.pop()
        if isinstance(node, ResolvedTableScanProto):
            found.setdefault(node.table.name, set()).update(column.name for column in node.parent.column_list)
        for field, value in node.ListFields():
            if field.type == field.TYPE_MESSAGE and not _is_target(node, field.name):
                unseen += value if field.is_repeated else [value]
    return found


def _is_target(node: Message, field: str) -> bool:
    """Say whether a part of an analyzed statement is the table that is filled or emptied."""
    return field == "table_scan" and isinstance(node, ResolvedInsertStmtProto | ResolvedTruncateStmtProto)


def _service() -> ZetaSqlLocalService:
    """Give the evaluator, which is compiled when it is first asked for."""
    return ZetaSqlLocalService.get_instance()


def rows_as_sql(table: pa.Table) -> str:
    """Write a table's rows as something to select from."""
    fields = ", ".join(f"`{field.name}` {_word(field.type)}" for field in table.schema)
    rows = [", ".join(_cell(row[f.name], f.type) for f in table.schema) for row in table.to_pylist()]
    values = ", ".join(f"STRUCT({row})" for row in rows)
    return f"UNNEST(ARRAY<STRUCT<{fields}>>[{values}])"


def _word(kind: pa.DataType) -> str:
    return "NUMERIC" if pa.types.is_decimal(kind) else WORDS[kind]


def _cell(value: Any, kind: pa.DataType) -> str:
    text = "NULL" if value is None else json.dumps(str(value), ensure_ascii=False)
    return f"CAST({text} AS {_word(kind)})"


def _statements(nodes: Iterable[Any]) -> Iterator[Any]:
    """List the statements of a script, those in blocks too."""
    for node in nodes:
        yield node
        if type(node).__name__ == "ASTIfStatement":
            yield from _statements(node.then_list.statement_list)


def _slice(text: bytes, node: Any) -> str:
    return text[node.parse_location_range.start : node.parse_location_range.end].decode()
