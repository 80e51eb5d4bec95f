"""A Sphinx extension: the directive ``operations_table``, which links each operation to its twins."""

from sphinx.util.docutils import SphinxDirective

from convlib import functional, gradients, reference


def link(text, module, name):
    """Markdown for a link to what the module says about a name; nothing where it has no such name."""
    return f"{{py:func}}`{text} <{module.__name__}.{name}>`" if name in module.__all__ else ""


class OperationsTable(SphinxDirective):
    def run(self):
        lines = ["| operation | twin | gradient |", "|---|---|---|"]
        for name in functional.__all__:
            twins = [link(to, gradients, f"{name}_{to}") for to in ("input", "weight")]
            cells = link(name, functional, name), link("plain loops", reference, name), " ".join(twins)
            lines.append(f"| {' | '.join(cells)} |")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_directive("operations_table", OperationsTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
