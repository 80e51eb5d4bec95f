"""LearnKernel: gradient descent finds a kernel from an input and what that kernel made of it."""

import numpy as np
from traitlets import Dict, Int, List

from convlib import filters
from convlib.explorers.explorer import Explorer, Range, View, as_numbers, html_table, setting
from convlib.functional import conv2d
from convlib.gradients import conv2d_weight

SMALLEST_INPUT, LARGEST_INPUT, LARGEST_KERNEL, LARGEST_WEIGHT = 5, 16, 5, 9999
STEPS = 60
RATES = (0.003, 0.03, 0.1, 0.3, 0.5, 1)
# shares of the first loss: training is stopped above the one and has found the kernel below the other
DIVERGED, CONVERGED = 100, 1e-4

TARGETS = {
    "sobel column": filters.sobel("column"),
    "sobel row": filters.sobel("row"),
    "box": filters.box(3),
    "gaussian": filters.gaussian(3),
    "laplacian": filters.laplacian(3),
    "sharpen": filters.sharpen(3),
}
CUSTOM = "custom"

# a house; its edges go so many ways that one kernel only fits them all
HOUSE = (
    "          ",
    "    #     ",
    "   ### #  ",
    "  ######  ",
    " ######## ",
    "  #  ###  ",
    "  #  # #  ",
    "  #  ###  ",
    "  ######  ",
    "          ",
)
INPUT = tuple(tuple(1 if mark == "#" else -1 for mark in row) for row in HOUSE)


class LearnKernelView(View):
    code = "learn_kernel"

    targets = Dict().tag(sync=True)  # name -> rows of weights

    input = List().tag(sync=True, setting=True)
    target = Int(0).tag(sync=True, setting=True)
    custom = List().tag(sync=True, setting=True)  # the target that the reader or the caller wrote
    rate = Int(2).tag(sync=True, setting=True)
    step = Int(4).tag(sync=True, setting=True)


class LearnKernel(Explorer):
    """Gradient descent that starts with zeros and finds the kernel that made an output of an input.

    Each of at most 60 steps is ``weight -= rate * gradient``. The loss is the mean of the squared errors of
    the output, and its gradient for the weight a correlation of input and error, `conv2d_weight`. Training
    stops where the loss exceeds 100 times the first one; later steps hold what it was then.

    Parameters
    ----------
    input : array of shape (H, W)
        From 5 × 5 to 16 × 16 numbers from −1 to 1; by default the picture of a house. Only an input with
        edges in many directions determines every weight.
    kernel : str or array of shape (KH, KW)
        The kernel that is to be found: "sobel column", "sobel row", "box", "gaussian", "laplacian" or
        "sharpen", or at most 5 × 5 weights from −9999 to 9999.
    rate : {0.003, 0.03, 0.1, 0.3, 0.5, 1}
        The learning rate.
    step : int
        Steps of the training before what is shown, from 0 to 60.
    controls : sequence of str
        Which controls are shown, of "step", "rate", "target".

    Raises
    ------
    TypeError, ValueError
        An argument has the wrong shape, dtype or value.

    Notes
    -----
    `result` is the kernel as it has been learned up to the step. The loss is a quadratic function of the
    weight, with curvatures from λ_min to λ_max: gradient descent converges for every rate below 2/λ_max, and
    with inputs from −1 to 1 and a 3 × 3 kernel λ_max is 18 at most.

    Goodfellow, Bengio and Courville, "Deep Learning" (2016), sections 4.3 and 9.5.

    Examples
    --------
    >>> explorer = LearnKernel(kernel="sobel column", rate=0.3, step=60)
    >>> np.abs(explorer.result - explorer.kernel).max() < 1e-4
    np.True_
    >>> explorer
    <LearnKernel: sobel column, step 60 of 60; rate 0.3 converges>
    >>> explorer.rate = 0.5
    >>> explorer
    <LearnKernel: sobel column, step 60 of 60; rate 0.5 diverges after 23 steps>
    """

    view_class = LearnKernelView
    choices = {"target": (*TARGETS, CUSTOM), "rate": RATES}  # noqa: RUF012
    arrays = ("input", "custom")
    plays = {"step": "through the training"}  # noqa: RUF012
    interval = 150

    input = setting("input", "What the kernels slide over, shape (H, W).")
    target = setting("target", 'Name of the kernel that is to be found, or "custom".')
    rate = setting("rate", "The learning rate.")
    step = setting("step", "Steps of the training before what is shown.")

    def __init__(
        self, input=INPUT, kernel="sobel column", *, rate=0.1, step=4, controls=("step", "rate", "target")
    ):
        state = {"input": input, "target": kernel, "custom": filters.identity(3), "rate": rate, "step": step}
        if not isinstance(kernel, str):
            state |= as_custom(kernel)
        targets = {name: kernel.tolist() for name, kernel in TARGETS.items()}
        super().__init__(state, controls, targets=targets)

    @property
    def kernel(self):
        """The kernel that is to be found, shape (KH, KW); set it to weights or to a name."""
        return kernel_of(self.state)

    @kernel.setter
    def kernel(self, value):
        self.update(**({"target": value} if isinstance(value, str) else as_custom(value)))

    @property
    def losses(self):
        """The loss before the first step and after each step that was made, shape (steps + 1,)."""
        return self.compute(self.state)["losses"]

    @staticmethod
    def compute(state):
        """The output that is wanted, the training, and the kernel at the step.

        "kernels", "gradients" and "losses" hold the training before the first step and after each one.
        """
        input, kernel = state["input"][np.newaxis], kernel_of(state)[np.newaxis, np.newaxis]
        wanted = conv2d(input, kernel)
        training = train(input, wanted, kernel.shape, state["rate"])
        step = min(state["step"], len(training["losses"]) - 1)
        return {"wanted": wanted[0], **training, "output": training["kernels"][step]}

    @staticmethod
    def legal(state):
        """The nearest state whose step is one of the training."""
        return state | {"step": min(max(state["step"], 0), STEPS)}

    @staticmethod
    def bounds(state):
        """The `Range` of the slider; no setting narrows it."""
        return {"step": Range(0, STEPS)}

    def check(self, state):
        input = as_numbers("LearnKernel", "input", state["input"], LARGEST_INPUT)
        if min(input.shape) < SMALLEST_INPUT:
            raise ValueError(
                f"LearnKernel: input of shape {input.shape} is too small; at least "
                f"{SMALLEST_INPUT} × {SMALLEST_INPUT}"
            )
        if np.abs(input).max() > 1:
            raise ValueError(
                "LearnKernel: input must lie from −1 to 1, as the rates here expect, "
                f"got {input.min():.4g} to {input.max():.4g}; scale it"
            )
        return super().check(state | {"input": input, "custom": as_kernel(state["custom"])})

    def describe(self):
        state = self.state
        fate = verdict(self.losses)
        return f"{state['target']}, step {state['step']} of {STEPS}; rate {state['rate']} {fate}"

    def still(self):
        state = self.state
        arrays = self.compute(state)
        kernel, learned = kernel_of(state), arrays["output"]
        loss = arrays["losses"][min(state["step"], len(arrays["losses"]) - 1)]
        told = (
            f"The loss is {loss:.2g}, after {arrays['losses'][0]:.2g} at first; "
            f"the largest error of a weight is {np.abs(learned - kernel).max():.2g}."
        )
        tables = html_table(kernel, "Kernel to be found") + html_table(learned.round(4), "Learned kernel")
        return f"<p>Learning a kernel: {self.describe()}.</p><p>{told}</p>{tables}"


def train(input, wanted, shape, rate):
    """Gradient descent from zeros: the kernels, their gradients and losses, before and after each step."""
    kernels, gradients, losses = [], [], []
    weight = np.zeros(shape, np.float32)
    for _ in range(STEPS + 1):
        error = conv2d(input, weight) - wanted
        gradient = conv2d_weight(input, shape, 2 / error.size * error)
        kernels.append(weight[0, 0])
        gradients.append(gradient[0, 0])
        losses.append(np.mean(np.square(error)))
        if losses[-1] > DIVERGED * losses[0]:
            break
        weight = weight - rate * gradient
    training = {"kernels": kernels, "gradients": gradients, "losses": losses}
    return {name: np.array(values, np.float32) for name, values in training.items()}


def verdict(losses):
    """What the rate does in a training."""
    if losses[0] == 0:
        return "has nothing to learn"
    if losses[-1] > DIVERGED * losses[0]:
        return f"diverges after {len(losses) - 1} steps"
    return "converges" if losses[-1] < CONVERGED * losses[0] else "is still on its way"


def kernel_of(state):
    """The weights that are to be found, shape (KH, KW)."""
    return TARGETS.get(state["target"], state["custom"])


def as_kernel(kernel):
    kernel = as_numbers("LearnKernel", "kernel", kernel, LARGEST_KERNEL)
    largest = np.abs(kernel).max()
    if largest > LARGEST_WEIGHT:
        raise ValueError(
            f"LearnKernel: kernel must hold weights from −{LARGEST_WEIGHT} to {LARGEST_WEIGHT}, got {largest}"
        )
    return kernel


def as_custom(kernel):
    """The settings that make this array the kernel to be found."""
    return {"target": CUSTOM, "custom": as_kernel(kernel)}
