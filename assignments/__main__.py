"""The commands around the graded sets, for every system: ``python -m assignments --help``."""

import argparse
import sys
from pathlib import Path

from assignments.grading import sets

OUT = sets.ASSIGNMENTS.parent / "_build" / "assignments"


def main():
    parser = argparse.ArgumentParser(
        prog="python -m assignments", description="Hand out, grade and check graded sets."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("list", help="the sets, a line each")
    build = commands.add_parser("build", help="what students and instructors get, in _build/assignments/NAME")
    grade = commands.add_parser("grade", help="grade a folder or zip file of submissions")
    check = commands.add_parser("check", help="grade solutions, untouched notebooks and known wrong answers")
    for command in (build, grade):
        command.add_argument("name", help="the set, as in the list")
        command.add_argument(
            "--course", default=sets.COURSE, help="names the course: it changes all students' numbers"
        )
        command.add_argument("--roster", type=Path, help="CSV file with the columns submitted and student")
    grade.add_argument("submissions", type=named, help="folder or zip file, as Moodle or Canvas gives it")
    grade.add_argument(
        "--out", type=Path, help="where grades.csv and feedback go (_build/assignments/NAME/graded)"
    )
    grade.add_argument("--seed", type=int, help="of the hidden tests: one that a page of feedback names")
    check.add_argument("names", nargs="*", help="the sets; all if none is named")
    asked = parser.parse_args()
    try:
        sys.exit(RUN[asked.command](asked))
    except (ValueError, OSError) as error:
        sys.exit(f"{parser.prog} {asked.command}: {error}")


def named(text):
    """A path; an empty one would be the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("missing: make grade A=windows_in_loops SUB=submissions.zip")
    return Path(text)


def run_list(asked):
    for name in sets.all_names():
        about = sets.load(name).about
        print(f"{name:24} {about['title']}: {about['part']}, {about['minutes']} minutes")


def run_build(asked):
    from assignments.grading.build import build

    for path in build(sets.load(asked.name, asked.course), OUT / asked.name, asked.roster):
        print(path)


def run_grade(asked):
    from assignments.grading.classroom import grade

    out = (asked.out or OUT / asked.name / "graded").resolve()
    seeds = None if asked.seed is None else [asked.seed]
    rows = grade(sets.load(asked.name, asked.course), asked.submissions, out, seeds, asked.roster)
    print(f"{sum(row.graded for row in rows)} of {len(rows)} graded: {out / 'grades.csv'}")
    print(f"feedback: {out / 'feedback'}; marks by hand: {out / 'hand_marking.html'}")


def run_check(asked):
    from assignments.grading.check import check

    faulty = 0
    for name in asked.names or sets.all_names():
        faults = check(sets.load(name), say=lambda *words: None)
        print(
            f"{name}: {'as it should be' if not faults else ''}",
            *faults,
            sep="\n  " if faults else "",
            flush=True,
        )
        faulty += bool(faults)
    return 1 if faulty else 0


RUN = {"list": run_list, "build": run_build, "grade": run_grade, "check": run_check}

if __name__ == "__main__":
    main()
