"""Layers: small objects that hold weights, run an operation and pass gradients back: enough to train with.

One step of training, ten times over:

>>> rng = np.random.default_rng(0)
>>> images, labels = rng.normal(size=(32, 1, 8, 8)).astype(np.float32), np.arange(32) % 2
>>> net = Sequential(Conv2d(1, 8, 3, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(72, 2, rng=rng))
>>> losses = []
>>> for step in range(10):
...     loss, gradient = cross_entropy(net(images), labels)
...     _ = net.backward(gradient)
...     for parameter in net.parameters():
...         parameter.value -= 0.1 * parameter.gradient
...     losses.append(loss)
>>> losses[-1] < losses[0]
True

Names, order of arguments and default weights are PyTorch's. Weights are reproducible: without ``rng`` a layer
draws from ``default_rng(0)``, so two equal layers begin equal; give one generator to all layers of a network.
"""

import math

import numpy as np

from convlib import arguments, checks, functional, gradients, shapes

__all__ = [
    *("Parameter", "Layer", "Conv1d", "Conv2d", "Conv3d", "MaxPool1d", "MaxPool2d", "MaxPool3d"),
    *("AvgPool1d", "AvgPool2d", "AvgPool3d", "ReLU", "Flatten", "Linear", "Sequential"),
    *("DepthwiseSeparableConv2d", "cross_entropy"),
]

# What goes without saying when a layer is printed.
ORDINARY = {"padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros"}
ORDINARY |= {"ceil_mode": False, "count_include_pad": True}
# A layer does not know its input yet: its settings are checked for one that any window fits.
IMMENSE = (checks.LARGEST_INTEGER,) * 3


class Parameter:
    """Numbers that a layer learns.

    Attributes
    ----------
    name : str
        "weight" or "bias".
    value : array
        May be changed in place or replaced by an array of the same shape and dtype.
    gradient : array of the same shape, or None
        What the last ``backward`` found; None before the first.
    """

    def __init__(self, name, value):
        self.name, self.value, self.gradient = name, value, None

    def __repr__(self):
        return f"Parameter({self.name!r}, shape {self.value.shape}, {self.value.dtype})"


class Layer:
    """What all layers can do: ``layer(input)``, ``layer.backward(grad_output)`` and ``layer.parameters()``.

    A layer remembers the input of its last forward call, as it is and not as a copy: leave it unchanged until
    backward. So a layer has one place in a network, and one thread uses it at a time. Inputs are never
    modified, and results and gradients are fresh arrays. A further backward overwrites ``gradient``, it does
    not add to it, so nothing needs to be set to zero between two steps.
    """

    remembered = None

    def __call__(self, input):
        """``forward(input)``, which every layer defines."""
        return self.forward(input)

    def backward(self, grad_output):
        """From the gradient of a number for the output to that for the input.

        Parameters
        ----------
        grad_output : array of the shape and dtype of the last output

        Returns
        -------
        array of the shape of the last input
            Every parameter's ``gradient`` is set too.

        Raises
        ------
        RuntimeError
            There was no forward call.
        TypeError, ValueError
            ``grad_output`` has a wrong dtype or shape.
        """
        raise NotImplementedError(f"{type(self).__name__} must define forward and backward")

    def parameters(self):
        """The layer's Parameters in a list, the weight first."""
        return [value for value in vars(self).values() if isinstance(value, Parameter)]

    def recall(self):
        """The input of the last forward call."""
        if self.remembered is None:
            raise RuntimeError(
                f"{type(self).__name__}: backward needs the input of a forward call, and there was none"
            )
        return self.remembered

    def describe(self):
        """What stands between the parentheses when the layer is printed."""
        return ""

    def __repr__(self):
        return f"{type(self).__name__}({self.describe()})"


class Convolution(Layer):
    """What the three ranks of convolution share; ``axes`` tells them apart."""

    axes = None

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
        padding_mode="zeros", *, rng=0, dtype=np.float32,
    ):  # fmt: skip
        name, axes = type(self).__name__, self.axes
        kernel_size = checks.as_integers(name, "kernel_size", kernel_size, axes, at_least=1)
        weights = shapes.count_weights(name, in_channels, out_channels, kernel_size, groups)
        windows = arguments.as_windows(
            name, IMMENSE[:axes], kernel_size, stride, padding, dilation, padding_mode
        )
        self.settings = {
            "stride": windows.stride[-axes:],
            "padding": padding if isinstance(padding, str) else before(windows, axes),
            "dilation": windows.dilation[-axes:],
            "groups": int(groups),
            "padding_mode": padding_mode,
        }
        shape = (out_channels, in_channels // groups, *kernel_size)
        self.weight, self.bias = draw(name, shape, weights // out_channels, bias, rng, dtype)

    def forward(self, input):
        bias = None if self.bias is None else self.bias.value
        output = functional.convolve(
            type(self).__name__, self.axes, input, self.weight.value, bias, **self.settings
        )
        self.remembered = np.asarray(input)
        return output

    def backward(self, grad_output):
        name, axes, input, weight = type(self).__name__, self.axes, self.recall(), self.weight.value
        grad_weight = gradients.conv_weight(name, axes, input, weight.shape, grad_output, **self.settings)
        grad_input = gradients.conv_input(name, axes, input.shape, weight, grad_output, **self.settings)
        self.weight.gradient = grad_weight
        if self.bias is not None:  # it was added to every position of its channel
            of_channels = np.moveaxis(np.asarray(grad_output), -axes - 1, 0)
            self.bias.gradient = of_channels.reshape(len(weight), -1).sum(axis=1)
        return grad_input

    def describe(self):
        c_out, channels_in, *kernel_size = self.weight.value.shape
        settings = {"kernel_size": tuple(kernel_size), **self.settings}
        bias = "" if self.bias is not None else ", bias=False"
        return f"{channels_in * self.settings['groups']}, {c_out}, {list_settings(settings)}{bias}"


class Conv1d(Convolution):
    """``functional.conv1d`` with a weight of shape (C_out, C_in/groups, KL); see ``Conv2d``."""

    axes = 1


class Conv2d(Convolution):
    """``functional.conv2d`` with a weight and a bias that are learned.

    Parameters
    ----------
    in_channels, out_channels : int
        C_in and C_out.
    kernel_size : int or (int, int)
        Taps of the kernel, (rows, columns).
    stride, padding, dilation, groups, padding_mode
        As in ``functional.conv2d``.
    bias : bool
        Whether to add a number for each output channel.
    rng : int or numpy.random.Generator
        Where the weights come from, an int being the generator's seed; None takes other weights every time.
    dtype : float32 or float64
        Of the weights, and so of inputs and outputs.

    Attributes
    ----------
    weight : Parameter of shape (C_out, C_in/groups, KH, KW)
    bias : Parameter of shape (C_out,), or None

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or value; the message names it and the rule. Forward and backward refuse
        arrays of a wrong shape or dtype.

    Notes
    -----
    ``torch.nn.Conv2d``, with its default weights: weight and bias are uniform between ±1/√fan_in, where
    fan_in = C_in/groups · KH · KW is how many products one output sums. The bound that keeps the size of
    numbers from layer to layer, where ReLUs stand between, is √6 times larger: He et al., "Delving Deep into
    Rectifiers" (2015), section 2.2.

    Examples
    --------
    >>> layer = Conv2d(3, 32, kernel_size=5)
    >>> layer, layer(np.zeros((1, 3, 224, 224), np.float32)).shape
    (Conv2d(3, 32, kernel_size=(5, 5), stride=(1, 1)), (1, 32, 220, 220))
    >>> sum(parameter.value.size for parameter in layer.parameters())
    2432
    """

    axes = 2


class Conv3d(Convolution):
    """``functional.conv3d`` with a weight of shape (C_out, C_in/groups, KD, KH, KW); see ``Conv2d``."""

    axes = 3


class Pooling(Layer):
    """What all pools share."""

    axes = None

    def __init__(self, kernel_size, stride, padding, ceil_mode):
        name, axes, shape = type(self).__name__, self.axes, (1, *IMMENSE[: self.axes])
        kernel_size, windows = arguments.as_pool(
            name, shape, axes, kernel_size, stride, padding, 1, ceil_mode
        )
        self.settings = {
            "kernel_size": kernel_size[-axes:],
            "stride": windows.stride[-axes:],
            "padding": before(windows, axes),
            "ceil_mode": ceil_mode,
        }

    def describe(self):
        return list_settings(self.settings)


class MaxPooling(Pooling):
    """What the three ranks of max pooling share."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, *, ceil_mode=False):
        super().__init__(kernel_size, stride, padding, ceil_mode)
        name = type(self).__name__
        self.settings["dilation"] = checks.as_integers(name, "dilation", dilation, self.axes, at_least=1)

    def forward(self, input):
        name = type(self).__name__
        output = functional.max_pool(name, self.axes, input, **self.settings, return_indices=False)
        self.remembered = np.asarray(input)
        return output

    def backward(self, grad_output):
        name = type(self).__name__
        return gradients.max_pool_input(name, self.axes, self.recall(), grad_output, **self.settings)


class MaxPool1d(MaxPooling):
    """``functional.max_pool1d`` as a layer; see ``MaxPool2d``."""

    axes = 1


class MaxPool2d(MaxPooling):
    """``functional.max_pool2d`` as a layer; the gradient goes to each window's largest element.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As in ``functional.max_pool2d``. ``torch.nn.MaxPool2d`` has ``return_indices`` before ``ceil_mode``,
        which is therefore taken by name only.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or value. Forward and backward refuse arrays of a wrong shape or dtype.

    Examples
    --------
    >>> layer = MaxPool2d(2)
    >>> layer([[[7.0, 3.0], [8.0, 7.0]]])
    array([[[8.]]])
    >>> layer.backward([[[1.0]]])
    array([[[0., 0.],
            [1., 0.]]])
    """

    axes = 2


class MaxPool3d(MaxPooling):
    """``functional.max_pool3d`` as a layer; see ``MaxPool2d``."""

    axes = 3


class AvgPooling(Pooling):
    """What the three ranks of average pooling share."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__(kernel_size, stride, padding, ceil_mode)
        name = type(self).__name__
        self.settings["count_include_pad"] = checks.as_bool(name, "count_include_pad", count_include_pad)

    def forward(self, input):
        output = functional.avg_pool(type(self).__name__, self.axes, input, **self.settings)
        self.remembered = np.asarray(input)
        return output

    def backward(self, grad_output):
        name, shape = type(self).__name__, self.recall().shape
        return gradients.avg_pool_input(name, self.axes, shape, grad_output, **self.settings)


class AvgPool1d(AvgPooling):
    """``functional.avg_pool1d`` as a layer; see ``AvgPool2d``."""

    axes = 1


class AvgPool2d(AvgPooling):
    """``functional.avg_pool2d`` as a layer; the gradient is shared equally by each window's elements.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in ``functional.avg_pool2d``.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or value. Forward and backward refuse arrays of a wrong shape or dtype.

    Examples
    --------
    >>> AvgPool2d(2)([[[7.0, 3.0], [8.0, 7.0]]])
    array([[[6.25]]])
    """

    axes = 2


class AvgPool3d(AvgPooling):
    """``functional.avg_pool3d`` as a layer; see ``AvgPool2d``."""

    axes = 3


class ReLU(Layer):
    """max(0, x), element by element; where x ≤ 0, no gradient passes.

    Notes
    -----
    ``torch.nn.ReLU``. A NaN stays one, and at 0, where there is no slope, the gradient is 0.

    Examples
    --------
    >>> layer = ReLU()
    >>> layer([-1.0, 0.0, 2.0])
    array([0., 0., 2.])
    >>> layer.backward([5.0, 5.0, 5.0])
    array([0., 0., 5.])
    """

    def forward(self, input):
        self.remembered = checks.as_numbers("ReLU", "input", input)
        return np.maximum(self.remembered, 0, order="C")

    def backward(self, grad_output):
        input = self.recall()
        gradient = as_gradient("ReLU", grad_output, input.shape, input=input).copy()
        gradient[input <= 0] = 0
        return gradient


class Flatten(Layer):
    """Every image of a batch as one row of numbers: (N, C, …) to (N, C · …).

    Notes
    -----
    ``torch.nn.Flatten``. A single image (C, H, W) would be taken for a batch of C: give it as (1, C, H, W).

    Examples
    --------
    >>> Flatten()(np.zeros((32, 8, 3, 3))).shape
    (32, 72)
    """

    def forward(self, input):
        input = checks.as_numbers("Flatten", "input", input)
        if input.ndim < 2:
            raise ValueError(f"Flatten: input must have shape (N, C, …), got shape {input.shape}")
        self.remembered = input
        return input.reshape(len(input), math.prod(input.shape[1:])).copy()

    def backward(self, grad_output):
        input = self.recall()
        shape = len(input), math.prod(input.shape[1:])
        return as_gradient("Flatten", grad_output, shape, input=input).reshape(input.shape).copy()


class Linear(Layer):
    """Every output a weighted sum of all inputs, input · weightᵀ + bias: a fully connected layer.

    Parameters
    ----------
    in_features, out_features : int
        How many numbers come in and go out.
    bias, rng, dtype
        As in ``Conv2d``.

    Attributes
    ----------
    weight : Parameter of shape (out_features, in_features)
    bias : Parameter of shape (out_features,), or None

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type or value, or an array a wrong shape, not (N, in_features) or
        (in_features,), or dtype.

    Notes
    -----
    ``torch.nn.Linear``, with its default weights, uniform between ±1/√in_features.

    Examples
    --------
    >>> Linear(72, 10)(np.zeros((32, 72), np.float32)).shape
    (32, 10)
    """

    def __init__(self, in_features, out_features, bias=True, *, rng=0, dtype=np.float32):
        fan_in = checks.as_integer("Linear", "in_features", in_features, at_least=1)
        fan_out = checks.as_integer("Linear", "out_features", out_features, at_least=1)
        self.weight, self.bias = draw("Linear", (fan_out, fan_in), fan_in, bias, rng, dtype)

    def forward(self, input):
        input, weight = checks.as_numbers("Linear", "input", input), self.weight.value
        features = weight.shape[1]
        if input.ndim not in (1, 2) or input.shape[-1] != features:
            raise ValueError(
                f"Linear: input must have shape (N, {features}) or ({features},), got shape {input.shape}"
            )
        arguments.as_one_dtype("Linear", input=input, weight=weight)
        self.remembered = input
        # @ may give other bits on another number of threads; einsum does not, and is quick along rows
        output = np.einsum("...i,oi->...o", input, weight, order="C")
        return output if self.bias is None else output + self.bias.value

    def backward(self, grad_output):
        input, weight = self.recall(), self.weight.value
        gradient = as_gradient("Linear", grad_output, (*input.shape[:-1], len(weight)), input=input)
        rows = gradient.reshape(-1, len(weight))
        self.weight.gradient = np.einsum("no,ni->oi", rows, input.reshape(-1, weight.shape[1]))
        if self.bias is not None:
            self.bias.gradient = rows.sum(axis=0)
        return np.einsum("...o,io->...i", gradient, weight.T.copy(), order="C")

    def describe(self):
        fan_out, fan_in = self.weight.value.shape
        return f"{fan_in}, {fan_out}{'' if self.bias is not None else ', bias=False'}"


class Sequential(Layer):
    """Layers one after the other; backward goes through them from the last to the first.

    Parameters
    ----------
    *layers : Layer
        Each in one place only, because a layer remembers one input.

    Attributes
    ----------
    layers : tuple of Layer
        ``net[0]`` is short for ``net.layers[0]``.

    Raises
    ------
    TypeError, ValueError
        Something is no layer, or a layer stands in two places.

    Notes
    -----
    ``torch.nn.Sequential``.

    Examples
    --------
    >>> net = Sequential(Conv2d(3, 6, 5), ReLU(), Conv2d(6, 10, 5))
    >>> net(np.zeros((3, 32, 32), np.float32)).shape
    (10, 24, 24)
    >>> net
    Sequential(
      (0): Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
      (1): ReLU()
      (2): Conv2d(6, 10, kernel_size=(5, 5), stride=(1, 1))
    )
    >>> net.parameters()[0]
    Parameter('weight', shape (6, 3, 5, 5), float32)
    """

    def __init__(self, *layers):
        name, known = type(self).__name__, set()
        for index, layer in enumerate(layers):
            if not isinstance(layer, Layer):
                raise TypeError(f"{name}: layer {index} must be a layer, such as ReLU(), got {layer!r}")
            for inner in every_layer(layer):
                if inner in known:
                    raise ValueError(
                        f"{name}: layer {index} holds the very same {type(inner).__name__} as one before it, "
                        "but a layer remembers one input only; make a second one"
                    )
                known.add(inner)
        self.layers = layers

    def __getitem__(self, index):
        return self.layers[index]

    def forward(self, input):
        for layer in self.layers:
            input = layer(input)
        return input

    def backward(self, grad_output):
        for layer in reversed(self.layers):
            grad_output = layer.backward(grad_output)
        return grad_output

    def parameters(self):
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self):
        lines = [f"({index}): {layer!r}".replace("\n", "\n  ") for index, layer in enumerate(self.layers)]
        return "\n  ".join([f"{type(self).__name__}(", *lines]) + "\n)"


class DepthwiseSeparableConv2d(Sequential):
    """A kernel for each channel, then a 1 × 1 convolution that mixes the channels: the block of MobileNet.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, bias, padding_mode, rng, dtype
        As in ``Conv2d``; the spatial settings are those of the first, depthwise convolution. By default the
        output is as large as the input, whatever the kernel; "same" needs stride 1, so for another stride
        give a number, kernel_size // 2 as a rule.
    activation : Layer, optional
        What stands between the two, such as ``ReLU()``.

    Attributes
    ----------
    depthwise, pointwise : Conv2d
        Weights D of shape (C_in, 1, KH, KW) and P of shape (C_out, C_in, 1, 1).

    Raises
    ------
    TypeError, ValueError
        As ``Conv2d``; and ``activation`` must be a layer.

    Notes
    -----
    C_in · (KH · KW + C_out) weights, where an ordinary convolution has C_in · KH · KW · C_out. Without
    activation the pair is an ordinary convolution, but one whose kernels P[o, c] · D[c] are, for each input
    channel, multiples of a single kernel; an activation between makes it something that no convolution is.
    Howard et al., "MobileNets" (2017), section 3.1, have batch normalisation and ReLU there.

    Examples
    --------
    >>> block = DepthwiseSeparableConv2d(64, 128, activation=ReLU())
    >>> block(np.zeros((64, 32, 32), np.float32)).shape
    (128, 32, 32)
    >>> sum(parameter.value.size for parameter in block.parameters())
    8960
    """

    def __init__(
        self, in_channels, out_channels, kernel_size=3, stride=1, padding="same", dilation=1, bias=True,
        padding_mode="zeros", *, activation=None, rng=0, dtype=np.float32,
    ):  # fmt: skip
        of_both = {"bias": bias, "rng": as_generator(type(self).__name__, rng), "dtype": dtype}
        spatial = kernel_size, stride, padding, dilation
        self.depthwise = Conv2d(
            in_channels, in_channels, *spatial, groups=in_channels, padding_mode=padding_mode, **of_both
        )
        self.pointwise = Conv2d(in_channels, out_channels, 1, **of_both)
        between = () if activation is None else (activation,)
        super().__init__(self.depthwise, *between, self.pointwise)


def cross_entropy(scores, labels):
    """How far scores are from the right classes: the mean of −log softmax(scores)[label], and its gradient.

    Parameters
    ----------
    scores : array of shape (N, classes)
        float32 or float64, any numbers; also called logits.
    labels : array of shape (N,)
        Integers, the right class of each row, from 0 to classes − 1.

    Returns
    -------
    loss : float
        0 where every right class has all the probability; log(classes) where all scores are equal.
    gradient : array of shape (N, classes)
        Of the loss for the scores, (softmax − one-hot) / N, of the scores' dtype.

    Raises
    ------
    TypeError, ValueError
        ``scores`` or ``labels`` has a wrong dtype or shape, or a label is no class.

    Notes
    -----
    ``torch.nn.functional.cross_entropy``, and its gradient. Goodfellow, Bengio and Courville, "Deep Learning"
    (2016), section 6.2.2.3. Each row's largest score is taken off first, so that no exponential overflows.

    Examples
    --------
    >>> loss, gradient = cross_entropy([[0.0, 0.0]], [1])
    >>> round(loss, 3), gradient
    (0.693, array([[ 0.5, -0.5]]))
    """
    function = "cross_entropy"
    scores = checks.as_numbers(function, "scores", scores)
    labels = checks.as_numbers(function, "labels", labels)
    if scores.ndim != 2 or scores.size == 0:
        raise ValueError(
            f"{function}: scores must have shape (N, classes), both at least 1, got shape {scores.shape}"
        )
    if labels.shape != scores.shape[:1]:
        raise ValueError(
            f"{function}: labels must have shape ({len(scores)},), the number of each row's right class, got "
            f"shape {labels.shape}"
        )
    if scores.dtype.kind != "f" or labels.dtype.kind == "f":
        raise TypeError(
            f"{function}: scores must be float32 or float64 and labels integers, got {scores.dtype} and "
            f"{labels.dtype}"
        )
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(
            f"{function}: labels must be from 0 to {scores.shape[1] - 1}, for {scores.shape[1]} classes, got "
            f"labels from {labels.min()} to {labels.max()}"
        )
    rows = np.arange(len(scores))
    with np.errstate(invalid="ignore", divide="ignore"):  # an infinite score gives an infinite loss, or NaN
        shifted = scores - scores.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        sums = exponentials.sum(axis=1, keepdims=True)
        loss = (np.log(sums[:, 0]) - shifted[rows, labels]).mean()
        gradient = exponentials / sums
    gradient[rows, labels] -= 1
    return float(loss), gradient / len(scores)


def draw(function, shape, fan_in, bias, rng, dtype):
    """A weight and a bias, or None, as Parameters: uniform between ±1/√fan_in."""
    if dtype not in (np.float32, np.float64, "float32", "float64"):
        raise TypeError(f"{function}: dtype must be np.float32 or np.float64, got {dtype!r}")
    has_bias = checks.as_bool(function, "bias", bias)
    checks.check_allocation(function, "the weight", shape, np.dtype(dtype))
    generator, bound = as_generator(function, rng), 1 / math.sqrt(fan_in)
    # drawn as float64, so that a layer of float32 has the same weights, rounded
    weight = Parameter("weight", generator.uniform(-bound, bound, shape).astype(dtype))
    if not has_bias:
        return weight, None
    return weight, Parameter("bias", generator.uniform(-bound, bound, shape[0]).astype(dtype))


def as_generator(function, rng):
    """A generator as it is, or a new one from a seed."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"{function}: rng must be a seed of at least 0 or a numpy.random.Generator, got {rng!r}"
        ) from None


def as_gradient(function, grad_output, shape, **output_like):
    """The gradient of an output of this shape, and of the dtype of the array in ``output_like``."""
    gradient = checks.as_numbers(function, "grad_output", grad_output)
    if gradient.shape != shape:
        raise ValueError(
            f"{function}: grad_output must have shape {shape}, that of the layer's output, got shape "
            f"{gradient.shape}"
        )
    arguments.as_one_dtype(function, **output_like, grad_output=gradient)
    return gradient


def before(windows, axes):
    """The padding on one side of each axis."""
    return tuple(side for side, _ in windows.sides[-axes:])


def list_settings(settings):
    """Settings as they are written in a call, without the ordinary ones."""
    return ", ".join(
        f"{name}={value!r}"
        for name, value in settings.items()
        if {ORDINARY.get(name)} != (set(value) if isinstance(value, tuple) else {value})
    )


def every_layer(layer):
    """A layer and all those inside it."""
    yield layer
    for inner in getattr(layer, "layers", ()):
        yield from every_layer(inner)
