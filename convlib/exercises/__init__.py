"""What `convlib.check` knows of the book's exercises: a module a part, {label: Exercise} in each."""

from convlib.exercises import (
    beyond,
    convolution_and_pooling,
    convolution_in_networks,
    convolution_layer,
    kinds_of_convolution,
    padding_and_dilation,
)

PARTS = (
    convolution_layer,
    convolution_in_networks,
    convolution_and_pooling,
    padding_and_dilation,
    kinds_of_convolution,
    beyond,
)
EXERCISES = {label: exercise for part in PARTS for label, exercise in part.EXERCISES.items()}
