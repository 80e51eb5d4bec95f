"""The page on which answers in words are marked: all answers to a question side by side, the rubric above."""

import json
from html import escape
from itertools import pairwise

from assignments.grading import sets

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: marks by hand</title>
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }}
body {{ margin: 1rem auto; max-width: 90rem; padding: 0 1rem; }}
.answers {{ display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); }}
article {{ border: 1px solid #8888; border-radius: 6px; padding: 0 1rem 1rem; }}
.text {{ overflow-wrap: anywhere; white-space: pre-wrap; }}
td, th {{ padding: 0 1rem 0.3rem 0; text-align: left; vertical-align: top; }}
input {{ font: inherit; }}
input[type="number"] {{ width: 5rem; }}
.comment {{ width: 100%; box-sizing: border-box; }}
button {{ bottom: 1rem; font: inherit; padding: 0.5rem 1rem; position: sticky; }}
</style>
<h1>{title}: marks by hand</h1>
<p>Put the marks in, save <code>hand_marks.csv</code> beside this page in place of the old one, and grade again.</p>
{questions}
<button type="button">Save hand_marks.csv</button>
<script>
const others = {others};  // marks of students who are not on this page
let unsaved = false;
document.addEventListener("input", () => {{ unsaved = true; }});
window.addEventListener("beforeunload", (event) => {{ if (unsaved) event.preventDefault(); }});
document.querySelector("button").addEventListener("click", () => {{
  const quote = (text) => `"${{text.replaceAll('"', '""')}}"`;
  const rows = [...document.querySelectorAll("article")].map((article) =>
    [article.dataset.student, article.dataset.question, ...[...article.querySelectorAll("input")].map((input) => input.value)]);
  const text = [["student", "question", "points", "comment"], ...rows, ...others].map((row) => row.map(quote).join(",")).join("\\r\\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\\ufeff" + text + "\\r\\n"], {{ type: "text/csv" }}));
  link.download = "hand_marks.csv";
  link.click();
  unsaved = false;
}});
</script>
</html>
"""


def marking_page(of_set, answers, others):
    """The page, from {question: [(student, text, points, comment)]}.

    ``others`` are rows (student, question, points, comment) for the table only.
    """
    questions = "\n".join(question_part(of_set, question, given) for question, given in answers.items())
    rows = json.dumps(others).replace("<", "\\u003c")
    return PAGE.format(title=escape(of_set.about["title"]), questions=questions, others=rows)


def question_part(of_set, question, given):
    most = of_set.points[question]
    rows = "\n".join(
        f"<tr><td>{step['points']:g}</td><td>{escape(step['for'])}</td></tr>"
        for step in of_set.about["rubric"][question]
    )
    cells = of_set.notebook.cells
    asked = next(before.source for before, cell in pairwise(cells) if sets.grade_id(cell) == question)
    cards = "\n".join(card(question, most, *answer) for answer in given)
    return (
        f'<h2>{escape(question)}, {most:g} points</h2>\n<div class="text">{escape(asked)}</div>\n'
        f"<table><tr><th>Points</th><th>For</th></tr>\n{rows}</table>\n"
        f'<div class="answers">\n{cards}\n</div>'
    )


def card(question, most, student, text, points, comment):
    name = escape(student, quote=True)
    return f"""<article data-student="{name}" data-question="{escape(question, quote=True)}">
<h3>{name}</h3>
<div class="text">{escape(text)}</div>
<p><label>Points <input type="number" min="0" max="{most:g}" step="0.5" value="{escape(points, quote=True)}"></label></p>
<label>Comment <input class="comment" value="{escape(comment, quote=True)}"></label>
</article>"""
