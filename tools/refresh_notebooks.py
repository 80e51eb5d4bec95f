"""Execute the book's notebooks in place and keep what a reader of the file, and nbval, can use: text.

Picture data, widget state and the outputs of cells tagged ``nbval-ignore-output`` are dropped, and metadata
is reduced to the language, so that the differences between two runs stay small.

Usage: python tools/refresh_notebooks.py [notebook ...]
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).resolve().parents[1] / "book"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("mystnb", "tags")
IGNORED = "nbval-ignore-output"


def notebooks():
    """The paths of the book's notebooks, in alphabetical order."""
    return sorted(path for path in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)


def is_text(mime_type):
    return mime_type.startswith("text/")


def text_only(output):
    """Return the output with its text alone; a displayed figure keeps its one-line description."""
    if "data" in output:
        output.data = {mime: content for mime, content in output.data.items() if is_text(mime)}
        output.metadata = {}
    return output


def keep_outputs(cell):
    """Return what the file shall store of a cell's outputs."""
    if IGNORED in cell.metadata.get("tags", []):
        return []
    streams = [output for output in cell.outputs if output.output_type != "stream" or output.name == "stdout"]
    return [text_only(output) for output in streams]


def tidy(notebook):
    """Reduce an executed notebook to what is worth storing, in place."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata}
        if cell.cell_type == "code":
            cell.outputs = keep_outputs(cell)
    return notebook


def refresh(path):
    """Execute one notebook in its own folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    folder = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, timeout=300, resources=folder, store_widget_state=False, coalesce_streams=True
    ).execute()
    nbformat.write(tidy(notebook), path)


def main():
    named = [Path(argument).resolve() for argument in sys.argv[1:]]
    for path in named or notebooks():
        start = time.perf_counter()
        refresh(path)
        print(f"  {path.name}: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
