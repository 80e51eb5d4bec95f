"""The live figures: real ipywidgets controls around a view that also works in a page without Python.

Needs ipywidgets and anywidget: ``pip install "convlib[explorers]"``.
"""

from convlib.explorers.dilation import Dilation
from convlib.explorers.dilation_stack import DilationStack
from convlib.explorers.filter_bench import FilterBench
from convlib.explorers.padding_lab import PaddingLab
from convlib.explorers.size_ledger import SizeLedger
from convlib.explorers.sliding_window import SlidingWindow

__all__ = ["Dilation", "DilationStack", "FilterBench", "PaddingLab", "SizeLedger", "SlidingWindow"]
