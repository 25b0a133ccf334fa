"""What a value should be, in words: pydantic finds that it is not, and its own words are for programmers."""

from collections.abc import Mapping
from typing import Any

_FLAG, _WHOLE, _NUMBER, _DAY = "true or false", "a whole number", "a number", "a day as 2030-01-31"
_LIST, _GROUP = "a list in brackets", "lines in braces, as { name = value }"
_WORDS = {"string": "a text in quotes", "bool": _FLAG, "int": _WHOLE, "decimal": _NUMBER, "float": _NUMBER}
_WORDS |= {"finite": "a finite number", "date": _DAY, "url": "an address such as https://host"}
_WORDS |= {"tuple": _LIST, "list": _LIST, "dict": _GROUP, "model": _GROUP}
"""By the first word of what pydantic calls the fault."""


def wanted(fault: Mapping[str, Any]) -> str:
    """Say what a value should be, of a fault that pydantic found. In its own words what is not known here."""
    kind, context = str(fault["type"]), fault.get("ctx", {})
    match kind:
        case "literal_error":
            return str(context["expected"]).replace("True", "true")
        case "greater_than_equal" | "less_than_equal":
            return f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        case "too_short" | "missing":
            least = context.get("min_length") or int(fault["loc"][-1]) + 1
            return "a list that is not empty" if least == 1 else f"a list of at least {least}"
        case "too_long":
            return f"a list of at most {context['max_length']}"
    return _WORDS.get(kind.partition("_")[0]) or str(fault["msg"]).removeprefix("Input should be ")
