"""What is said of numbers, checked against how they are written: only a number has a direction or meets a target."""

from collections.abc import Iterable, Mapping

from etl.company.pages import Page, Visual
from etl.core.errors import ContractError


def check_wording(pages: Iterable[Page], targets: Iterable[str], formats: Mapping[str, str]) -> None:
    """Refuse targets, changes and sentences over what is no number. formats: of every measure, by name."""
    for name in targets:
        _check_number(name, formats, f"the target of [{name}]")
    for page in pages:
        for visual in page.visual:
            _check_visual(visual, formats, f"page {page.name}, visual “{visual.title}”")


def _check_visual(visual: Visual, formats: Mapping[str, str], where: str) -> None:
    for name in visual.change.values():
        _check_number(name, formats, f"{where}: change")
    for saying in visual.said:
        for comparison in saying.conditions:
            _check_number(comparison.measure, formats, f"{where}: {saying.when!r}")
        for _, written in saying.pieces:
            if written and formats[written] == "General":
                raise ContractError(
                    f"{where}: the sentence {saying.text!r} names [{written}], whose format is General.",
                    "Give the measure a format, #,0 for example: its text is written by Power BI, too.",
                )


def _check_number(name: str, formats: Mapping[str, str], where: str) -> None:
    if "0" not in formats[name]:
        raise ContractError(
            f"{where}: [{name}] is not a number: its format is {formats[name]}.",
            "Name a measure whose format is one of a number, #,0 or 0.0% for example.",
        )
