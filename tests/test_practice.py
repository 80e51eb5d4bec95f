"""convlib.check: right answers pass, and each known mistake fails and is told what to think about."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import convlib
from convlib import practice
from convlib.exercises import EXERCISES
from convlib.practice import difference, expect

BOOK = Path(__file__).resolve().parents[1] / "book"
CHAPTERS = sorted(path for path in BOOK.glob("*/*.ipynb"))
MISTAKES = [(label, hint) for label, exercise in EXERCISES.items() for hint in exercise.mistakes]


def labels_in(chapter):
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"```\{exercise\}.*\n:label: (\S+)", text)


@pytest.mark.parametrize("label", EXERCISES)
def test_the_solution_is_right(label, capsys):
    assert convlib.check(label, EXERCISES[label].solution)
    assert capsys.readouterr().out == "Right, on 20 fresh inputs.\n"


@pytest.mark.parametrize(("label", "hint"), MISTAKES)
def test_a_mistake_is_found_and_told(label, hint, capsys):
    assert not convlib.check(label, EXERCISES[label].mistakes[hint])
    assert capsys.readouterr().out.splitlines()[-1] == hint


@pytest.mark.parametrize("label", EXERCISES)
def test_an_answer_may_raise_or_return_nothing(label, capsys):
    def broken(*arguments):
        raise IndexError("row 7")

    assert not convlib.check(label, broken)
    assert "it raises IndexError: row 7" in capsys.readouterr().out
    assert not convlib.check(label, lambda *arguments: None)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_has_an_exercise_with_a_check(chapter):
    checked = [label for label in labels_in(chapter) if label in EXERCISES]
    text = chapter.read_text(encoding="utf-8")
    assert checked
    for label in checked:
        assert text.count(f'check(\\"{label}\\"') >= 2, "the exercise and the solution's cell name its check"


def test_every_checked_exercise_stands_in_the_book():
    assert set(EXERCISES) <= {label for chapter in CHAPTERS for label in labels_in(chapter)}


def test_an_unknown_label_and_a_call_are_refused():
    with pytest.raises(ValueError, match="no exercise is called 'stride'"):
        convlib.check("stride", len)
    with pytest.raises(TypeError, match="without a call: got 3"):
        convlib.check("stride-bug", 3)


def test_an_answer_may_write_into_its_arguments():
    def writes(row, kernel, s):
        results = EXERCISES["stride-bug"].solution(row, kernel, s)
        row[:] = kernel[:] = 0
        return results

    assert convlib.check("stride-bug", writes)


class EqualToAll:
    """What a trick would hand in."""

    def __eq__(self, other):
        return True

    __hash__ = None


@pytest.mark.parametrize("expected", [3, 2.5, [1, 2], np.ones((2, 2)), "same", True, None, {"n": 1}])
def test_an_object_that_equals_everything_is_no_answer(expected):
    assert difference(EqualToAll(), expected)


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        ([[1, 2], [3, 4]], np.array([[1.0, 2], [3, 4]]), None),
        (np.float32(2.5), 2.5, None),
        ((3, 4), [3, 4], None),
        (float("nan"), float("nan"), None),
        ([1, 2], [1, 2, 3], r"the shape is \(2,\), expected \(3,\)"),
        ([1, 2], 3, "expected one number, got an array"),
        ([1, 5], [1, 2], r"element \[1\] is 5, expected 2; 1 of 2 elements differ"),
        (7, 8, "it is 7, expected 8"),
        (None, 8, "is there a return"),
        ("8", 8, "expected numbers"),
        (1, True, "expected True"),
        ({"n": 1}, {"n": 2}, "at 'n', it is 1, expected 2"),
        ([1, 2], {"n": 2}, "expected a dict"),
        ([np.nan, 2], [1, 2], "element"),
        ([[1, 2], [3]], [[1, 2], [3, 4]], "expected numbers"),
    ],
)
def test_a_difference_is_told_in_words(found, expected, told):
    fault = difference(found, expected)
    assert fault is None if told is None else re.search(told, fault)


def test_expect_names_the_mistake_that_gives_what_was_found():
    with pytest.raises(AssertionError, match=r"^size: it is 3, expected 5\.\nBoth sides\?$"):
        expect(3, 5, "size", {"Both sides?": 3, "The floor?": 4})
    assert expect(5, 5) is None


def test_numbers_of_a_student_are_the_same_everywhere():
    def draw(random):
        return [random.randrange(1000) for _ in range(3)]

    mine = practice.variant("course, set", "Zhang Wei", draw)
    assert mine == practice.variant("course, set", "  zhang  WEI ", draw) == [788, 217, 238]
    assert mine != practice.variant("course, set", "Zhang We", draw)
    assert mine != practice.variant("course, other", "Zhang Wei", draw)
    assert practice.same_student("ＡＢ１", "ab1") and practice.same_student("Li Na", "lina")
    assert not practice.same_student("张伟", "张韦")


def test_the_seed_of_fresh_random_can_be_set(monkeypatch):
    monkeypatch.setenv("CONVLIB_SEED", "7")
    assert practice.fresh_random().random() == np.random.default_rng(7).random()
    monkeypatch.delenv("CONVLIB_SEED")
    assert practice.fresh_random().random() != practice.fresh_random().random()
    assert "CONVLIB_SEED" not in os.environ
