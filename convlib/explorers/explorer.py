"""What all explorers share: a view, the controls linked to it, and the answers Python gives to the view.

An explorer's *state* is a dict of its settings: numbers, names, arrays. From a state, ``compute`` makes the
arrays that are shown: in Python with convlib, in the page with convlib.wasm. The view draws what it gets; it
asks Python where a kernel answers, and computes by itself where none does.
"""

import inspect
from collections import namedtuple
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
from IPython.display import display
from traitlets import Bytes, Dict, Int, List, Unicode

HERE = Path(__file__).parent
ENGINE = HERE.parent / "webassembly" / "convlib.wasm"
RELAXED_ENGINE = ENGINE.with_name("convlib_relaxed.wasm")

# The smallest and the largest legal value of a setting.
Range = namedtuple("Range", "low high")


class Shared(widgets.Widget):
    """Bytes that many views use; a page stores them once, however many explorers it has."""

    data = Bytes().tag(sync=True)


_shared = {}


def share(data):
    """Model id of the `Shared` that holds these bytes."""
    if data not in _shared or _shared[data].comm is None:  # None: closed, by Widget.close_all() say
        _shared[data] = Shared(data=data)
    return _shared[data].model_id


def read_built(path):
    """Bytes of a file that the build makes."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} has not been built yet: run make in the repository") from None


class View(anywidget.AnyWidget):
    """The part of an explorer that is drawn by JavaScript.

    A subclass names its built module in ``code`` and adds a trait per setting, tagged ``setting=True``.
    """

    _esm = (HERE / "toolkit" / "loader.js").read_text(encoding="utf-8")
    code = None

    own_id = Unicode().tag(sync=True)
    label = Unicode().tag(sync=True)  # what a link calls it: the first FilterBench of a page is FilterBench-1
    shared = Dict().tag(sync=True)  # name -> model id of a Shared
    controls = List().tag(sync=True)  # (setting, model id) of each control
    initial = Dict().tag(sync=True)  # what Reset goes back to

    def __init__(self, **traits):
        shared = {
            "code": share(read_built(HERE / "built" / f"{self.code}.js")),
            "style": share((HERE / "explorer.css").read_bytes()),
            "engine": share(read_built(ENGINE)),
            "relaxed": share(read_built(RELAXED_ENGINE)),
        }
        super().__init__(shared=shared | traits.pop("shared", {}), **traits)
        self.own_id = self.model_id

    def settings(self):
        """The synced settings, as they are sent."""
        return {name: getattr(self, name) for name in self.trait_names(setting=True)}


def setting(name, doc):
    """A property of an explorer: reads one setting, or checks and changes it."""
    return property(lambda self: self.state[name], lambda self, value: self.update(**{name: value}), doc=doc)


class Explorer(widgets.VBox):
    """Controls above a view.

    A subclass gives

    - ``view_class``: its `View`, with a trait for each setting;
    - ``choices``: for each setting that is a name, the names in the order of its dropdown;
    - ``arrays``: names of the settings that are arrays, float32;
    - ``plays``: for a setting with a Play button, what it plays, every ``interval`` milliseconds;
    - ``slider_steps``: the sliders' steps that are not 1;
    - ``compute(state)``: dict of arrays, among them ``"output"``;
    - ``legal(state)``: the nearest state that can be shown, unchanged if it is one already;
    - ``bounds(state)``: the `Range` of each numeric setting, the others being what they are;
    - ``check(state)``: the same state with its arrays converted, or an error that says what is wrong;
    - ``describe()``: a sentence, and ``still()``: HTML that shows the explorer without JavaScript.
    """

    view_class = None
    choices = {}  # noqa: RUF012
    arrays = ()
    plays = {}  # noqa: RUF012
    interval = 900
    slider_steps = {}  # noqa: RUF012

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__(**keywords)
        cls.count = 0  # how many were made
        # help() and the API page would otherwise show the arguments of traitlets' __new__, which are any
        cls.__signature__ = inspect.signature(cls.__init__.__get__(cls))

    def __init__(self, state, controls, **traits):
        """Show a state under the named controls. ``traits`` : what else the view holds."""
        state = self.admit(state)
        self.view = self.view_class(**self.encode(state), **traits)
        self.controls = self.make_controls(controls, state)
        type(self).count += 1
        self.view.label = f"{type(self).__name__}-{self.count}"
        self.view.controls = [(name, control.model_id) for name, control in self.controls]
        self.view.initial = self.view.settings()
        for name, control in self.controls:
            # a dropdown has no value in the page, only an index
            moving = "index" if isinstance(control, widgets.Dropdown) else "value"
            widgets.jslink((control, moving), (self.view, name))
            if hasattr(control.style, "description_width"):
                control.style.description_width = "7rem"  # JupyterLab would cut long names
        self.view.on_msg(self._answer)
        row = widgets.Box([control for _, control in self.controls])
        row.add_class("convlib-controls")
        super().__init__([row, self.view] if self.controls else [self.view])
        self.add_class("convlib-explorer-box")

    def make_controls(self, names, state):
        """List of (setting, control): a slider, after its Play button if it has one, or a dropdown."""
        bounds = self.bounds(state)
        controls = []
        for name in names:
            value = state.get(name)
            if name in self.choices:
                control = widgets.Dropdown(options=self.choices[name], value=value, description=name)
            elif name in bounds:
                low, high = bounds[name]
                if name in self.plays:
                    player = widgets.Play(
                        value=value, min=low, max=high, interval=self.interval, show_repeat=False
                    )
                    player.description = self.plays[name]  # heard, not seen
                    controls.append((name, player))
                step = self.slider_steps.get(name, 1)
                control = widgets.IntSlider(value, low, high, step=step, description=name)
            else:
                allowed = ", ".join((*bounds, *self.choices))
                raise ValueError(f"{type(self).__name__}: controls must be of {allowed}, got {name!r}")
            controls.append((name, control))
        return controls

    @property
    def state(self):
        """The settings now, a dict of numbers, names and arrays."""
        # The front end changes several settings one message at a time, so what is here may be halfway.
        return self.legal(self.decode(self.view.settings()))

    @property
    def result(self):
        """The array that is shown as the output now, ndarray, float32: what ``compute`` calls "output"."""
        return self.compute(self.state)["output"]

    def update(self, **changes):
        """Change settings, all at once.

        Raises
        ------
        TypeError, ValueError
            A setting is unknown or its value cannot be shown; nothing is changed then.
        """
        known = self.view.settings().keys()
        if not changes.keys() <= known:
            unknown = ", ".join(changes.keys() - known)
            raise TypeError(f"{type(self).__name__}: no setting {unknown}; there are {', '.join(known)}")
        state = self.admit(self.state | changes)
        with self.view.hold_sync():
            for name, value in self.encode(state).items():
                setattr(self.view, name, value)
        bounds = self.bounds(state)
        for name, control in self.controls:
            with control.hold_sync(), control.hold_trait_notifications():
                if name in bounds:
                    control.min, control.max = bounds[name]
                control.value = state[name]

    def admit(self, state):
        """The state, if it can be shown as it is; `check` sees only settings of the right kind."""
        name = type(self).__name__
        for key, trait in self.view_class.class_traits(setting=True).items():
            value = state[key]
            if key in self.choices:
                names = self.choices[key]
                if isinstance(value, bool | np.ndarray) or value not in names:
                    allowed = ", ".join(map(str, names))
                    raise ValueError(f"{name}: {key} must be one of {allowed}, got {value!r}")
            elif isinstance(trait, Int):
                check_integer(name, key, value)
                state = state | {key: int(value)}
        return self.check(state)

    def check(self, state):
        legal = self.legal(state)
        for name, (low, high) in self.bounds(legal).items():
            if legal[name] != state[name]:
                raise ValueError(
                    f"{type(self).__name__}: {name} must be from {low} to {high} with the other settings "
                    f"as they are, got {state[name]}"
                )
        return state

    def decode(self, settings):
        """State from the settings as they are sent: a choice as its index, an array as nested lists."""
        chosen = {name: names[settings[name]] for name, names in self.choices.items()}
        return settings | chosen | {name: np.asarray(settings[name], np.float32) for name in self.arrays}

    def encode(self, state):
        """The settings as they are sent; the opposite of `decode`."""
        chosen = {name: names.index(state[name]) for name, names in self.choices.items()}
        return state | chosen | {name: np.asarray(state[name]).tolist() for name in self.arrays}

    def _answer(self, _, message, buffers):
        """Reply to a view. May run on another thread than the notebook's cells, so it changes nothing."""
        reply = {key: message[key] for key in ("from", "sequence")}
        if message["type"] == "hello":
            self.view.send(reply | {"type": "alive"})
            return
        try:
            settings = message["settings"] | dict(zip(message["binary"], buffers, strict=True))
            arrays = self.compute(self.legal(self.decode(settings)))
        except Exception as error:
            self.view.send(reply | {"type": "error", "message": f"{type(error).__name__}: {error}"})
            raise
        shapes = {name: array.shape for name, array in arrays.items()}
        self.view.send(
            reply | {"type": "result", "shapes": shapes},
            buffers=[np.ascontiguousarray(array, np.float32) for array in arrays.values()],
        )

    def _ipython_display_(self):
        """Show the explorer, and for pages without JavaScript its still picture."""
        display({"text/html": f"<noscript>{self.still()}</noscript>"}, raw=True)
        display(self._repr_mimebundle_(), raw=True)

    def __repr__(self):
        return f"<{type(self).__name__}: {self.describe()}>"


def check_integer(explorer, name, value):
    """Refuse what is no integer."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{explorer}: {name} must be an integer, got {value!r}")


def as_numbers(explorer, name, value, largest, axes=("rows", "columns")):
    """A float32 array that tables can show, of shape (rows, columns) or with as many axes as are named.

    ``largest`` : the most elements along an axis, for all axes or one number each.
    """
    limits = (largest,) * len(axes) if isinstance(largest, int) else largest
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{explorer}: {name} is not a rectangular array: {error}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{explorer}: {name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != len(axes) or 0 in array.shape:
        raise ValueError(f"{explorer}: {name} must have shape ({', '.join(axes)}), got shape {array.shape}")
    if any(n > limit for n, limit in zip(array.shape, limits)):
        most = " × ".join(map(str, limits))
        raise ValueError(f"{explorer}: {name} of shape {array.shape} is too big to show; at most {most}")
    if not np.isfinite(array).all():
        raise ValueError(f"{explorer}: {name} must be finite, got {array[~np.isfinite(array)][0]}")
    return array.astype(np.float32)


def html_table(array, caption):
    """A still table of numbers."""
    rows = "".join("<tr>" + "".join(f"<td>{x:.4g}</td>" for x in row) + "</tr>" for row in array)
    return f'<table class="docutils"><caption>{caption}</caption><tbody>{rows}</tbody></table>'
