"""Compiled code that tests share."""

import shutil

import pytest

from assignments.grading import classroom


@pytest.fixture(scope="session", autouse=True)
def one_compilation_for_a_set(tmp_path_factory):
    """Grading compiles what a set's submissions need once for a class; here once for all tests of a set."""
    folder, compile_for = tmp_path_factory.mktemp("compiled"), classroom.warm

    def warm(of_set, work):
        kept = folder / of_set.name
        if not kept.exists():
            shutil.copytree(compile_for(of_set, work), kept)
        return kept

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classroom, "warm", warm)
        yield
