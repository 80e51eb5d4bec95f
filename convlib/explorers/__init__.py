"""The live figures: real ipywidgets controls around a view that also works in a page without Python.

Needs ipywidgets and anywidget: ``pip install "convlib[explorers]"``.
"""

from convlib.explorers.filter_bench import FilterBench
from convlib.explorers.sliding_window import SlidingWindow

__all__ = ["FilterBench", "SlidingWindow"]
