"""Texts of others: what they hold changes no terminal, forges no line of a log, and calls nobody in a chat."""

from hypothesis import given
from hypothesis import strategies as st

from etl.core.safe_text import safe, safe_for_chat, safe_lines

DISTURBING = "\x1b[2J\x00\x07\x08\r\x0b\x0c\x85\u2028\u2029\u202e\u2066\ud800\x9b31m\ufeff"


@given(st.text())
def test_a_safe_text_is_one_printable_line(text: str) -> None:
    """Whatever it holds; what was printable stays as it was."""
    shown = safe(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


@given(st.text(alphabet=st.sampled_from([*DISTURBING, "\n", "a", " "])))
def test_no_line_of_a_text_can_be_taken_for_one_of_its_own(text: str) -> None:
    """Further lines are indented, however the text breaks them."""
    first, *others = safe_lines(text).splitlines() or [""]
    assert first.isprintable()
    assert all(line.startswith("  ") and line.isprintable() for line in others)
    assert len(others) == text.count("\n")


def test_a_safe_text_is_cut_where_it_is_too_long() -> None:
    """And ends with an ellipsis."""
    assert (safe("abcdef", 4), safe("abcd", 4)) == ("abc…", "abcd")


def test_nobody_is_called_in_a_chat() -> None:
    """Not in the manner of Slack, Mattermost or Teams; addresses and signs stay readable."""
    shown = safe_for_chat(
        "@channel <!here> <@U1> (@everyone) [click](http://x) <http://x|click> <at>all</at> a@b.c 1 < 2"
    )
    for call in ("@channel", "<!here", "<@U1", "@everyone", "](http", "<http", "<at>"):
        assert call not in shown
    assert "a@b.c 1 < 2" in shown
    assert shown.replace("\u200b", "").startswith("@channel <!here> <@U1>")
