"""The names of what is generated: of folders and files, and of the measures that visuals are worded by."""

import re
from uuid import UUID, uuid5

from etl.company.pages import Page

MEASURES = "Key Measures"
"""The table that holds the measures. `Measures` itself is reserved: Power BI refuses such a model."""
_NAMESPACE = UUID("6f0b5c7e-6a4a-5e0b-9d7c-2f1f3f0f6a55")
_ID = UUID("6f1c1c1e-6a3b-5c53-9a77-2d9f6f2b6d11")


def tag(*path: str) -> str:
    """Return the lineage tag of an object: always the same for the same path, so that differences stay readable."""
    return str(uuid5(_NAMESPACE, "/".join(path)))


def slug(name: str) -> str:
    """Write a name as Power BI wants those of folders: letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def screen_name(page: Page, number: int) -> str:
    """Name a screen of a page: the first one as the page."""
    return page.name if number == 1 else f"{page.name} {number}"


def name_in(page: Page, said: str, what: str) -> str:
    """Make a visual's name, that a person can read, of at most 50 letters, the same in every run."""
    return f"{slug(said)[:36].strip('-')}-{uuid5(_ID, f'{page.name}/{said}/{what}').hex[:8]}"
