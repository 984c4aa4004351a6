"""Check that a function of tensors gives the same bytes each time, and so do its gradients.

Training repeats bit for bit only if this is true of every part of the loss.
"""

from collections.abc import Callable

import numpy as np

from vaelib.support.backend import Tensor, ops, tf


def shapes_with_three_gradients(
    function: Callable[..., Tensor], constant: Tensor, *arguments: Tensor
) -> list[tuple]:
    """Find tensors that receive three or more gradients when a function is differentiated.

    TensorFlow adds three or more gradients in an order that depends on scheduling; see
    `losses.fork_gradient`. As in training, the function is called with tensors whose number of rows
    is unknown.

    Args:
        function: Maps tensors to a tensor, whose sum is differentiated.
        constant: Example of the first argument, with respect to which nothing is differentiated.
        *arguments: Examples of the other arguments. Only shapes and types matter.

    Returns:
        The shapes of these tensors. None stands for the number of rows.

    >>> x, z = ops.ones((5, 3)), ops.ones((5, 2))
    >>> shapes_with_three_gradients(lambda x, z: z * z + z, x, z)
    [(None, 2)]
    >>> shapes_with_three_gradients(lambda x, z: ops.square(z) + z, x, z)
    []
    """

    @tf.function(autograph=False)
    def differentiated(constant, *inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = ops.sum(function(constant, *(tf.identity(x) for x in inputs)))
        return tape.gradient(result, inputs, unconnected_gradients="zero")

    kinds = [tf.TensorSpec((None, *x.shape[1:]), x.dtype) for x in (constant, *arguments)]
    graph = differentiated.get_concrete_function(*kinds).graph
    found = [op for op in graph.get_operations() if op.type == "AddN" and len(op.inputs) > 2]
    return [tuple(op.outputs[0].shape) for op in found]


def gives_equal_bytes(function: Callable[[], Tensor]) -> bool:
    """Call a function twice, and tell whether the results are equal to the byte.

    >>> gives_equal_bytes(lambda: ops.ones(3)), gives_equal_bytes(lambda: tf.random.normal([3]))
    (True, False)
    """
    one, other = (np.asarray(ops.convert_to_numpy(function())) for _ in range(2))
    return one.tobytes() == other.tobytes()
