"""The sets are fit to be handed out, and what `check` finds in one that is not."""

import shutil
import tomllib

import pytest

from assignments.grading import check, sets

NAME = "windows_in_loops"


@pytest.mark.parametrize("name", sets.all_names())
def test_each_set_is_fit_to_be_handed_out(name):
    assert not check.check(sets.load(name), say=lambda *words: None)


@pytest.fixture
def broken(tmp_path):
    """A factory of copies of a set with some text replaced: ``broken("wrong.py", old, new)``."""

    def make(file, old, new):
        folder = tmp_path / NAME
        shutil.copytree(sets.ASSIGNMENTS / NAME, folder, dirs_exist_ok=True)
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        return sets.Set(NAME, folder, tomllib.loads((folder / "set.toml").read_text(encoding="utf-8")))

    return make


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("set.toml", "minutes = 90", "minutes = 30", "30 minutes: a set takes 60 to 120"),
        ("set.toml", "sliding_dot_product", "sliding", "there is no chapter convolution_layer/sliding"),
        ("set.toml", "points = 2", "points = 3", "the rubric of unread gives 5 points, the notebook 4"),
        ("wrong.py", 'answer="mended"', 'answer="counts"', "wrong.py has no wrong answer to mended"),
        ("set.toml", "mended =", "other =", "set.toml names no typical mistake of mended"),
    ],
)
def test_faults_of_the_text_are_found(broken, file, old, new, told):
    assert told in list(check.faults_of_text(broken(file, old, new)))


def test_numbers_on_which_a_mistake_is_right_are_found(broken):
    of_set = broken(
        "wrong.py", '(mine["n"] + mine["p"] - mine["k"])', '(mine["n"] + 2 * mine["p"] - mine["k"])'
    )
    faults = list(check.faults_of_variants(of_set))
    assert any("'padding on one side' is right" in fault for fault in faults)


def test_a_solution_that_students_would_see_is_found():
    of_set = sets.load(NAME)
    assert any("the release holds" in fault for fault in check.faults_of_release(of_set, of_set.solved("x")))
