"""Exercises of the part "Kinds of convolution"."""

from functools import cache
from itertools import product
from math import gcd, isqrt

import numpy as np

from convlib import conv2d, shapes
from convlib.practice import Exercise


def draw_pixels(random):
    c, h, w, c_out = (int(size) for size in random.integers((2, 2, 2, 2), (5, 5, 6, 5)))
    return random.normal(size=(c, h, w)), random.normal(size=(c_out, c))


def draw_budget(random):
    channels = int(random.integers(100, 500))
    return channels, 9 * channels**2 // int(random.integers(4, 13))


def draw_groups(random):
    """Two kernels a group: the number of groups and the channels and kernels of a group all differ."""
    groups, m = (int(size) for size in random.permutation((3, 4)))
    return random.normal(size=(groups * m, 5, 6)), random.normal(size=(2 * groups, m, 3, 2)), groups


def draw_maps(random):
    groups, of_one = int(random.integers(2, 4)), int(random.integers(4, 6))
    return random.normal(size=(groups * of_one, 2, 3)), groups


def draw_pair(random):
    """As many outputs as inputs, or one: the shapes for which the printed function raises no error."""
    c_in = int(random.integers(2, 6))
    c_out = int(random.choice((1, c_in)))
    return random.normal(size=(c_in, 1, 3, 2)), random.normal(size=(c_out, c_in, 1, 1))


def draw_layer(random):
    c_in, c_out, half = (int(size) for size in random.integers((2, 2, 2), (200, 200, 30)))
    return c_in, c_out, 2 * half


def draw_rates(random):
    """A stack without holes that seems to have some if steps are missed, or the other way round."""
    return (list(drawn_like(random, pool_of_rates())),)


def draw_rates_and_size(random):
    """A stack and a kernel size: each time, two of truth, two coins, HDC and divisors say yes."""
    *rates, k = drawn_like(random, pool_of_rates_and_sizes())
    return rates, k


def drawn_like(random, pool):
    """One of the cases of a kind, after the kind, since single answers yes and no tell so little."""
    cases = pool[random.integers(len(pool))]
    return cases[random.integers(len(cases))]


@cache
def pool_of_rates():
    triples = list(product(range(1, 12), repeat=3))
    too_strict = [rates for rates in triples if is_full(rates) and not is_full(rates, steps=1)]
    return too_strict, [rates for rates in triples if is_full(rates, steps=3) and not is_full(rates)]


@cache
def pool_of_rates_and_sizes():
    kinds = {(True, False, False, True): [], (False, True, False, True): [], (False, False, True, True): []}
    for *rates, k in product(range(1, 11), range(1, 11), range(1, 11), (2, 4, 5)):
        kind = is_full(rates, k), is_full(rates), shapes.hdc_accepts(rates, k), gcd(*rates) == 1
        if kind in kinds:
            kinds[kind].append((*rates, k))
    return list(kinds.values())


def pointwise(image, matrix):
    return np.tensordot(matrix, image, 1)


def pointwise_as_printed(image, matrix):
    c, h, w = image.shape
    return (image.reshape(h * w, c) @ matrix.T).T.reshape(-1, h, w)


def pointwise_without_last_transpose(image, matrix):
    c, h, w = image.shape
    return (image.reshape(c, h * w).T @ matrix.T).reshape(-1, h, w)


def widest_bottleneck(channels, budget, ends=2):
    """The largest m with 9 m² + ends · channels · m within the budget."""
    half = ends * channels
    return (isqrt(half**2 + 36 * budget) - half) // 18


def reading_from(first_channel):
    """A grouped layer whose kernel o reads from the channel first_channel(o, m, groups, kernels)."""

    def by_groups(image, weight, groups):
        m = weight.shape[1]
        firsts = [first_channel(o, m, groups, len(weight)) for o in range(len(weight))]
        return np.concatenate([conv2d(image[c : c + m], weight[o : o + 1]) for o, c in enumerate(firsts)])

    return by_groups


def added_groups(image, weight, groups):
    maps = conv2d(image, weight, groups=groups)
    return maps.reshape(groups, -1, *maps.shape[1:]).sum(axis=0)


def shuffle(maps, groups):
    return maps.reshape(groups, -1, *maps.shape[1:]).swapaxes(0, 1).reshape(maps.shape)


def work(c_in, c_out, n, late=None, depth=1):
    """The multiply-adds with the stride in the depthwise layer, and in the pointwise one."""
    mixing, looking = c_in * c_out, 9 * c_in * depth
    quarter = n * n // 4
    return (mixing + looking) * quarter, mixing * (late or quarter) + looking * n * n


def is_full(rates, k=3, steps=None):
    """Whether no rate is larger than the field of the smaller ones."""
    field = 1
    for d in sorted(rates):
        if d > field:
            return False
        field += d * (steps or k - 1)
    return True


EXERCISES = {
    "pointwise-bug": Exercise(
        draw=draw_pixels,
        solution=pointwise,
        mistakes={
            "reshape moves no number: whose numbers stand in the first row of pixels?": pointwise_as_printed,
            "The product has a row for each pixel, and the result begins with channels.": (
                pointwise_without_last_transpose
            ),
        },
        about="image {0}, matrix {1}",
    ),
    "pointwise-neck": Exercise(
        draw=draw_budget,
        solution=lambda channels, budget: (budget // (10 * channels), widest_bottleneck(channels, budget)),
        mistakes={
            "What do the 1 × 1 layers themselves cost?": lambda channels, budget: (
                budget // (9 * channels),
                isqrt(budget) // 3,
            ),
            "How many 1 × 1 layers has a bottleneck?": lambda channels, budget: (
                budget // (10 * channels),
                widest_bottleneck(channels, budget, ends=1),
            ),
            "Is the last number that you tried still within the budget?": lambda channels, budget: (
                budget // (10 * channels) + 1,
                widest_bottleneck(channels, budget) + 1,
            ),
        },
        about="channels = {0}, budget = {1}",
    ),
    "grouped-bug": Exercise(
        draw=draw_groups,
        solution=lambda image, weight, groups: conv2d(image, weight, groups=groups),
        mistakes={
            "Do kernels 0 and 1 belong to the same group or to different ones?": reading_from(
                lambda o, m, groups, kernels: o % groups * m
            ),
            "The group of a kernel follows from how many kernels a group has, not channels.": reading_from(
                lambda o, m, groups, kernels: o // m * m
            ),
            "o // groups would be right if each group had as many kernels as there are groups.": reading_from(
                lambda o, m, groups, kernels: o // groups * m
            ),
            "Are the results of the groups added or stacked?": added_groups,
        },
        about="image {0}, weight {1}, groups = {2}",
    ),
    "grouped-back": Exercise(
        draw=draw_maps,
        solution=lambda maps, groups: shuffle(maps, len(maps) // groups),
        mistakes={
            "That shuffles once more; how many rows has the transposed table?": shuffle,
            "Reshaping alone moves nothing.": lambda maps, groups: maps,
        },
        about="maps {0}, groups = {1}",
    ),
    "depthwise-separable-bug": Exercise(
        draw=draw_pair,
        solution=lambda D, P: P * D[:, 0],
        mistakes={
            "Which axis of P do the channels of D meet?": lambda D, P: P * D,
            "Which comes first in a dense weight, the output channels or the input channels?": lambda D, P: (
                P.swapaxes(0, 1) * D
            ),
            "A dense kernel keeps one slice for each input channel.": lambda D, P: np.sum(
                P * D[:, 0], axis=1, keepdims=True
            ),
        },
        about="D {0}, P {1}",
    ),
    "depthwise-separable-stride": Exercise(
        draw=draw_layer,
        solution=work,
        mistakes={
            "Where does a pointwise layer with stride 2 compute?": lambda c_in, c_out, n: work(
                c_in, c_out, n, late=n * n
            ),
            "How many channels does a depthwise kernel read?": lambda c_in, c_out, n: work(
                c_in, c_out, n, depth=c_in
            ),
            "Which of the two numbers comes first?": lambda c_in, c_out, n: work(c_in, c_out, n)[::-1],
        },
        about="c_in = {0}, c_out = {1}, n = {2}",
    ),
    "dilated-stacks-bug": Exercise(
        draw=draw_rates,
        solution=lambda rates: bool(shapes.coverage(rates).all()),
        mistakes={
            "By how many steps do three taps widen the field?": lambda rates: is_full(rates, steps=1),
            "Three taps are two steps apart, not three.": lambda rates: is_full(rates, steps=3),
        },
        about="rates {0}",
    ),
    "dilated-stacks-kernels": Exercise(
        draw=draw_rates_and_size,
        solution=lambda rates, k: bool(shapes.coverage(rates, k).all()),
        mistakes={
            "How many coins of each value has a kernel of k taps?": lambda rates, k: is_full(rates),
            "That is HDC; which of its numbers holds for three taps only?": shapes.hdc_accepts,
            "Rates without a common divisor can leave holes.": lambda rates, k: gcd(*rates) == 1,
        },
        about="rates {0}, k = {1}",
    ),
}
