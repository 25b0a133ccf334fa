"""What is made of what, in a shop that is drawn by hand."""

from pathlib import Path

import pytest

from etl.core.errors import ContractError
from etl.docs.lineage import Lineage, Node, lineage_of
from tests.docs import shop
from tests.drawn import cells_of

SHOP = """
| node       | made of                      | refers to        | all behind                                         | all beyond                                                          |
|------------|------------------------------|------------------|----------------------------------------------------|---------------------------------------------------------------------|
| sales      |                              |                  |                                                    | dim_day fact_sale fact_total paid Price Sales Average Paid Overview |
| shops      |                              |                  |                                                    | dim_shop Shops Overview                                             |
| dim_day    | sales                        |                  | sales                                              | Paid                                                                |
| dim_shop   | shops                        |                  | shops                                              | Shops Overview                                                      |
| fact_sale  | sales                        | dim_day dim_shop | sales                                              | fact_total paid Price Sales Average Paid Overview                   |
| fact_total | fact_sale                    | dim_shop         | sales fact_sale                                    |                                                                     |
| etl_runs   |                              |                  |                                                    |                                                                     |
| paid       | fact_sale                    |                  | sales fact_sale                                    | Paid                                                                |
| Price      | fact_sale                    |                  | sales fact_sale                                    | Average Paid Overview                                               |
| Sales      | fact_sale                    |                  | sales fact_sale                                    | Average Overview                                                    |
| Average    | Price Sales                  |                  | sales fact_sale Price Sales                        | Overview                                                            |
| Paid       | dim_day fact_sale paid Price |                  | sales dim_day fact_sale paid Price                 |                                                                     |
| Shops      | dim_shop                     |                  | shops dim_shop                                     |                                                                     |
| Overview   | dim_shop Average             |                  | sales shops dim_shop fact_sale Price Sales Average |                                                                     |
"""  # noqa: E501


def told(lineage: Lineage) -> list[list[str]]:
    """Write a lineage as it is drawn above."""

    def names(nodes: tuple[Node, ...]) -> str:
        return " ".join(node.name for node in nodes)

    return [
        [
            node.name,
            names(lineage.sources[node]),
            names(lineage.references(node)),
            names(lineage.behind(node)),
            names(lineage.beyond(node)),
        ]
        for node in lineage.nodes
    ]


def test_the_lineage_is_that_of_the_functions_references_and_the_report(tmp_path: Path) -> None:
    """Reading makes values, through partials too; a reference alone does not; comments and texts name nothing."""
    assert told(lineage_of(shop.read(shop.write(tmp_path)))) == cells_of(SHOP)


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("powerbi/measures/1.toml", 'of = "paid"', 'of = "payd"', "[Paid]: there is no table or view payd"),
        ("powerbi/views/paid.sql", "like: fact_sale", "like: fact_sail", "view paid: there is no table"),
        ("powerbi/pages/1.toml", "dim_shop.name", "dim_shob.name", "page Overview: there is no table"),
        ("powerbi/measures/1.toml", '"SUM(Sale[Price])"', '"[Average]"', "made of each other"),
        ("tables/dim_shop.py", "build(shops", "build(shobs", "asks for shobs"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    """A name that matches nothing, and measures that are made of each other, are a sentence that says where."""
    settings = shop.write(tmp_path)
    path = tmp_path / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ContractError) as caught:
        lineage_of(shop.read(settings))
    assert fault in caught.value.message
