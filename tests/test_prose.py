"""What can be checked of the chapters' text: its numbers, its sentences, its terms."""

import re
from collections import Counter

import pytest
from test_notebooks import BOOK, NOTEBOOKS, code_cells, per_notebook, printed, text_of

LONGEST_SENTENCE = 30  # words
# what looks like a sentence or a number and is none: code, formulas, targets of links, tags, tables
NOT_PROSE = [
    r"(?ms)^(`{3,}|:{3,})\{(?:math|code)[^\n]*\n.*?^\1\s*$",
    r"(?ms)^```(?:python|text)?\n.*?^```\s*$",
    r"(?ms)^\$\$.*?\$\$(?: \(.*?\))?$",
    r"(?m)^(?: {4}.*|\|.*)$",
    r"(?m)^(?:`{3,}|:{3,}).*$",
    r"(?m)^:[a-z]+:.*$",
    r"\$[^$]*\$",
    r"`[^`]*`",
    r"\]\([^)]*\)",
    r"\{[a-z:]+\}",
]
NUMBER = re.compile(r"(?<![\w.,])[−-]?\d+(?:,\d{3})*(?:\.\d+)?(?![\w])")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def prose(path):
    """The text of a notebook as a reader takes it in, up to its references."""
    text = re.split(r"(?m)^## References$", text_of(path))[0]
    for pattern in NOT_PROSE:
        text = re.sub(pattern, " … " if pattern.startswith(("\\$", "`")) else "", text)
    return text


def sentences(text):
    """The text's sentences; a heading, an item of a list and an answer stand for themselves."""
    text = re.sub(r"</?(?:details|summary)[^>]*>", "\n\n", text)
    text = re.sub(r"(?m)^(?:[-+*]|\d+\.|\*\*\d+\.\*\*|#+|>) +", "\n\n", text)
    for block in re.split(r"\n\s*\n", text):
        yield from re.split(r"(?<=[.!?])[\s)*]+(?=[^a-z])", " ".join(block.split()))


def numbers(text):
    """All numbers in a text, without their signs' and separators' variants."""
    return {number.lstrip("−-").replace(",", "") for number in NUMBER.findall(text)}


def computed(path):
    """All numbers that a notebook's code holds or prints."""
    found = set()
    for cell in code_cells(path):
        for text in [cell.source.replace("_", ""), *printed(cell)]:
            digits = re.findall(r"\d+(?:,\d{3})+(?:\.\d+)?|\d*\.?\d+", text)
            found |= {number.replace(",", "") for number in digits}
            found |= {str(float(n.replace(",", ""))).removesuffix(".0") for n in digits}
    return found


@per_notebook
def test_sentences_are_short(path):
    long = [s for s in sentences(prose(path)) if len(re.findall(r"[\w’']+", s)) > LONGEST_SENTENCE]
    assert not long


@per_notebook
def test_numbers_in_the_text_stand_in_a_cell_too(path):
    """Numbers from 10 on, and all decimals: printed by a cell, or asserted in one that is out of sight."""
    typed = {n for n in numbers(prose(path)) if "." in n or int(n) >= 10}
    assert not typed - computed(path)


@per_notebook
def test_chinese_names_are_those_of_the_glossary(path):
    glossary = (BOOK / "glossary.md").read_text(encoding="utf-8")
    assert not {name for name in CHINESE.findall(text_of(path)) if name not in glossary}


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.parent != BOOK], ids=lambda path: path.stem)
def test_a_chapter_asks_and_exercises_enough(path):
    text = text_of(path)
    questions = re.split(r"(?m)^\*\*\d+\.\*\*", re.split(r"(?m)^## Check yourself$", text)[1])[1:]
    assert len(questions) >= 3
    for question in questions:
        answers = Counter(re.findall(r'<details class="answer (right|wrong)">', question))
        assert answers["right"] == 1 and answers["wrong"] >= 1, question
        assert all(
            len(told.split()) >= 3 for told in re.findall(r"</summary>(.*?)</details>", question, re.S)
        )
    exercises = re.findall(r"(?m)^`{3,}\{exercise\} .+\n:label: (.+)$", text)
    assert len(exercises) >= 4
    assert re.findall(r"(?m)^`{3,}\{solution\} (.+)$", text) == exercises


def test_the_checks_see_what_they_are_for():
    assert numbers("From 1,234 to −5.6, not v2 or x3.") == {"1234", "5.6"}
    assert list(sentences("One. Two (3.5) is more.\n\n- three")) == ["One.", "Two (3.5) is more.", "three"]
