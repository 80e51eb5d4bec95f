"""The page that maps the sources to chapters leaves nothing out, and what it promises stands there."""

import re

import pytest
from test_notebooks import BOOK, NOTEBOOKS, code_cells, headings, printed

PAGE = BOOK / "from_source_to_chapter.md"
SECTIONS = "1.0 1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 2.1 2.2 2.2.1 2.2.2 2.2.3 2.3"
SECTIONS += " 3.0 3.1 3.2 4.1 4.2 4.3 5.1 5.2 5.3 5.4"
LISTED = {"": SECTIONS.split()}
LISTED |= {
    letter: [f"{letter}{i}" for i in range(1, n + 1)]
    for letter, n in {"T": 23, "W": 21, "E": 15, "P": 18}.items()
}
LINK = re.compile(r"\]\(([^)#]+)(?:#([^)]+))?\)")


def rows():
    """The cells of each row of the page's tables, by what stands in its first cell."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and re.fullmatch(r"[TWEP]?\d[\d.]*", cells[0]):
            assert cells[0] not in found
            found[cells[0]] = cells
    return found


ROWS = rows()


def slug(heading):
    """The anchor that the page of a chapter gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def all_printed(path):
    """All that the cells of a notebook print, on one line."""
    return " ".join(" ".join(text for cell in code_cells(path) for text in printed(cell)).split())


@pytest.mark.parametrize("letter", LISTED)
def test_nothing_is_left_out(letter):
    assert [name for name in ROWS if re.fullmatch(rf"{letter}[\d.]+", name)] == LISTED[letter]


@pytest.mark.parametrize("name", ROWS)
def test_each_row_leads_to_chapters_and_headings_that_exist(name):
    links = LINK.findall(ROWS[name][-1])
    assert links
    for path, anchor in links:
        assert BOOK / path in NOTEBOOKS
        assert not anchor or anchor in {slug(title) for _, title in headings(BOOK / path)}


@pytest.mark.parametrize("name", LISTED["W"])
def test_each_worked_value_is_printed_by_the_chapter(name):
    *_, values, chapters = ROWS[name]
    text = " ".join(all_printed(BOOK / path) for path, _ in LINK.findall(chapters))
    values = re.findall(r"`([^`]+)`", values)
    assert values
    assert all(value in text for value in values), name


def test_every_chapter_but_those_beyond_the_sources_is_on_the_page():
    linked = {BOOK / path for path, _ in LINK.findall(PAGE.read_text(encoding="utf-8"))}
    chapters = {path for path in NOTEBOOKS if path.parent not in (BOOK, BOOK / "beyond")}
    assert chapters <= linked
