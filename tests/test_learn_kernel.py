"""LearnKernel: what it learns, against least squares and differences; what it refuses; what is shown."""

import re

import numpy as np
import pytest
from in_page import assert_as_in_python, cell, choose, press, program, run_shown, settle, shown
from numpy.lib.stride_tricks import sliding_window_view

from convlib.explorers import LearnKernel
from convlib.explorers.learn_kernel import CONVERGED, DIVERGED, INPUT, RATES, STEPS, TARGETS

RNG = np.random.default_rng(0)
NOISE = RNG.uniform(-1, 1, (16, 16)).astype(np.float32)
FIVE = RNG.normal(size=(5, 5)).astype(np.float32)


def patches(input, shape):
    """What each output reads, float64, shape (outputs, weights)."""
    return sliding_window_view(np.asarray(input, np.float64), shape).reshape(-1, np.prod(shape))


def curvatures(input, shape):
    """Eigenvalues of the loss's second derivatives, in ascending order."""
    read = patches(input, shape)
    return np.linalg.eigvalsh(2 / len(read) * read.T @ read)


def slow_training(explorer):
    """The losses and the last kernel of the training, as explicit matrix products in float64."""
    kernel = explorer.kernel.astype(np.float64).ravel()
    read = patches(explorer.input, explorer.kernel.shape)
    wanted = read @ kernel
    weight = np.zeros_like(kernel)
    losses = [np.mean(wanted**2)]
    while len(losses) <= STEPS and losses[-1] <= DIVERGED * losses[0]:
        error = read @ weight - wanted
        weight = weight - explorer.rate * 2 / len(error) * read.T @ error
        losses.append(np.mean((read @ weight - wanted) ** 2))
    return np.array(losses), weight.reshape(explorer.kernel.shape)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("target", TARGETS)
def test_the_training_is_gradient_descent_on_the_mean_squared_error(target, rate):
    explorer = LearnKernel(kernel=target, rate=rate, step=STEPS)
    losses, weight = slow_training(explorer)
    assert len(explorer.losses) == len(losses)
    # the smallest losses are float32's rounding errors
    np.testing.assert_allclose(explorer.losses, losses, rtol=1e-4, atol=1e-10 * losses[0])
    np.testing.assert_allclose(explorer.result, weight, atol=1e-5 * np.abs(weight).max())


@pytest.mark.parametrize("input, kernel", [(INPUT, "sharpen"), (NOISE, FIVE), (NOISE[:5, :7], FIVE[:2, :4])])
def test_the_gradient_is_the_difference_of_the_loss_when_a_weight_changes(input, kernel):
    explorer = LearnKernel(input, kernel, rate=0.03, step=5)
    gradient = explorer.compute(explorer.state)["gradients"][5]
    read = patches(explorer.input, explorer.kernel.shape)
    wanted = read @ explorer.kernel.ravel()
    loss = lambda weight: np.mean((read @ weight.ravel() - wanted) ** 2)  # noqa: E731
    learned = explorer.result.astype(np.float64)
    for at in np.ndindex(learned.shape):
        nudge = np.zeros_like(learned)
        nudge[at] = 1e-4
        difference = (loss(learned + nudge) - loss(learned - nudge)) / 2e-4
        assert gradient[at] == pytest.approx(difference, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("target", TARGETS)
def test_descent_finds_what_least_squares_finds(target):
    explorer = LearnKernel(kernel=target, rate=0.3, step=STEPS)
    read = patches(explorer.input, (3, 3))
    best, _, rank, _ = np.linalg.lstsq(read, read @ explorer.kernel.ravel())
    assert rank == 9
    np.testing.assert_allclose(explorer.result.ravel(), best, atol=1e-5)
    np.testing.assert_allclose(explorer.result, explorer.kernel, atol=1e-5)


def test_the_house_determines_every_weight():
    smallest, *_, largest = curvatures(INPUT, (3, 3))
    assert smallest > 0.5
    assert largest / smallest < 8  # one narrow valley would take hundreds of steps


@pytest.mark.parametrize("input", [INPUT, NOISE, NOISE[3:11, :9]], ids=["house", "noise", "part"])
@pytest.mark.parametrize("kernel", [FIVE[:3, :3], FIVE, FIVE[:1, :4]], ids=["3 × 3", "5 × 5", "1 × 4"])
@pytest.mark.parametrize("rate", RATES)
def test_the_loss_never_grows_exactly_below_two_over_the_largest_curvature(input, kernel, rate):
    losses = LearnKernel(input, kernel, rate=rate).losses
    if rate < 2 / curvatures(input, kernel.shape)[-1]:
        assert len(losses) == STEPS + 1
        assert (np.diff(losses) <= 1e-10 * losses[0]).all()
    else:
        assert losses[-1] > losses[-2]


def test_inputs_from_minus_one_to_one_have_no_larger_curvature_than_eighteen():
    assert curvatures(np.ones((9, 9)), (3, 3))[-1] == pytest.approx(18)
    assert max(curvatures(RNG.choice([-1, 1], (6, 6)), (3, 3))[-1] for _ in range(200)) < 18
    assert "converges" in LearnKernel(np.ones((9, 9)), "box", rate=0.1).describe()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "rate, fate",
    [(0.003, "is still on its way"), (0.1, "converges"), (0.3, "converges"), (1, "diverges")],
)
def test_the_rate_decides(target, rate, fate):
    assert f"rate {rate} {fate}" in LearnKernel(kernel=target, rate=rate).describe()


def test_a_rate_just_too_large_may_lower_the_loss_at_first():
    losses = LearnKernel(kernel="laplacian", rate=0.5).losses
    assert losses.min() < losses[0] / 4
    assert losses[-1] > DIVERGED * losses[0]


@pytest.mark.parametrize("target", TARGETS)
def test_no_loss_lies_so_near_a_limit_that_rounding_could_decide(target):
    for rate in RATES:
        losses = LearnKernel(kernel=target, rate=rate).losses
        for limit in (DIVERGED, CONVERGED):
            assert np.abs(losses / losses[0] / limit - 1).min() > 0.01


def test_steps_after_the_stop_hold_the_kernel():
    explorer = LearnKernel(rate=1, step=STEPS)
    stop = len(explorer.losses) - 1
    assert stop == 3
    held = explorer.result
    explorer.step = stop
    np.testing.assert_array_equal(explorer.result, held)
    explorer.step = stop - 1
    assert np.abs(explorer.result).max() < np.abs(held).max()


def test_the_first_kernel_is_zero_and_the_second_minus_the_rate_times_the_gradient():
    explorer = LearnKernel(rate=0.3, step=0)
    gradient = explorer.compute(explorer.state)["gradients"][0]
    assert not explorer.result.any()
    explorer.step = 1
    np.testing.assert_allclose(explorer.result, -0.3 * gradient, rtol=1e-6)


def test_a_kernel_of_zeros_is_there_at_once():
    explorer = LearnKernel(kernel=np.zeros((2, 3)), step=STEPS)
    assert explorer.describe().endswith("nothing to learn")
    assert not explorer.losses.any()
    assert not explorer.result.any()


def test_an_even_input_determines_only_the_sum_of_the_weights():
    explorer = LearnKernel(np.ones((8, 8)), [[1, 2, 3]], rate=0.1, step=STEPS)
    np.testing.assert_allclose(explorer.result, [[2, 2, 2]], rtol=1e-5)
    assert explorer.describe().endswith("converges")


def test_a_kernel_of_ones_own_becomes_the_custom_one():
    explorer = LearnKernel(kernel=[[1, 2], [3, 4]])
    assert (explorer.target, explorer.result.shape) == ("custom", (2, 2))
    explorer.kernel = "box"
    assert (explorer.target, explorer.result.shape) == ("box", (3, 3))
    explorer.target = "custom"
    assert explorer.kernel.tolist() == [[1, 2], [3, 4]]
    explorer.kernel = FIVE
    np.testing.assert_array_equal(explorer.kernel, FIVE)
    assert dict(explorer.controls)["target"].value == "custom"


@pytest.mark.parametrize("step, nearest", [(-1, 0), (STEPS + 1, STEPS), (7, 7)])
def test_a_step_that_arrives_halfway_is_brought_into_the_training(step, nearest):
    explorer = LearnKernel()
    assert explorer.legal(explorer.state | {"step": step})["step"] == nearest


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"input": 255 * np.ones((8, 8))}, ValueError, "input must lie from −1 to 1, .*, got 255 to 255"),
        ({"input": np.full((8, 8), -1.5)}, ValueError, "input must lie from −1 to 1"),
        ({"input": np.zeros((4, 8))}, ValueError, r"input of shape \(4, 8\) is too small; at least 5 × 5"),
        ({"input": np.zeros((8, 17))}, ValueError, "input .* too big to show; at most 16 × 16"),
        ({"input": [["a"]]}, TypeError, "input must hold real numbers"),
        ({"input": np.full((8, 8), np.nan)}, ValueError, "input must be finite, got nan"),
        ({"kernel": np.zeros((6, 3))}, ValueError, "kernel .* too big to show; at most 5 × 5"),
        ({"kernel": [1, 2, 3]}, ValueError, r"kernel must have shape \(rows, columns\)"),
        ({"kernel": [[10_000]]}, ValueError, "kernel must hold weights from −9999 to 9999, got 10000"),
        ({"kernel": "blur"}, ValueError, "target must be one of sobel column, .*, custom, got 'blur'"),
        ({"rate": 0.2}, ValueError, "rate must be one of 0.003, 0.03, 0.1, 0.3, 0.5, 1, got 0.2"),
        ({"rate": "fast"}, ValueError, "rate must be one of .*, got 'fast'"),
        ({"step": 61}, ValueError, "step must be from 0 to 60"),
        ({"step": 1.5}, TypeError, "step must be an integer, got 1.5"),
        ({"controls": ("speed",)}, ValueError, "controls must be of step, target, rate, got 'speed'"),
    ],
)
def test_learn_kernel_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        LearnKernel(**arguments)


def test_a_refused_change_changes_nothing():
    explorer = LearnKernel()
    with pytest.raises(ValueError, match="rate must be one of"):
        explorer.update(step=9, rate=2)
    assert (explorer.step, explorer.rate) == (4, 0.1)


def test_the_still_picture_has_both_kernels_and_the_loss():
    explorer = LearnKernel(rate=0.3, step=1)
    still = explorer.still()
    assert f"The loss is {explorer.losses[1]:.2g}" in still
    assert f"{explorer.losses[0]:.2g} at first" in still
    for weight in (*explorer.kernel.ravel(), *explorer.result.ravel().round(4)):
        assert f"<td>{weight:.4g}</td>" in still


@pytest.mark.parametrize("target", TARGETS)
def test_the_page_trains_as_python_does_whatever_rate_and_target(show, target):
    explorer = LearnKernel()
    page = show(explorer)
    choose(page, "target", target)
    press(page, "step", "End")
    for rate in RATES:
        choose(page, "rate", str(rate))
        state, arrays = assert_as_in_python(page, explorer)
        assert (state["target"], state["rate"], state["step"]) == (target, rate, STEPS)
        assert state["made"] == len(arrays["losses"]) - 1


@pytest.mark.parametrize(
    "input, kernel",
    [
        (NOISE, FIVE),
        (NOISE[:5, :7], 9999 * np.sign(FIVE[:2, :4])),
        (NOISE[:5, :5], FIVE),
        (np.ones((6, 6)), [[3]]),
        (np.zeros((5, 6)), [[1, 2]]),
        (INPUT, np.zeros((3, 3))),
    ],
)
def test_a_kernel_and_an_input_of_ones_own_train_alike_in_page_and_python(show, input, kernel):
    explorer = LearnKernel(input, kernel, step=11)
    page = show(explorer)
    for rate in RATES:
        choose(page, "rate", str(rate))
        assert_as_in_python(page, explorer)
    assert "NaN" not in page.locator(".convlib-explorer").inner_html()


def table(page, caption, shape=(3, 3)):
    """The numbers of a table as they are written, without the notes."""
    read = lambda r, c: cell(page, caption, r, c).evaluate("(td) => td.firstChild.data")  # noqa: E731
    texts = [[read(r, c) for c in range(shape[1])] for r in range(shape[0])]
    return np.array(texts, dtype=str)


def numbers(texts):
    return np.char.replace(texts, "−", "-").astype(np.float64)


def test_the_tables_show_target_learned_kernel_and_gradient_at_the_step(show):
    explorer = LearnKernel()
    page = show(explorer)
    press(page, "step", "ArrowRight", "ArrowRight")
    explorer.step = 6
    arrays = explorer.compute(explorer.state)
    np.testing.assert_array_equal(numbers(table(page, "Kernel to be found")), explorer.kernel)
    learned = numbers(table(page, "Learned, after step 6"))
    np.testing.assert_allclose(learned, explorer.result, atol=0.00501)
    np.testing.assert_allclose(numbers(table(page, "Gradient")), arrays["gradients"][6], atol=0.00501)
    off = cell(page, "Learned", 1, 0).locator("small").inner_text()
    assert float(off.removesuffix(" off")) == pytest.approx(abs(explorer.result[1, 0] + 2), abs=0.00501)


def test_a_kernel_that_is_found_reads_like_the_one_that_was_to_be_found(show):
    page = show(LearnKernel(kernel="box", rate=0.3, step=STEPS))
    np.testing.assert_allclose(numbers(table(page, "Learned")), 1 / 9, atol=0.0005)
    assert page.locator("td.heat").count() == 9
    assert page.locator("td.heat small").count() == 0
    assert set(table(page, "Gradient").ravel()) == {"0"}


def test_the_sentence_has_the_loss_and_the_largest_error_of_a_weight(show):
    explorer = LearnKernel()
    page = show(explorer)
    loss, error = explorer.losses[4], np.abs(explorer.result - explorer.kernel).max()
    told = f"Step 4 of 60: loss {loss:.2g}; the largest error of a weight is {error:.2g}."
    assert page.locator(".convlib-told").inner_text() == told
    press(page, "step", "Home")
    assert page.locator(".convlib-told").inner_text() == (
        f"Step 0 of 60: loss {explorer.losses[0]:.2g}; the largest error of a weight is 2."
    )


@pytest.mark.parametrize(
    "rate, words",
    [
        (0.003, "Rate 0.003 is still on its way: after 60 steps, 24 % of the first loss is left."),
        (
            0.1,
            "Rate 0.1 converges: from step 38 on, the loss is less than a ten-thousandth of the first one.",
        ),
        (1, "Rate 1 diverges: .* after step 3 the loss is more than 100 times the first one."),
    ],
)
def test_the_verdict_on_a_rate_is_in_the_losses(show, rate, words):
    explorer = LearnKernel(rate=rate)
    share = explorer.losses / explorer.losses[0]
    stated = {
        0.003: f"{100 * share[-1]:.2g} %",
        0.1: f"step {np.argmax(share < 1e-4)} ",
        1: f"step {len(share) - 1} ",
    }
    page = show(explorer)
    verdict = page.locator(".convlib-verdict").inner_text()
    assert re.fullmatch(words, verdict)
    assert stated[rate] in verdict


def test_after_the_stop_the_page_says_that_the_kernel_is_of_an_earlier_step(show):
    page = show(LearnKernel(rate=1, step=40))
    assert (
        "Step 40 of 60, but training was stopped after step 3: " in page.locator(".convlib-told").inner_text()
    )
    assert page.locator("caption", has_text="Learned, after step 3").count() == 1
    assert page.locator(".convlib-sum").inner_text() == "The training ends here."


def test_the_next_step_of_a_weight_is_written_out(show):
    page = show(LearnKernel())
    _, arrays, _ = shown(page)
    text = page.locator(".convlib-sum").inner_text().replace("−", "-")
    form = r"Next step: weight\[(\d), (\d)\] = (\S+) - 0.1 × \(?([^ )]+)\)? = (\S+)"
    row, column, now, gradient, then = (float(x) for x in re.fullmatch(form, text).groups())
    at = int(row), int(column)
    assert now == pytest.approx(arrays["kernels"][4][at], abs=1e-3)
    assert gradient == pytest.approx(arrays["gradients"][4][at], abs=1e-3)
    assert then == pytest.approx(arrays["kernels"][5][at], abs=1e-3)


def test_a_changed_weight_of_the_target_is_learned_too(show):
    explorer = LearnKernel(rate=0.3, step=STEPS)
    page = show(explorer)
    cell(page, "Kernel to be found", 1, 1).click()
    page.keyboard.type("-1/2")
    page.keyboard.press("Enter")
    settle(page)
    state, arrays = assert_as_in_python(page, explorer)
    assert state["target"] == "custom"
    np.testing.assert_allclose(arrays["output"], [[-1, 0, 1], [-2, -0.5, 2], [-1, 0, 1]], atol=1e-4)
    choose(page, "target", "laplacian")
    choose(page, "target", "custom")
    assert shown(page)[0]["kernel"][1][1] == -0.5


def test_scrubbing_does_not_train_again(show):
    page = show(LearnKernel())
    kernels = "document.querySelector('.convlib-explorer').explorer.result.kernels"
    page.evaluate(f"window.kept = {kernels}")
    press(page, "step", "ArrowRight", "End")
    assert shown(page)[0]["step"] == STEPS
    assert page.evaluate(f"window.kept === {kernels}")
    choose(page, "rate", "0.3")
    assert not page.evaluate(f"window.kept === {kernels}")


def test_play_runs_through_the_training_in_seconds(show):
    page = show(LearnKernel(step=57))
    page.locator(".widget-play button").first.click()
    page.wait_for_function(
        "document.querySelector('.convlib-explorer').explorer.state.step === 60", timeout=5000
    )


def test_the_curve_has_a_point_for_every_loss_and_a_marker_at_the_step(show):
    page = show(LearnKernel())
    line = page.locator(".convlib-line")
    points = lambda: np.array(re.findall(r"([-\d.]+) ([-\d.]+)", line.get_attribute("d")), float)  # noqa: E731
    marker = lambda: re.findall(r"[\d.]+", page.locator(".convlib-curve circle").get_attribute("transform"))  # noqa: E731
    for rate in ("0.003", "0.1", "0.5"):
        choose(page, "rate", rate)
        _, arrays, _ = shown(page)
        drawn, logarithm = points(), np.log10(arrays["losses"])
        assert len(drawn) == len(logarithm)
        slope, _ = np.polyfit(logarithm, drawn[:, 1], 1)
        assert slope < 0
        straight = slope * (logarithm - logarithm[0]) + drawn[0, 1]
        np.testing.assert_allclose(drawn[:, 1], straight, atol=0.2)
        np.testing.assert_allclose(np.array(marker(), float), drawn[4], atol=0.1)


@pytest.mark.parametrize("input", [LearnKernel().input, np.ones((8, 8)), np.tile([1.0, -1.0], (8, 4))])
def test_no_label_of_the_curve_is_cut(show, input):
    page = show(LearnKernel(input))
    assert page.locator(".convlib-curve").evaluate(
        """(drawing) => {
          const { left, top, right, bottom } = drawing.getBoundingClientRect();
          return [...drawing.querySelectorAll("text")].map((text) => text.getBoundingClientRect())
            .every((box) => box.left >= left && box.top >= top && box.right <= right && box.bottom <= bottom);
        }"""
    )


def test_a_loss_below_the_curves_end_has_no_dot(show):
    page = show(LearnKernel(rate=0.3))
    dot = page.locator(".convlib-curve circle")
    assert dot.get_attribute("opacity") == "1"
    press(page, "step", "End")
    assert dot.get_attribute("opacity") == "0"


def test_the_error_is_white_when_the_kernel_is_found(show):
    page = show(LearnKernel(rate=0.3, step=STEPS))
    pixels = (
        """(canvas) => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""
    )
    wanted, made, error = (page.locator("canvas").nth(i).evaluate(pixels) for i in (1, 2, 3))
    assert set(error) == {255}
    np.testing.assert_allclose(wanted, made, atol=1)  # grey levels
    press(page, "step", "Home")
    assert set(page.locator("canvas").nth(2).evaluate(pixels)) == {255}


@pytest.mark.parametrize("library", ["convlib", "torch"])
def test_the_code_trains_up_to_the_step_and_no_further_than_the_stop(show, library, capsys):
    explorer = LearnKernel(kernel=FIVE[:2, :3], rate=1, step=40)
    page = show(explorer)
    text = program(page, library)
    assert f"in range({len(explorer.losses) - 1}):" in text
    np.testing.assert_allclose(run_shown(text), explorer.result, rtol=1e-4)
    capsys.readouterr()


@pytest.mark.parametrize(
    "fields, note",
    [
        ("input=[[1,0],[0,1]]", "input must have at least 5 rows and columns"),
        (f"input={[[2] * 6] * 6}", "input must lie from −1 to 1"),
        (f"input={[[0] * 17] * 6}", "input must have 2 axes, of at most 16 × 16"),
        ("custom=[[1e999]]", "“Infinity” is not a number from −9999 to 9999"),
        ("custom=[[1,2,3,4,5,6]]", "custom must have 2 axes, of at most 5 × 5"),
        ("rate=0.2", "“rate” is none of 0.003, 0.03, 0.1, 0.3, 0.5, 1"),
    ],
)
def test_a_link_that_no_control_could_make_is_refused_by_name(show, fields, note):
    page = show(LearnKernel())
    before = shown(page)[0]
    label = page.evaluate("document.querySelector('.convlib-explorer').dataset.label")
    page.evaluate("(hash) => { location.hash = hash }", f"explorer={label}&{fields.replace(' ', '')}")
    settle(page)
    assert note in page.locator(".convlib-alert").inner_text()
    assert shown(page)[0] == before
