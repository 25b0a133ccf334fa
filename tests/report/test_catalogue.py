"""The report as data: every fault of its files is one sentence that names the file."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.paths import ROOT
from etl.company.currency import CODES
from etl.company.entries import Entry, entry
from etl.company.measure import Measure
from etl.company.pages import Page, Visual
from etl.company.report import read_report
from etl.company.roles import Role
from etl.company.sayings import Saying
from etl.company.targets import Target
from etl.core.errors import ContractError, UsageError

MEASURES = """
folder = "All"

[[measure]]
name = "Net"
meaning = "What is left."
format = "0"
dax = "1"
of = "fact_sale"
sql = "SUM(net)"

[[measure]]
name = "Twice"
meaning = "Two of them."
format = "0"
dax = "[Net] * 2"
sql = "[Net] * 2"
"""
PAGE = """
name = "Sales"
title = "What was sold"

[[visual]]
kind = "card"
title = "All"
alt = "All of it."
measures = ["Net"]

[[visual]]
kind = "table"
title = "By client"
alt = "A row per client."
measures = ["Net", "Twice"]
by = "dim_client.client_id"
names = "dim_client.name"
top = 3
"""


BY_HAND = 'dax = "[Net] * 2"\nsql = "[Net] * 2"'
CARD, NET = 'measures = ["Net"]', 'format = "0"\ndax = "1"'
VOCABULARY = [
    ("report.toml", 'title = "T"', 'title = "T"\ncurrency = "EURO"', "'EURO' is not a currency code of ISO 4217"),
    ("report.toml", 'title = "T"', 'title = "T"\ntarget = [{ measure = "Nett", at_least = 1 }]', "no measure [Nett]"),
    ("report.toml", 'title = "T"', 'title = "T"\ntarget = [{ measure = "Net" }]', "at_least = … or at_most = …"),
    ("report.toml", 'title = "T"', 'title = "T"\ntarget = [{ measure = "Net", at_least = inf }]', "finite number"),
    (
        "report.toml",
        'title = "T"',
        'title = "T"\ntarget = [{ measure = "Net", at_least = 1 }, { measure = "Net", at_most = 2 }]',
        "two targets of [Net]",
    ),
    ("measures/a.toml", NET, 'money = true\nformat = "0.0%"\ndax = "1"', "[Net]: `money` is for an amount"),
    ("pages/1.toml", CARD, f'{CARD}\nchange = {{ Twice = "Net" }}', "`change` names [Twice], which is not among"),
    ("pages/1.toml", CARD, f'{CARD}\nchange = {{ Net = "Thrice" }}', "“All”: there is no measure [Thrice]"),
    ("pages/1.toml", "top = 3", 'top = 3\nspark = "dim_date.year"', "`change` and `spark` are for a card"),
    ("pages/1.toml", CARD, f'{CARD}\npanels = "dim_date.year"', "`panels` is for a line chart"),
    ("pages/1.toml", CARD, f'{CARD}\nsaid = [{{ text = "So {{Thrice}}" }}]', "there is no measure [Thrice]"),
    ("pages/1.toml", CARD, f'{CARD}\nsaid = [{{ text = "So {{}}" }}]', "do not enclose a measure"),
    ("pages/1.toml", CARD, f'{CARD}\nsaid = [{{ text = " " }}]', "`text` is empty"),
    ("pages/1.toml", CARD, f'{CARD}\nsaid = [{{ when = "Net > 1", text = "A" }}]', "'Net > 1' is not a comparison"),
    ("pages/1.toml", CARD, f'{CARD}\nsaid = [{{ when = "[Net] > 1", text = "A" }}]', "has a `when`: add one without"),
    ("pages/1.toml", CARD, f'{CARD}\nsaid = [{{ text = "A" }}, {{ text = "B" }}]', "1 of `said` has no `when`"),
]
"""Faults of what a report says about its numbers."""
TYPES = [
    ("report.toml", 'title = "T"', "title = 7", "`title` is 7, and should be a text in quotes."),
    ("report.toml", 'title = "T"', 'title = "T"\ncolour = 1', "report.toml has `colour`, which is not known."),
    ("report.toml", 'title = "T"', 'title = "T"\nrole = [{ user = "a.b" }]', "report.toml: role 1 has no `name`."),
    (
        "report.toml",
        'title = "T"',
        'title = "T"\nrole = [{ name = "R", where = { "a.b" = 1.5 } }]',
        "role “R”: `where` of a.b is 1.5, and should be true or false, a whole number, a day as 2030-01-31, a text in"
        " quotes or a list in brackets.",
    ),
    ("report.toml", 'title = "T"', 'title = "T"\nrole = ["R"]', '`role` is "R", and should be lines in braces'),
    (
        "measures/a.toml",
        BY_HAND,
        'of = "f"\nsum = "a"\nlatest = ["a"]',
        '`latest` is ["a"], and should be a list of at',
    ),
    ("pages/1.toml", CARD, "measures = []", "visual “All”: `measures` is [], and should be a list that is not empty."),
    (
        "pages/1.toml",
        'kind = "card"',
        'kind = "pie"',
        "`kind` is \"pie\", and should be 'card', 'line', 'column', 'bar' or",
    ),
    ("pages/1.toml", "top = 3", "top = 0", "visual “By client”: `top` is 0, and should be at least 1."),
    ("pages/1.toml", "top = 3", 'top = 3\nwidth = "6"\nby = "a"', "is not valid TOML"),
    ("pages/1.toml", "top = 3", "top = 3\nwidth = 13", "visual “By client”: `width` is 13, and should be at most 12."),
    ("pages/1.toml", '"dim_client.client_id"', '"client"', "`by`: 'client' does not say of which table it is"),
    (
        "pages/1.toml",
        CARD,
        'measures = ["Net"]\nsaid = [{ text = "A", wehn = "B" }]',
        "“All”: said “A” has `wehn`, which",
    ),
]
"""Faults of what a line may hold at all."""
DATED = MEASURES.replace('format = "0"\ndax = "1"', 'format = "yyyy-mm-dd"\ndax = "1"')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a good report."""
    files = {"report.toml": 'title = "T"', "measures/a.toml": MEASURES, "pages/1.toml": PAGE}
    for name, text in (files | {"views/v.sql": "-- like: fact_sale\nSELECT * FROM fact_sale;\n"}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_report_is_read_in_its_order(folder: Path) -> None:
    """Measures and pages by file, then by entry; the view without what ends a statement."""
    report = read_report(folder)
    assert list(report.measures) == ["Net", "Twice"]
    assert report.measures["Net"].folder == "All"
    assert [visual.title for page in report.pages for visual in page.visual] == ["All", "By client"]
    assert report.views["v"].sql.endswith("FROM fact_sale")


DECLARATIONS = (
    [
        ("measures/a.toml", BY_HAND, wrong, told)
        for wrong, told in (
            ("", "say what it is: sum, count, distinct, min or max with `of`, or a formula, or dax and sql"),
            ('of = "f"\nsum = "a"\ncount = true', "it says sum and count: one of them"),
            ('of = "f"\nsum = "a"\nsql = "SUM(a)"\ndax = "1"', "it says sum and sql: one of them"),
            ('formula = "[Net]"\nsum = "a"', "it says sum and formula: one of them"),
            ('sum = "a"', "`sum` needs `of`: the table or view"),
            ('of = "f"\ncount = false', "[Twice]: `count` is false, and should be true."),
            ('sql = "[Net] * 2"', "its sql is by hand, so write its dax, too"),
            (f"{BY_HAND}\nwhere = {{ a = 1 }}", "`where` and `known` are of a measure with sum"),
            (
                'of = "f"\ndistinct = "a"\nlatest = ["b", "c"]',
                "distinct values cannot be added up over the latest rows",
            ),
            ('formula = "[Net] +* 2"', "its formula cannot be read: at character 8, “* 2”"),
            ('formula = "2 * 3"', "its formula cannot be read: it names no measure"),
            ('formula = "[Nett] * 2"', "measure [Twice]: there is no measure [Nett]"),
            ('formula = "[Twice] * 2"', "made of each other: [Twice] of [Twice]"),
            ('formula = "[Net]"\ndax = "[Net]"', "leave `of` and `dax` out"),
            ('of = "v"\ncount = true', "no DAX can be made from the SQL of the view v"),
        )
    ]
    + [
        ("views/v.sql", "-- like: fact_sale\n", f"-- like: fact_sale\n{line}\n", told)
        for line, told in (("-- where: net = 1", "it has a line `-- where: …` and SQL"),)
    ]
    + [
        ("views/v.sql", "SELECT * FROM fact_sale;\n", line, told)
        for line, told in (
            ("", "it has no SQL"),
            ("-- where: net > 1", "does not say which values the rows have"),
            ("-- where:", "does not say which values the rows have"),
            ("-- where: net = []", "does not say which values the rows have"),
        )
    ]
)


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        ("measures/a.toml", 'sql = "[Net] * 2"', 'sql = "[Nett] * 2"', "no measure [Nett]"),
        ("measures/a.toml", 'sql = "[Net] * 2"', 'sql = "[Twice] * 2"', "made of each other: [Twice] of [Twice]"),
        ("measures/a.toml", 'sql = "[Net] * 2"', 'sql = "1"', "say `of` which table or view"),
        ("measures/a.toml", 'sql = "[Net] * 2"', 'sql = "[Net]"\nlatest = ["a", "b"]', "are of a measure with `of`"),
        ("measures/a.toml", 'name = "Twice"', 'name = "Net"', "there are two measures [Net]"),
        ("measures/a.toml", 'format = "0"', 'format = "0"\nformta = "0"', "[Net] has `formta`, which is not known"),
        ("measures/a.toml", MEASURES, 'folder = "All"\nmeasure = ["Net"]', "is not a list of measures"),
        ("measures/a.toml", 'folder = "All"', "", "is not a list of measures"),
        ("measures/a.toml", MEASURES, "folder = ", "is not valid TOML"),
        ("pages/1.toml", '"Net", "Twice"', '"Net", "Thrice"', "“By client”: there is no measure [Thrice]"),
        ("pages/1.toml", 'measures = ["Net"]', 'measures = ["Net"]\nby = "a.b"', "a card has no `by`"),
        ("pages/1.toml", 'by = "dim_client.client_id"\nnames = "dim_client.name"\n', "", "a table needs a column: by"),
        ("pages/1.toml", 'names = "dim_client', 'names = "dim_office', "of the same table as `by`"),
        ("pages/1.toml", "top = 3", 'top_by = "Twice"', "`top_by` needs `top`"),
        ("pages/1.toml", "top = 3", 'top = 3\ntop_by = "Last"', "there is no measure [Last]"),
        ("views/v.sql", "-- like: fact_sale\n", "", "has no line `-- like: …`"),
        ("report.toml", 'title = "T"', "", "report.toml has no `title`"),
        *VOCABULARY,
        *TYPES,
        *DECLARATIONS,
    ],
)  # fmt: skip
def test_a_fault_is_named(folder: Path, file: str, right: str, wrong: str, told: str) -> None:
    """No traceback, and nothing is shown that was not meant."""
    text = (folder / file).read_text(encoding="utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ContractError) as fault:
        read_report(folder)
    assert told in fault.value.message


@pytest.mark.parametrize(
    ("wrong", "messages", "hint"),
    [
        ("titel = 'T'", ["has `titel`, which is not known."], "Did you mean title?"),  # and not: has no title
        (
            "currency = 7\ncolour = 'red'",
            [
                "has no `title`.",
                ": `currency` is 7, and should be a text in quotes.",
                "has `colour`, which is not known.",
            ],
            "Add it. Correct that line; docs/power-bi.md shows what an entry may say. It may have: title, currency,",
        ),
    ],
)
def test_all_faults_of_an_entry_are_told_at_once(folder: Path, wrong: str, messages: list[str], hint: str) -> None:
    """Each once: who misspells a line has not forgotten it."""
    (folder / "report.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ContractError) as fault:
        read_report(folder)
    told = fault.value.message.splitlines()
    assert len(told) == len(messages)
    assert all(line.endswith(message) for line, message in zip(told, messages, strict=True))
    assert fault.value.hint.startswith(hint)


VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 99), st.text("ab. [{", max_size=4), st.decimals(), st.dates(), st.times()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "a.b"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(data=st.data(), kind=st.sampled_from([Measure, Page, Visual, Role, Target, Saying]))
@settings(max_examples=300, deadline=None)
def test_whatever_a_file_says_a_fault_is_a_sentence(data: st.DataObject, kind: type[Entry]) -> None:
    """In this program's words and not in those of the library that finds it; each begins with the file's name."""
    lines = data.draw(st.lists(st.sampled_from([*kind.model_fields, "nmae"]), unique=True, max_size=8))
    given = {line: data.draw(VALUES) for line in lines}
    try:
        entry(Path("a.toml"), kind, given)
    except ContractError as fault:
        assert fault.hint
        for line in fault.message.splitlines():
            assert re.match(r"a\.toml( \[[^\n]*\])?(:| has )", line), line
            assert line.endswith(".")
            assert not re.search(r"Input should|Value error|valid |_type|: :|\bNone\b|Decimal\(", line), line


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("GPB", "GBP"),  # transposed letters, and not PAB
        ("EURO", "EUR"),
        ("eur", "EUR"),
        ("€", "EUR"),
        ("£", "GBP"),
        ("USA", "USD"),
        ("SDU", "USD"),
        ("CFH", "CHF"),
        ("KZTT", "KZT"),  # what is not common is found, too
        ("money", None),
    ],
)
def test_of_currencies_that_look_alike_the_common_one_is_meant(folder: Path, written: str, meant: str | None) -> None:
    """A typing error in three letters resembles many codes."""
    (folder / "report.toml").write_text(f'title = "T"\ncurrency = "{written}"', encoding="utf-8")
    with pytest.raises(ContractError, match="is not a currency code") as fault:
        read_report(folder)
    assert fault.value.hint == (
        f"Did you mean {meant}?" if meant else "Write three capital letters, such as EUR or USD."
    )


@pytest.mark.parametrize("file", ["views/v.sql", "pages/1.toml"])
def test_what_is_no_text_is_named(folder: Path, file: str) -> None:
    """A file that an editor saved in another encoding."""
    (folder / file).write_bytes("-- like: fact_sale é".encode("latin-1"))
    with pytest.raises(ContractError, match="is not UTF-8 text"):
        read_report(folder)


def test_what_is_not_there_is_named(folder: Path) -> None:
    """A report without a page, and no report at all."""
    (folder / "pages/1.toml").unlink()
    with pytest.raises(ContractError, match="2 measures and 0 pages"):
        read_report(folder)
    (folder / "report.toml").unlink()
    with pytest.raises(UsageError, match="There is no report in"):
        read_report(folder)


@pytest.mark.parametrize(
    ("file", "right", "wrong", "told"),
    [
        ("report.toml", 'title = "T"', 'title = "T"\ntarget = [{ measure = "Net", at_most = 1 }]', "target of [Net]"),
        ("pages/1.toml", CARD, f'{CARD}\nchange = {{ Net = "Net" }}', "change"),
        (
            "pages/1.toml",
            CARD,
            f'{CARD}\nsaid = [{{ when = "[Net] > 1 and [Twice] < 2", text = "A" }}, {{ text = "B" }}]',
            "'[Net] > 1 and [Twice] < 2'",
        ),
    ],
)
def test_only_numbers_are_judged(folder: Path, file: str, right: str, wrong: str, told: str) -> None:
    """A day has no target, no direction, and is not compared with a number."""
    (folder / "measures/a.toml").write_text(DATED, encoding="utf-8")
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ContractError, match=r"is not a number: its format is yyyy-mm-dd") as refused:
        read_report(folder)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("currency", "number_format", "written"),
    [
        ("EUR", "#,0.00", '"€"#,0.00'),
        ("JPY", "#,0", '"¥"#,0'),
        ("CHF", "#,##0.00", '"CHF\N{NO-BREAK SPACE}"#,##0.00'),
        ("USD", "+#,0.00;-#,0.00", '+"$"#,0.00;-"$"#,0.00'),
        (None, "#,0.00", "#,0.00"),
    ],
)
def test_money_has_the_currency_in_its_format(
    folder: Path, currency: str | None, number_format: str, written: str
) -> None:
    """Whoever writes the number writes the currency; a report without one has plain amounts, others never have it."""
    declared = MEASURES.replace(NET, f'format = "{number_format}"\nmoney = true\ndax = "1"', 1)
    (folder / "measures/a.toml").write_text(declared, encoding="utf-8")
    if currency:
        (folder / "report.toml").write_text(f'title = "T"\ncurrency = "{currency}"', encoding="utf-8")
    report = read_report(folder)
    assert report.measures["Net"].format == written
    assert report.measures["Twice"].format == "0"


def test_the_manuals_visuals_are_such() -> None:
    """What docs/power-bi.md shows of pages, targets and currencies is what is read."""
    text = (ROOT / "docs" / "power-bi.md").read_text(encoding="utf-8")
    blocks = [tomllib.loads(block, parse_float=Decimal) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    visuals = [Visual.model_validate(visual) for block in blocks for visual in block.get("visual", ())]
    targets = [Target.model_validate(target) for block in blocks for target in block.get("target", ())]
    assert {kind for visual in visuals for kind in ("said", "change", "spark", "panels") if getattr(visual, kind)} == {
        "said", "change", "spark", "panels",
    }  # fmt: skip
    assert targets
    assert {block["currency"] for block in blocks if "currency" in block} <= CODES
