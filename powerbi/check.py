"""Whether a project's files fit together: what `python -m powerbi` asks before it writes them."""

from collections.abc import Mapping

from powerbi.check_model import columns_of_model, faults_of_model, measures_of_model
from powerbi.check_report import faults_of_report


def faults_of(files: Mapping[str, str]) -> list[str]:
    """Say, a sentence each, what is wrong with the model, or where the report names what the model has not."""
    return faults_of_model(files) or faults_of_report(files, columns_of_model(files), measures_of_model(files))
