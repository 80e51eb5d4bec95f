"""The definitions, checked by sums done by hand and by the worked examples of the book's sources, their
gradients, by the laws that tie them to the operations, and all of them by PyTorch.

Numbers are small and whole, so results must be equal, not close, wherever nothing is divided.
"""

import inspect
import itertools
import warnings

import numpy as np
import pytest

from convlib import reference

try:
    import torch
    from torch.nn import functional as torch_functional
except ImportError:
    torch = None
    warnings.warn("PyTorch is not installed: the definitions were NOT compared with it", stacklevel=1)

GRID = np.arange(16).reshape(4, 4)


def whole_numbers(shape, dtype=np.int64, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def inner(a, b):
    """Sum of products, of two arrays that must have one shape."""
    assert a.shape == b.shape
    return np.sum(a * b)


def one_channel(image, kernel, **settings):
    return reference.conv2d(np.asarray(image)[None], np.asarray(kernel)[None, None], **settings)[0]


def test_a_reflected_corner_is_a_mirror_image_without_the_border():
    assert reference.pad(GRID, (2, 2, 2, 2), "reflect")[0].tolist() == [10, 9, 8, 9, 10, 11, 10, 9]


def test_pad_counts_from_the_last_axis():
    assert reference.pad(np.zeros((5, 5)), (1, 2, 10, 20)).shape == (35, 8)


def test_pad_fills_in_the_given_constant():
    assert reference.pad(np.array([1, 2]), (1, 1), value=7).tolist() == [7, 1, 2, 7]


@pytest.mark.parametrize(
    ("mode", "sources"),
    [
        ("constant", [None, None, 0, 1, 2, None, None]),
        ("reflect", [2, 1, 0, 1, 2, 1, 0]),
        ("replicate", [0, 0, 0, 1, 2, 2, 2]),
        ("circular", [1, 2, 0, 1, 2, 0, 1]),
    ],
)
def test_each_mode_names_the_element_it_copies(mode, sources):
    assert [reference.source_index(position, 3, mode) for position in range(-2, 5)] == sources


def test_a_window_times_a_kernel_is_the_sum_done_by_hand():
    # 0×0 + 1×1 + 3×2 + 4×3 = 19, then one step right, then down
    assert one_channel(np.arange(9).reshape(3, 3), [[0, 1], [2, 3]]).tolist() == [[19, 25], [37, 43]]


def test_convolution_in_the_mathematical_sense_flips_the_kernel():
    flipped = np.array([[0, 1], [2, 3]])[::-1, ::-1]
    assert one_channel(np.arange(9).reshape(3, 3), flipped).tolist() == [[5, 11], [23, 29]]


def test_dense_and_dilated_sums_of_ones():
    image, ones = np.arange(25).reshape(5, 5), np.ones((3, 3), int)
    assert one_channel(image, ones).tolist() == [[54, 63, 72], [99, 108, 117], [144, 153, 162]]
    assert one_channel(image, ones, dilation=2).tolist() == [[108]]


@pytest.mark.parametrize(
    ("size", "kernel_size", "settings", "expected"),
    [
        (5, 3, {"padding": 1}, 5),
        (4, 3, {}, 2),
        (5, 4, {"padding": 2}, 6),
        (4, 4, {}, 1),
        (7, 3, {"dilation": 2}, 3),
        (7, 3, {"dilation": 2, "padding": 2}, 7),
        (6, 3, {"stride": 2}, 2),
        (5, 4, {"padding": "same"}, 5),
    ],
)
def test_output_sizes_of_the_sources_examples(size, kernel_size, settings, expected):
    output = one_channel(np.zeros((size, size)), np.zeros((kernel_size, kernel_size)), **settings)
    assert output.shape == (expected, expected)


def test_padding_by_one_is_not_the_same_as_padding_after_only():
    # equal shapes, different numbers: one ring, or one row and column at the end
    image, ones = np.arange(64).reshape(8, 8), np.ones((3, 3), int)
    ring = one_channel(image, ones, stride=2, padding=1)
    after = one_channel(reference.pad(image, (0, 1, 0, 1)), ones, stride=2)
    assert ring[0].tolist() == [18, 36, 48, 60]
    assert after[0].tolist() == [81, 99, 117, 87]


def test_same_puts_the_odd_element_after():
    # two taps: every output is an element plus the next one, and the last has no next
    assert one_channel([[1, 10, 100]], [[1, 1]], padding="same").tolist() == [[11, 110, 100]]


def test_channels_are_summed_and_each_filter_has_its_own_bias():
    image = np.array([[[1]], [[10]], [[100]]])
    weight = np.array([[1, 2, 3], [3, 2, 1]])[:, :, None, None]
    assert reference.conv2d(image, weight, np.array([0, 1000])).ravel().tolist() == [321, 1123]


def test_groups_do_not_mix():
    image = np.array([1, 10, 100, 1000]).reshape(4, 1, 1)
    weight = np.array([1, 1, 1, 2, 3, 3, 3, 4]).reshape(4, 2, 1, 1)
    assert reference.conv2d(image, weight, groups=2).ravel().tolist() == [11, 21, 3300, 4300]


def test_a_batch_is_its_images_one_by_one():
    images = np.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    weight = np.arange(5 * 3 * 2 * 2).reshape(5, 3, 2, 2)
    batch = reference.conv2d(images, weight, stride=2)
    assert batch.shape == (2, 5, 2, 2)
    for image, output in zip(images, batch):
        np.testing.assert_array_equal(reference.conv2d(image, weight, stride=2), output)


def test_an_empty_batch_gives_an_empty_batch():
    assert reference.conv2d(np.zeros((0, 1, 4, 4)), np.zeros((2, 1, 3, 3))).shape == (0, 2, 2, 2)


def test_small_integers_do_not_overflow():
    full = np.full((1, 2, 2), 127, np.int8)
    assert reference.conv2d(full, np.full((1, 1, 2, 2), 127, np.int8)).tolist() == [[[4 * 127**2]]]


# Other ranks


def test_one_axis_by_hand():
    # 1×1 + 2×10, 2×1 + 3×10, 3×1 + 4×10
    output = reference.conv1d(np.array([[1, 2, 3, 4]]), np.array([[[1, 10]]]))
    assert output.tolist() == [[21, 32, 43]]


def test_three_axes_by_hand():
    # two frames at a time: 0 + … + 7 = 28, and each further frame adds 4 to each of 8 elements
    frames = np.arange(12).reshape(1, 3, 2, 2)
    assert reference.conv3d(frames, np.ones((1, 1, 2, 2, 2), int)).ravel().tolist() == [28, 60]


def test_frames_of_several_channels_give_one_map_for_each_filter():
    # three frames of two channels under a kernel of two frames: the kernel has the channels too
    frames, weight = np.ones((2, 3, 5, 5), int), np.ones((1, 2, 2, 3, 3), int)
    output = reference.conv3d(frames, weight)
    assert output.shape == (1, 2, 3, 3)
    assert (output == 36).all()


def test_each_axis_has_its_own_settings():
    weight = np.zeros((4, 3, 2, 3, 3))
    output = reference.conv3d(np.zeros((3, 6, 9, 8)), weight, stride=(1, 2, 2), padding=(0, 1, 1))
    assert output.shape == (4, 5, 5, 4)


def test_channels_are_a_third_axis_that_the_kernel_spans():
    image, weight = whole_numbers((3, 6, 5)), whole_numbers((2, 3, 3, 3), seed=1)
    as_frames = reference.conv3d(image[None], weight[:, None], padding=(0, 1, 1))
    np.testing.assert_array_equal(as_frames[:, 0], reference.conv2d(image, weight, padding=1))


X, W, G = whole_numbers((2, 4, 10)), whole_numbers((6, 2, 3), seed=1), whole_numbers((2, 6, 4), seed=2)
CONV = {"stride": 2, "padding": 2, "dilation": 3, "groups": 2, "padding_mode": "reflect"}
TRANSPOSED = {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2, "dilation": 2}
MAX_POOL = {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}
AVG_POOL = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}
NOTHING = {"kernel_size": 1, "stride": 1, "padding": 0, "output_padding": 0, "dilation": 1}


@pytest.mark.parametrize(
    ("operation", "arguments", "settings"),
    [
        ("conv{}d", (X, W), CONV),
        ("conv{}d_input", (X.shape, W, G), CONV),
        ("conv{}d_weight", (X, W.shape, G), CONV),
        ("conv_transpose{}d", (G, W), TRANSPOSED),
        ("conv_transpose{}d_input", (G.shape, W, X), TRANSPOSED),
        ("conv_transpose{}d_weight", (G, W.shape, X), TRANSPOSED),
        ("max_pool{}d", (X,), MAX_POOL),
        ("max_pool{}d_input", (X, X[..., :5]), MAX_POOL),
        ("avg_pool{}d", (X.astype(float),), AVG_POOL),
        ("avg_pool{}d_input", (X.shape, X[..., :6].astype(float)), AVG_POOL),
    ],
)
def test_an_axis_of_one_element_changes_nothing(operation, arguments, settings):
    # so one definition serves all ranks: a row is a picture of one row, a picture a film of one frame
    def with_further_axes(count):
        def extend(shape):
            return (*shape[:2], *[1] * count, *shape[2:])

        longer = [extend(a) if isinstance(a, tuple) else a.reshape(extend(a.shape)) for a in arguments]
        further = {
            name: (*[NOTHING[name]] * count, value) if name in NOTHING else value
            for name, value in settings.items()
        }
        return getattr(reference, operation.format(1 + count))(*longer, **further)

    row, picture, film = map(with_further_axes, range(3))
    np.testing.assert_array_equal(picture.squeeze(2), row)
    np.testing.assert_array_equal(film.squeeze((2, 3)), row)


@pytest.mark.parametrize(
    ("operation", "arguments", "settings"),
    [
        ("conv1d", (X, W), CONV),
        ("conv_transpose1d", (G, W), TRANSPOSED),
        ("max_pool1d", (X,), MAX_POOL),
        ("max_pool1d_input", (X, X[..., :5]), MAX_POOL),
        ("avg_pool1d", (X.astype(float),), AVG_POOL),
    ],
)
def test_an_input_without_a_batch_gives_an_output_without_one(operation, arguments, settings):
    operation = getattr(reference, operation)
    batch = operation(*arguments, **settings)
    per_sample = len(arguments) if "pool" in operation.__name__ else 1
    single = [argument[1] if i < per_sample else argument for i, argument in enumerate(arguments)]
    np.testing.assert_array_equal(operation(*single, **settings), batch[1])


# correlate2d, convolve2d


def test_correlation_keeps_the_kernel_and_convolution_turns_it():
    image, kernel = np.arange(9).reshape(3, 3), np.array([[0, 1], [2, 3]])
    assert reference.correlate2d(image, kernel).tolist() == [[19, 25], [37, 43]]
    assert reference.convolve2d(image, kernel).tolist() == [[5, 11], [23, 29]]


def test_numpy_calls_them_the_same():
    row, taps = whole_numbers(6), whole_numbers(3, seed=1)
    ours = reference.correlate2d(row[None], taps[None], padding=(0, 2))
    np.testing.assert_array_equal(ours[0], np.correlate(row, taps, mode="full"))
    ours = reference.convolve2d(row[None], taps[None], padding=(0, 2))
    np.testing.assert_array_equal(ours[0], np.convolve(row, taps, mode="full"))


def test_both_take_all_settings():
    image, kernel = whole_numbers((7, 6)), whole_numbers((2, 3), seed=1)
    settings = {"stride": (1, 2), "padding": (2, 1), "dilation": (2, 1), "padding_mode": "circular"}
    expected = one_channel(image, kernel, **settings)
    np.testing.assert_array_equal(reference.correlate2d(image, kernel, **settings), expected)
    np.testing.assert_array_equal(reference.convolve2d(image, kernel[::-1, ::-1], **settings), expected)


# Transposed convolution


def transposed_row(row, taps, **settings):
    return reference.conv_transpose1d(np.array([row]), np.array([[taps]]), **settings)[0].tolist()


def test_every_input_writes_its_multiple_of_the_kernel():
    assert transposed_row([1, 10], [1, 2, 3]) == [1, 2 + 10, 3 + 20, 30]


def test_transposed_stride_moves_the_copies_apart():
    assert transposed_row([1, 10], [1, 2, 3], stride=2) == [1, 2, 3 + 10, 20, 30]
    assert transposed_row([1, 10], [1, 2, 3], stride=4) == [1, 2, 3, 0, 10, 20, 30]


def test_transposed_dilation_moves_the_taps_apart():
    assert transposed_row([1, 10], [1, 2, 3], dilation=3) == [1, 10, 0, 2, 20, 0, 3, 30]


def test_transposed_padding_cuts_off():
    assert transposed_row([1, 10], [1, 2, 3], stride=2, padding=1) == [2, 13, 20]


def test_output_padding_uncovers_the_end_before_it_adds_zeros():
    assert transposed_row([1, 10], [1, 2, 3], stride=2, padding=1, output_padding=1) == [2, 13, 20, 30]
    assert transposed_row([1, 10], [1, 2, 3], stride=2, output_padding=1) == [1, 2, 13, 20, 30, 0]


def test_output_padding_may_reach_the_stride_if_the_dilation_is_larger():
    assert transposed_row([1, 10], [1, 2], dilation=3, output_padding=2) == [1, 10, 0, 2, 20, 0, 0]


def test_a_kernel_as_large_as_the_stride_puts_copies_side_by_side():
    image, kernel = whole_numbers((3, 4)), whole_numbers((2, 2), seed=1)
    enlarged = reference.conv_transpose2d(image[None], kernel[None, None], stride=2)
    np.testing.assert_array_equal(enlarged[0], np.kron(image, kernel))


def test_transposed_channels_have_a_filter_each_and_outputs_a_bias():
    # filters (1, 2) and (3, 4): output channels 5×1 + 7×3 + 100 and 5×2 + 7×4 + 200
    weight = np.array([[1, 2], [3, 4]])[:, :, None]
    output = reference.conv_transpose1d(np.array([[5], [7]]), weight, np.array([100, 200]))
    assert output.ravel().tolist() == [126, 238]


def test_transposed_groups_do_not_mix():
    weight = np.array([1, 2, 3, 4]).reshape(2, 2, 1)
    output = reference.conv_transpose1d(np.array([[10], [100]]), weight, groups=2)
    assert output.ravel().tolist() == [10, 20, 300, 400]


def test_the_transposed_convolution_is_the_gradient_of_the_convolution():
    settings = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    transposed = reference.conv_transpose1d(G, W, output_padding=1, **settings)
    np.testing.assert_array_equal(transposed, reference.conv1d_input((2, 4, 10), W, G, **settings))


# Pooling

FOUR_BY_FOUR = np.array([[[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]])


def max_row(row, kernel_size, **settings):
    return reference.max_pool1d(np.array([row]), kernel_size, **settings)


def average_row(row, kernel_size, **settings):
    return reference.avg_pool1d(np.array([row], float), kernel_size, **settings)[0].tolist()


def test_the_sources_example_of_pooling():
    assert reference.max_pool2d(FOUR_BY_FOUR, 2).tolist() == [[[8, 6], [9, 9]]]
    every_window = reference.max_pool2d(FOUR_BY_FOUR, 2, stride=1)
    assert every_window.tolist() == [[[8, 7, 6], [9, 9, 9], [9, 9, 9]]]
    averages = reference.avg_pool2d(FOUR_BY_FOUR.astype(float), 2)
    assert averages.tolist() == [[[6.25, 3.5], [5.25, 5.25]]]


def test_an_index_names_the_place_of_the_maximum():
    maxima, indices = reference.max_pool2d(FOUR_BY_FOUR, 2, return_indices=True)
    assert indices.tolist() == [[[4, 7], [9, 11]]]
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(FOUR_BY_FOUR.ravel()[indices], maxima)


def test_each_channel_of_each_image_is_pooled_by_itself():
    images = whole_numbers((2, 3, 4, 4))
    pooled, indices = reference.max_pool2d(images, 2, return_indices=True)
    for n, c in np.ndindex(2, 3):
        np.testing.assert_array_equal(pooled[n, c], reference.max_pool2d(images[n, c : c + 1], 2)[0])
        np.testing.assert_array_equal(images[n, c].ravel()[indices[n, c]], pooled[n, c])


def test_of_equal_elements_the_first_is_chosen():
    _, indices = reference.max_pool2d(np.array([[[1, 5, 5], [5, 0, 5]]]), (2, 3), return_indices=True)
    assert indices.item() == 1


def test_nan_is_above_all_and_the_first_one_is_chosen():
    maxima, indices = max_row([1, np.nan, np.inf, np.nan], 4, return_indices=True)
    assert np.isnan(maxima.item())
    assert indices.item() == 1


def test_padding_is_never_the_maximum():
    maxima, indices = max_row([-5, -7], 2, stride=1, padding=1, return_indices=True)
    assert maxima.tolist() == [[-5, -5, -7]]
    assert indices.tolist() == [[0, 0, 1]]


@pytest.mark.parametrize("smallest", [np.array([-128], np.int8), np.array([-np.inf])])
def test_padding_is_not_chosen_even_where_it_is_no_smaller(smallest):
    row = smallest.repeat(2)[None]
    maxima, indices = reference.max_pool1d(row, 2, stride=1, padding=1, return_indices=True)
    assert (maxima == smallest).all()
    assert indices.tolist() == [[0, 0, 1]]


def test_a_dilated_window_that_steps_over_the_input_has_no_maximum():
    maxima, indices = max_row([3.0], 2, stride=1, padding=1, dilation=2, return_indices=True)
    assert (maxima.item(), indices.item()) == (-np.inf, -1)
    gradient = reference.max_pool1d_input(np.array([[3.0]]), np.array([[1.0]]), 2, 1, 1, 2)
    assert gradient.tolist() == [[0]]


def test_a_dilated_window_takes_every_other_element():
    assert max_row([9, 1, 8, 2, 7], 2, stride=1, dilation=2).tolist() == [[9, 2, 8]]


def test_the_floor_leaves_a_rest_and_the_ceiling_takes_it():
    row = [1, 2, 3, 4, 5, 6]
    assert max_row(row, 3, stride=2).tolist() == [[3, 5]]
    assert max_row(row, 3, stride=2, ceil_mode=True).tolist() == [[3, 5, 6]]


def test_a_window_that_would_start_in_the_padding_behind_the_input_is_dropped():
    # 2 + 2 elements, steps of 3: a second window would start on the padding
    assert max_row([1, 2], 2, stride=3, padding=1, ceil_mode=True).tolist() == [[1]]


def test_padding_counts_in_an_average_unless_told_otherwise():
    assert average_row([6, 12], 3, stride=1, padding=1) == [6, 6]
    assert average_row([6, 12], 3, stride=1, padding=1, count_include_pad=False) == [9, 9]


def test_what_the_ceiling_adds_never_counts_in_an_average():
    # the last window covers 8 and one zero of padding, and sticks out by one more
    settings = {"stride": 2, "padding": 1, "ceil_mode": True}
    assert average_row([2, 4, 6, 8], 3, **settings) == [2, 6, 4]
    assert average_row([2, 4, 6, 8], 3, **settings, count_include_pad=False) == [3, 6, 8]


def test_nan_and_infinity_stay_in_their_windows():
    row = [1, 1, np.nan, 1, np.inf, 1, np.inf, -np.inf]
    with np.errstate(invalid="ignore"):  # ∞ − ∞
        np.testing.assert_array_equal(average_row(row, 2), [1, np.nan, np.inf, np.nan])
    np.testing.assert_array_equal(max_row(row, 2), [[1, np.nan, np.inf, np.inf]])


def test_the_maximum_gets_the_whole_gradient():
    gradient = reference.max_pool2d_input(FOUR_BY_FOUR, np.array([[[1, 2], [3, 4]]]), 2)
    assert gradient.tolist() == [[[0, 0, 0, 0], [1, 0, 0, 2], [0, 3, 0, 4], [0, 0, 0, 0]]]


def test_a_maximum_of_several_windows_gets_the_gradient_of_each():
    gradient = reference.max_pool1d_input(np.array([[1, 9, 2]]), np.array([[10, 100]]), 2, stride=1)
    assert gradient.tolist() == [[0, 110, 0]]


def test_an_average_shares_its_gradient_by_the_number_that_it_divided_by():
    settings = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}
    grad_output = np.array([[6.0, 6, 6]])
    shared = reference.avg_pool1d_input((1, 4), grad_output, **settings)
    assert shared.tolist() == [[2, 4, 2, 5]]
    shared = reference.avg_pool1d_input((1, 4), grad_output, **settings, count_include_pad=False)
    assert shared.tolist() == [[3, 5, 2, 8]]


# unfold and fold


def test_a_column_is_a_window():
    columns = reference.unfold(np.arange(9).reshape(1, 3, 3), kernel_size=2)
    assert columns.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]


def test_a_column_holds_its_channels_one_after_the_other():
    columns = reference.unfold(np.arange(8).reshape(2, 2, 2), kernel_size=(1, 2))
    assert columns.tolist() == [[0, 2], [1, 3], [4, 6], [5, 7]]


UNFOLD = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": (1, 2), "stride": (1, 2)}


@pytest.mark.parametrize("batch", [(), (2,), (0,)])
def test_weights_times_columns_are_the_convolution(batch):
    images, weight = whole_numbers((*batch, 3, 6, 5)), whole_numbers((4, 3, 2, 3), seed=1)
    settings = {name: value for name, value in UNFOLD.items() if name != "kernel_size"}
    expected = reference.conv2d(images, weight, **settings)
    product = weight.reshape(4, -1) @ reference.unfold(images, **UNFOLD)
    np.testing.assert_array_equal(product.reshape(expected.shape), expected)


def test_fold_gives_every_element_back_as_often_as_it_was_taken():
    image = np.arange(9).reshape(1, 3, 3)
    often = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]])
    folded = reference.fold(reference.unfold(image, 2), (3, 3), 2)
    np.testing.assert_array_equal(folded, image * often)


def test_fold_undoes_unfold_where_windows_lie_side_by_side():
    images = whole_numbers((2, 3, 4, 6))
    columns = reference.unfold(images, 2, stride=2)
    np.testing.assert_array_equal(reference.fold(columns, (4, 6), 2, stride=2), images)


# Gradients: ⟨f(x), y⟩ = ⟨x, gradient of f with y⟩ for every x and y pins the gradient of a linear f down


@pytest.mark.parametrize(("padding", "corner", "edge", "centre"), [(0, 1, 3, 9), (1, 4, 6, 9), (2, 9, 9, 9)])
def test_the_gradient_of_ones_counts_how_often_each_pixel_is_read(padding, corner, edge, centre):
    side = 3 + 2 * padding
    counts = reference.conv2d_input(
        (1, 5, 5), np.ones((1, 1, 3, 3), int), np.ones((1, side, side), int), padding=padding
    )[0]
    assert (counts[0, 0], counts[0, 2], counts[2, 2]) == (corner, edge, centre)


def test_in_circular_padding_every_pixel_is_read_equally_often():
    ones = np.ones((1, 5, 5), int)
    counts = reference.conv2d_input(
        (1, 5, 5), np.ones((1, 1, 3, 3), int), ones, padding=1, padding_mode="circular"
    )
    assert (counts == 9).all()


def test_what_the_stride_leaves_unread_has_no_gradient():
    gradient = reference.conv1d_input((1, 6), np.ones((1, 1, 3), int), np.ones((1, 2), int), stride=2)
    assert gradient.tolist() == [[1, 1, 2, 1, 1, 0]]


def test_a_tap_adds_up_the_elements_that_it_read():
    # the first tap read 0, 1, 3, 4; the last one 4, 5, 7, 8
    gradient = reference.conv2d_weight(np.arange(9).reshape(1, 3, 3), (1, 1, 2, 2), np.ones((1, 2, 2), int))
    assert gradient.tolist() == [[[[8, 12], [20, 24]]]]


@pytest.mark.parametrize(
    ("mode", "gradient"),
    [
        ("constant", [1, 10, 100]),
        ("reflect", [1, 10 + 1000 + 10000, 100]),
        ("replicate", [1 + 1000, 10, 100 + 10000]),
        ("circular", [1 + 10000, 10, 100 + 1000]),
    ],
)
def test_a_padded_position_hands_its_gradient_to_its_source(mode, gradient):
    grad_output = np.array([1000, 1, 10, 100, 10000])
    assert reference.pad_input((3,), grad_output, (1, 1), mode).tolist() == gradient


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_pad_input_is_the_adjoint_of_pad(mode):
    array, widths = whole_numbers((2, 3, 4, 5)), (1, 3, 2, 0, 1, 2)
    padded = reference.pad(array, widths, mode)
    grad_output = whole_numbers(padded.shape, seed=1)
    gradient = reference.pad_input(array.shape, grad_output, widths, mode)
    assert inner(padded, grad_output) == inner(array, gradient)


SIZES = {1: (9,), 2: (6, 7), 3: (4, 6, 5)}
KERNELS = {1: (3,), 2: (2, 3), 3: (1, 3, 2)}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stride": 3, "padding": 1},
        {"dilation": 2, "padding": "same"},
        {"padding": "valid", "groups": 2},
        {"stride": 2, "padding": 2, "dilation": 2, "groups": 2, "padding_mode": "reflect"},
        {"padding": 3, "padding_mode": "replicate"},
        {"padding": "same", "groups": 4, "padding_mode": "circular"},
    ],
    ids=str,
)
def test_the_gradients_are_the_adjoints_of_the_convolution(axes, settings):
    groups = settings.get("groups", 1)
    images = whole_numbers((2, 4, *SIZES[axes]))
    weight = whole_numbers((8, 4 // groups, *KERNELS[axes]), seed=1)
    output = getattr(reference, f"conv{axes}d")(images, weight, **settings)
    y = whole_numbers(output.shape, seed=2)
    of_input = getattr(reference, f"conv{axes}d_input")(images.shape, weight, y, **settings)
    of_weight = getattr(reference, f"conv{axes}d_weight")(images, weight.shape, y, **settings)
    assert inner(output, y) == inner(images, of_input) == inner(weight, of_weight)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2},
        {"stride": 2, "dilation": 3, "padding": 1, "output_padding": 2},
        {"stride": 3, "dilation": 2, "groups": 4},
    ],
    ids=str,
)
def test_the_gradients_are_the_adjoints_of_the_transposed_convolution(axes, settings):
    images = whole_numbers((2, 4, *[size - 2 for size in SIZES[axes]]))
    weight = whole_numbers((4, 2, *KERNELS[axes]), seed=1)
    output = getattr(reference, f"conv_transpose{axes}d")(images, weight, **settings)
    y = whole_numbers(output.shape, seed=2)
    of_input = getattr(reference, f"conv_transpose{axes}d_input")(images.shape, weight, y, **settings)
    of_weight = getattr(reference, f"conv_transpose{axes}d_weight")(images, weight.shape, y, **settings)
    assert inner(output, y) == inner(images, of_input) == inner(weight, of_weight)


def test_fold_is_the_adjoint_of_unfold():
    images = whole_numbers((2, 3, 6, 5))
    columns = reference.unfold(images, **UNFOLD)
    y = whole_numbers(columns.shape, seed=1)
    assert inner(columns, y) == inner(images, reference.fold(y, (6, 5), **UNFOLD))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_a_pool_times_y_is_its_input_times_the_gradient(axes):
    # windows of 1, 2 or 4 elements, so that every share is exact
    images = whole_numbers((2, 3, *SIZES[axes]), float)
    for pool, settings in {
        f"max_pool{axes}d": {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        f"avg_pool{axes}d": {"kernel_size": 2, "stride": 2, "padding": 1, "ceil_mode": True},
    }.items():
        output = getattr(reference, pool)(images, **settings)
        y = whole_numbers(output.shape, float, seed=1)
        given = images if pool.startswith("max") else images.shape
        gradient = getattr(reference, f"{pool}_input")(given, y, **settings)
        assert inner(output, y) == inner(images, gradient)


@pytest.mark.parametrize(
    ("function", "gradient"),
    [
        (
            lambda x: reference.conv2d(x, W[:4, :, :, None], padding=1, groups=2, padding_mode="reflect"),
            lambda x, y: reference.conv2d_input(
                x.shape, W[:4, :, :, None], y, padding=1, groups=2, padding_mode="reflect"
            ),
        ),
        (
            lambda x: reference.max_pool2d(x, 3, 2, 1, 1, True),
            lambda x, y: reference.max_pool2d_input(x, y, 3, 2, 1, 1, True),
        ),
        (
            lambda x: reference.avg_pool2d(x, 3, 2, 1, True, False),
            lambda x, y: reference.avg_pool2d_input(x.shape, y, 3, 2, 1, True, False),
        ),
    ],
    ids=["conv2d", "max_pool2d", "avg_pool2d"],
)
def test_a_gradient_says_what_a_small_change_of_one_element_does(function, gradient):
    images = np.random.default_rng(0).permutation(4 * 4 * 5).reshape(4, 4, 5).astype(float)
    y = whole_numbers(function(images).shape, float, seed=1)
    expected = np.empty_like(images)
    for position in np.ndindex(images.shape):
        nudged = images.copy()
        nudged[position] += 0.5  # no whole number is passed, so no maximum changes its place
        expected[position] = (inner(function(nudged), y) - inner(function(images), y)) / 0.5
    np.testing.assert_allclose(gradient(images, y), expected, rtol=0, atol=1e-10)


# Dtypes


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.int8, np.uint16])
def test_floats_stay_and_integers_are_added_up_as_int64(dtype):
    image, weight = np.ones((1, 4, 4), dtype), np.ones((1, 1, 3, 3), dtype)
    y = np.ones((1, 2, 2), dtype)
    wide = np.int64 if np.issubdtype(dtype, np.integer) else dtype
    for result in (
        reference.conv2d(image, weight, np.ones(1, dtype)),
        reference.conv2d_input(image.shape, weight, y),
        reference.conv2d_weight(image, weight.shape, y),
        reference.conv_transpose2d(y, weight, np.ones(1, dtype)),
        reference.conv_transpose2d_input(y.shape, weight, image),
        reference.conv_transpose2d_weight(y, weight.shape, image),
        reference.max_pool2d_input(image, y, 2),
        reference.pad_input((2, 2), image[0], (1, 1, 1, 1)),
        reference.fold(np.ones((4, 9), dtype), 4, 2),
    ):
        assert result.dtype == wide
    for result in (
        reference.max_pool2d(image, 2),
        reference.pad(image, (1, 1)),
        reference.unfold(image, 2),
    ):
        assert result.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_averages_keep_the_dtype(dtype):
    image = np.ones((1, 4, 4), dtype)
    assert reference.avg_pool2d(image, 3, 1, 1).dtype == dtype
    assert reference.avg_pool2d_input(image.shape, image, 3, 1, 1).dtype == dtype


def test_small_integers_overflow_in_no_gradient():
    full, y = np.full((1, 2, 2), 127, np.int8), np.full((1, 1, 1), 127, np.int8)
    assert (reference.conv2d_input((1, 2, 2), full[None], y) == 127**2).all()
    assert (reference.conv2d_weight(full, (1, 1, 2, 2), y) == 127**2).all()
    assert reference.fold(np.full((2, 2), 127, np.int8), (1, 3), (1, 2)).tolist() == [[[127, 254, 127]]]


def test_no_argument_is_modified():
    images, weight, y = X.astype(float), W.astype(float), G.astype(float)
    for array in (images, weight, y):
        array.flags.writeable = False
    reference.conv1d(images, weight, np.ones(6), **CONV)
    reference.conv1d_input(images.shape, weight, y, **CONV)
    reference.conv1d_weight(images, weight.shape, y, **CONV)
    reference.conv_transpose1d(y, weight, np.ones(4), **TRANSPOSED)
    reference.max_pool1d_input(images, images[..., :5], **MAX_POOL)
    reference.avg_pool1d(images, **AVG_POOL)


def test_every_operation_has_a_twin_with_the_same_signature():
    from convlib import functional, gradients  # here, for the definitions do without them

    for fast in (functional, gradients):
        for name in fast.__all__:
            twin = getattr(reference, name)
            assert inspect.signature(twin) == inspect.signature(getattr(fast, name)), name


# PyTorch

needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")


def by_autograd(function, *arrays):
    """PyTorch's output, a gradient for it, and the gradients of all arrays that follow from that one."""
    tensors = [torch.tensor(array, dtype=torch.float64, requires_grad=True) for array in arrays]
    output = function(*tensors)
    y = whole_numbers(output.shape, float, seed=9)
    gradients = torch.autograd.grad(output, tensors, torch.tensor(y))
    return output.detach().numpy(), y, *(gradient.numpy() for gradient in gradients)


def agree(name, arguments, settings, expected, atol=0):
    ours = getattr(reference, name)(*arguments, **settings)
    for our, their in zip(ours, expected, strict=True) if isinstance(expected, tuple) else [(ours, expected)]:
        np.testing.assert_allclose(our, their, rtol=0, atol=atol, err_msg=f"{name} {settings}", strict=True)


@needs_torch
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"),
    [*itertools.product([1, 2], [0, 2], [1, 2]), (1, "same", 1), (1, "same", 2), (3, "valid", 1)],
)
@pytest.mark.parametrize(("groups", "batch"), [(1, (2,)), (2, ())])
def test_convolution_agrees_with_pytorch(axes, stride, padding, dilation, groups, batch):
    name = f"conv{axes}d"
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    images, bias = whole_numbers((*batch, 4, *SIZES[axes]), float), whole_numbers(6, float, 1)
    weight = whole_numbers((6, 4 // groups, *KERNELS[axes]), float, 2)
    output, y, of_input, of_weight = by_autograd(
        lambda x, w: getattr(torch_functional, name)(x, w, torch.tensor(bias), **settings), images, weight
    )
    agree(name, (images, weight, bias), settings, output)
    agree(f"{name}_input", (images.shape, weight, y), settings, of_input)
    agree(f"{name}_weight", (images, weight.shape, y), settings, of_weight)


@needs_torch
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_modes_agree_with_pytorch(axes, mode):
    name, widths = f"conv{axes}d", (2,) * 2 * axes
    settings = {"stride": 2, "padding": 2, "padding_mode": mode}
    images = whole_numbers((2, 4, *SIZES[axes]), float)
    weight = whole_numbers((6, 4, *KERNELS[axes]), float, 1)
    padded, y, of_padding = by_autograd(lambda x: torch_functional.pad(x, widths, mode), images)
    agree("pad", (images, widths, mode), {}, padded)
    agree("pad_input", (images.shape, y, widths, mode), {}, of_padding)
    output, y, of_input, of_weight = by_autograd(
        lambda x, w: getattr(torch_functional, name)(torch_functional.pad(x, widths, mode), w, stride=2),
        images,
        weight,
    )
    agree(name, (images, weight), settings, output)
    agree(f"{name}_input", (images.shape, weight, y), settings, of_input)
    agree(f"{name}_weight", (images, weight.shape, y), settings, of_weight)


@needs_torch
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(
    ("stride", "padding", "output_padding", "dilation"),
    [(1, 0, 0, 1), (2, 0, 0, 1), (2, 1, 1, 1), (3, 1, 2, 2), (1, 1, 1, 2), (1, 0, 2, 3)],
)
@pytest.mark.parametrize(("groups", "batch"), [(1, (2,)), (2, ())])
def test_transposed_convolution_agrees_with_pytorch(
    axes, stride, padding, output_padding, dilation, groups, batch
):
    name = f"conv_transpose{axes}d"
    settings = {
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "groups": groups,
        "dilation": dilation,
    }
    images = whole_numbers((*batch, 4, *[size - 2 for size in SIZES[axes]]), float)
    bias = whole_numbers(3 * groups, float, 1)
    weight = whole_numbers((4, 3, *KERNELS[axes]), float, 2)
    output, y, of_input, of_weight = by_autograd(
        lambda x, w: getattr(torch_functional, name)(x, w, torch.tensor(bias), **settings), images, weight
    )
    agree(name, (images, weight, bias), settings, output)
    agree(f"{name}_input", (images.shape, weight, y), settings, of_input)
    agree(f"{name}_weight", (images, weight.shape, y), settings, of_weight)


@needs_torch
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding", "dilation"),
    [(2, None, 0, 1), (3, 2, 1, 1), (2, 3, 1, 1), (3, 1, 1, 2), (2, 2, 1, 2), (1, 2, 0, 1)],
)
def test_max_pooling_agrees_with_pytorch(axes, ceil_mode, kernel_size, stride, padding, dilation):
    name = f"max_pool{axes}d"
    settings = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "ceil_mode": ceil_mode,
    }
    images = whole_numbers((2, 3, *SIZES[axes]), float) // 4  # many equal elements
    theirs = getattr(torch_functional, name)
    output, y, of_input = by_autograd(lambda x: theirs(x, **settings), images)
    _, indices = theirs(torch.tensor(images), **settings, return_indices=True)
    agree(name, (images,), settings, output)
    agree(f"{name}_input", (images, y), settings, of_input)
    agree(name, (images,), {**settings, "return_indices": True}, (output, indices.numpy()))


@needs_torch
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("count_include_pad", [False, True])
@pytest.mark.parametrize(
    ("kernel_size", "stride", "padding"), [(2, None, 0), (4, 2, 1), (2, 3, 1), (4, 3, 2), (1, 2, 0)]
)
def test_average_pooling_agrees_with_pytorch(
    axes, ceil_mode, count_include_pad, kernel_size, stride, padding
):
    name = f"avg_pool{axes}d"
    settings = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "ceil_mode": ceil_mode,
        "count_include_pad": count_include_pad,
    }
    images = whole_numbers((2, 3, *SIZES[axes]), float)
    output, y, of_input = by_autograd(lambda x: getattr(torch_functional, name)(x, **settings), images)
    agree(name, (images,), settings, output)
    agree(f"{name}_input", (images.shape, y), settings, of_input, atol=1e-13)


@needs_torch
@pytest.mark.parametrize(
    "settings", [{"kernel_size": 2}, {"kernel_size": 3, "stride": 2, "padding": 1}, UNFOLD], ids=str
)
def test_unfold_and_fold_agree_with_pytorch(settings):
    images = whole_numbers((2, 3, 6, 5), float)
    columns, y, of_images = by_autograd(lambda x: torch_functional.unfold(x, **settings), images)
    agree("unfold", (images,), settings, columns)
    agree("fold", (y, (6, 5)), settings, of_images)
    folded, y, of_columns = by_autograd(lambda x: torch_functional.fold(x, (6, 5), **settings), columns)
    agree("fold", (columns, (6, 5)), settings, folded)
    agree("unfold", (y,), settings, of_columns)
