"""What nbval cannot see: how the notebooks' files are kept."""

import re

import nbformat
import pytest
import yaml
from conftest import ROOT
from refresh_notebooks import BOOK, CELL_METADATA, METADATA, notebooks

NOTEBOOKS = notebooks()
TAGS = {"remove-cell", "hide-input", "hide-cell", "nbval-ignore-output", "raises-exception"}
OUT_OF_SIGHT = {"remove-cell", "hide-input", "hide-cell"}
OBJECTIVES = "{admonition} What you will be able to do"
SECTIONS = {"Summary", "Check yourself", "Exercises"}
MOST_CODE_CELLS = 25
MOST_VISIBLE_LINES = 15
MOST_BYTES = 500_000


def read(path):
    return nbformat.read(path, as_version=4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def text_of(path):
    """The notebook's Markdown cells, one after the other."""
    return "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")


def printed(cell):
    """The texts that a code cell's outputs show."""
    return [output.get("text", output.get("data", {}).get("text/plain", "")) for output in cell.outputs]


def headings(path):
    """Return (level, text) of every heading in the notebook's Markdown cells, fenced code left out."""
    text = re.sub(r"^(`{3,}|:{3,}|~{3,}).*?^\1\s*$", "", text_of(path), flags=re.MULTILINE | re.DOTALL)
    return [
        (len(marks), title.strip())
        for marks, title in re.findall(r"^(#{1,6})\s+(.+)$", text, flags=re.MULTILINE)
    ]


def per_notebook(test):
    return pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(BOOK).as_posix())(
        test
    )


def test_the_contents_and_the_files_match_one_to_one():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    pages = [*NOTEBOOKS, *BOOK.rglob("*.md")]
    assert sorted(listed) == sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in pages)


@per_notebook
def test_cells_were_run_once_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1)), "run: make refresh"


@per_notebook
def test_an_error_is_stored_only_where_one_is_shown_on_purpose(path):
    for cell in code_cells(path):
        failed = any(output.output_type == "error" for output in cell.outputs)
        assert failed == ("raises-exception" in tags(cell)), cell.source


@per_notebook
def test_tags_are_known(path):
    assert set().union(*(tags(cell) for cell in read(path).cells)) <= TAGS


@per_notebook
def test_outputs_are_stored_as_text(path):
    for cell in code_cells(path):
        for output in cell.outputs:
            assert all(mime.startswith("text/") for mime in output.get("data", {})), "run: make refresh"


@per_notebook
def test_no_tool_left_its_metadata(path):
    notebook = read(path)
    assert notebook.metadata == METADATA, "run: make refresh"
    assert all(set(cell.metadata) <= set(CELL_METADATA) for cell in notebook.cells), "run: make refresh"


@per_notebook
def test_the_file_is_small(path):
    assert path.stat().st_size < MOST_BYTES


@per_notebook
def test_there_is_one_title(path):
    assert [level for level, _ in headings(path)].count(1) == 1


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.parent != BOOK], ids=lambda path: path.stem
)
def test_a_chapter_has_the_parts_of_a_chapter(path):
    assert OBJECTIVES in read(path).cells[0].source
    assert {title for level, title in headings(path) if level == 2} >= SECTIONS


@per_notebook
def test_code_is_in_portions(path):
    cells = code_cells(path)
    assert sum("remove-cell" not in tags(cell) for cell in cells) <= MOST_CODE_CELLS
    for cell in cells:
        assert tags(cell) & OUT_OF_SIGHT or len(cell.source.splitlines()) <= MOST_VISIBLE_LINES, cell.source
