"""Check a term that a reader wrote, before a model is trained with it."""

from collections.abc import Callable

from vaelib.priors import StandardNormal
from vaelib.support.backend import Tensor, keras, ops, tf
from vaelib.support.repeatable import gives_equal_bytes, shapes_with_three_gradients
from vaelib.support.rng import named_rng
from vaelib.terms import PriorOfStep, Term

BATCH = 5  # images of the example, a number that is unlikely to be the size of another axis


def check_term(
    term: Term, latent_dim: int, image_shape: tuple[int, int, int], sampled: bool
) -> None:
    """Compute a term for an example, and raise if a model cannot be trained with it.

    The example consists of random images and codes, with the standard normal prior.

    Args:
        term: The term.
        latent_dim: Number of latent dimensions.
        image_shape: (height, width, channels).
        sampled: Whether codes are sampled, so that there is a "z_log_var".

    Raises:
        ValueError: If the term has the wrong shape, if its function raises an exception, if it has
            no gradient, or if training with it would not repeat bit for bit.
    """
    random = named_rng(0, "example for a term")
    images = ops.convert_to_tensor(random.random((BATCH, *image_shape), dtype="float32"))
    names = ("z_mean", "z_log_var", "z")[:: 1 if sampled else 2]
    outputs = {name: random.standard_normal((BATCH, latent_dim), "float32") for name in names}
    outputs["logits"] = random.standard_normal((BATCH, *image_shape), "float32")

    generator = keras.random.SeedGenerator(0)
    begin = ops.convert_to_numpy(generator.state)
    prior = PriorOfStep(StandardNormal(latent_dim), generator)

    def value(*tensors: Tensor) -> Tensor:
        generator.state.assign(begin)  # so that each call gets the same random numbers
        return term(images, dict(zip(outputs, tensors, strict=True)), prior)

    arrays = list(map(ops.convert_to_tensor, outputs.values()))
    shapes = _explained(term, lambda: shapes_with_three_gradients(value, *arrays))
    if shapes:
        raise ValueError(
            f"the term {term.name} uses a tensor of shape {shapes[0]} three or more times, so the "
            "order in which its gradients are added is not fixed, and training would not repeat "
            "bit for bit: make copies with vaelib.losses.fork_gradient, and use each of them at "
            "most twice."
        )
    if not _explained(term, lambda: gives_equal_bytes(lambda: value(*arrays))):
        raise ValueError(
            f"the term {term.name} gives different values for the same images and codes, so "
            "training would not repeat: take random numbers from its argument prior, with "
            "prior.noise(n, d) or prior.sample(n)."
        )
    with tf.GradientTape() as tape:
        tape.watch(arrays)
        total = ops.sum(value(*arrays))
    if all(gradient is None for gradient in tape.gradient(total, arrays)):
        raise ValueError(
            f"the term {term.name} has no gradient with respect to the outputs of the model, so "
            "training would not change it: compute it from outputs with differentiable functions "
            "of keras.ops."
        )


def _explained(term: Term, compute: Callable[[], object]) -> object:
    """Call a function that computes a term, and say which term raised an exception."""
    try:
        return compute()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        if isinstance(error, ValueError) and str(error).startswith("the term "):
            raise
        if isinstance(error, KeyError):
            there = "z_mean, z_log_var, z, logits; without sampling, there is no z_log_var"
            reason = f"the outputs have no {error}, they are {there}"
        raise ValueError(
            f"the term {term.name} cannot be computed ({reason}): use functions of keras.ops on "
            "the tensors in outputs."
        ) from error
