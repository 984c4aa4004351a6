"""Check that a function of tensors gives the same bytes each time, and so do its gradients.

Training repeats bit for bit only if this is true of every part of the loss.
"""

from collections.abc import Callable

import numpy as np

from vaelib.support.backend import Tensor, ops, tf

#: Operations of TensorFlow that add many numbers in an order that depends on scheduling.
_UNORDERED = {"AddN"}


def shapes_with_three_gradients(function: Callable[..., Tensor], *arguments: Tensor) -> list[tuple]:
    """Find tensors that receive three or more gradients when a function is differentiated.

    TensorFlow adds three or more gradients in an order that depends on scheduling; see
    `losses.fork_gradient`.

    Args:
        function: Maps tensors to a tensor, whose sum is differentiated.
        *arguments: Examples of the arguments. Only shapes and types matter.

    Returns:
        The shapes of these tensors. None stands for the size of the batch.

    >>> shapes_with_three_gradients(lambda z: z * z + z, ops.ones((5, 2)))
    [(5, 2)]
    >>> shapes_with_three_gradients(lambda z: ops.square(z) + z, ops.ones((5, 2)))
    []
    """

    @tf.function(autograph=False)
    def differentiated(*inputs):
        # In training, each argument comes out of a layer, and is used by other parts of the loss.
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            result = ops.sum(function(*(tf.identity(x) for x in inputs)))
        return tape.gradient(result, inputs, unconnected_gradients="zero")

    graph = differentiated.get_concrete_function(*map(ops.convert_to_tensor, arguments)).graph
    found = [op for op in graph.get_operations() if op.type in _UNORDERED and len(op.inputs) > 2]
    return [tuple(op.outputs[0].shape) for op in found]


def gives_equal_bytes(function: Callable[[], Tensor]) -> bool:
    """Call a function twice, and tell whether the results are equal to the byte.

    >>> gives_equal_bytes(lambda: ops.ones(3)), gives_equal_bytes(lambda: tf.random.normal([3]))
    (True, False)
    """
    one, other = (np.asarray(ops.convert_to_numpy(function())) for _ in range(2))
    return one.tobytes() == other.tobytes()
