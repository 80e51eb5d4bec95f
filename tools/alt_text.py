"""A Sphinx extension: a figure's alternative text comes from the metadata of the cell output that shows it.

``display(figure, metadata={"image/png": {"alt": "…"}})`` stores the text beside the picture; myst-nb 1.4
reads only the width and the height from there.
"""

from myst_nb.core.render import NbElementRenderer


def with_alt_text(render_image):
    """Wrap myst-nb's image renderer so that it keeps ``alt``."""

    def render(self, data):
        images = render_image(self, data)
        if alt := data.output_metadata.get(data.mime_type, {}).get("alt"):
            for image in images:
                image["alt"] = alt
        return images

    return render


def setup(app):
    NbElementRenderer.render_image = with_alt_text(NbElementRenderer.render_image)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
