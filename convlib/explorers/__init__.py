"""The live figures: real ipywidgets controls around a view that also works in a page without Python.

Needs ipywidgets and anywidget: ``pip install "convlib[explorers]"``.
"""

from convlib.explorers.channels import Channels
from convlib.explorers.dilation import Dilation
from convlib.explorers.dilation_stack import DilationStack
from convlib.explorers.filter_bench import FilterBench
from convlib.explorers.frames import Frames
from convlib.explorers.groups import Groups
from convlib.explorers.learn_kernel import LearnKernel
from convlib.explorers.padding_lab import PaddingLab
from convlib.explorers.pooling import Pooling
from convlib.explorers.receptive_field import ReceptiveField
from convlib.explorers.size_ledger import SizeLedger
from convlib.explorers.sliding_window import SlidingWindow

__all__ = [
    "Channels",
    "Dilation",
    "DilationStack",
    "FilterBench",
    "Frames",
    "Groups",
    "LearnKernel",
    "PaddingLab",
    "Pooling",
    "ReceptiveField",
    "SizeLedger",
    "SlidingWindow",
]
