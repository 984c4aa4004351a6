"""Check a term that a reader wrote, before a model is trained with it."""

from collections.abc import Callable

from vaelib.prior_of_step import PriorOfStep
from vaelib.priors import Mixture, StandardNormal
from vaelib.support.backend import Tensor, keras, ops, tf
from vaelib.support.repeatable import gives_equal_bytes, shapes_with_three_gradients
from vaelib.support.rng import named_rng
from vaelib.terms import Term

BATCH = 5  # images of the example


def check_term(
    term: Term,
    latent_dim: int,
    image_shape: tuple[int, int, int],
    sampled: bool,
    prior: StandardNormal | Mixture,
) -> None:
    """Compute a term for an example, and raise if a model cannot be trained with it.

    The example consists of random images and codes.

    Args:
        term: The term.
        latent_dim: Number of latent dimensions.
        image_shape: (height, width, channels).
        sampled: Whether codes are sampled, so that there is a "z_log_var".
        prior: The prior of the model, from `current()`.

    Raises:
        ValueError: If the function or a variable that it uses has changed since the term was
            created, if the term has the wrong shape, if its function raises an exception, if it has
            no gradient, or if training with it would not repeat bit for bit.
    """
    term.check_unchanged()
    random = named_rng(0, "example for a term")
    images = ops.convert_to_tensor(random.random((BATCH, *image_shape), dtype="float32"))
    names = ("z_mean", "z_log_var", "z")[:: 1 if sampled else 2]
    outputs = {name: random.standard_normal((BATCH, latent_dim), "float32") for name in names}
    outputs["logits"] = random.standard_normal((BATCH, *image_shape), "float32")
    names = [name for name in outputs if name in term.uses]
    arrays = [ops.convert_to_tensor(outputs[name]) for name in names]
    generator = keras.random.SeedGenerator(0)
    begin = ops.convert_to_numpy(generator.state)

    def value(images: Tensor, *tensors: Tensor) -> Tensor:
        generator.state.assign(begin)  # so that each call gets the same random numbers
        return term(images, dict(zip(names, tensors, strict=True)), PriorOfStep(prior, generator))

    shapes = _explained(term, names, lambda: shapes_with_three_gradients(value, images, *arrays))
    if shapes:
        raise ValueError(
            f"the term {term.name} uses a tensor of shape {shapes[0]} three or more times, so the "
            "order in which its gradients are added is not fixed, and training would not repeat "
            "bit for bit: make copies with vaelib.losses.fork_gradient, and use each of them at "
            "most twice."
        )
    if not _explained(term, names, lambda: gives_equal_bytes(lambda: value(images, *arrays))):
        raise ValueError(
            f"the term {term.name} gives different values for the same images and codes, so "
            "training would not repeat: take random numbers from its argument prior, with "
            "prior.noise(n, d) or prior.sample(n)."
        )
    with tf.GradientTape() as tape:
        tape.watch(arrays)
        total = ops.sum(value(images, *arrays))
    gradients = tape.gradient(total, arrays)
    if not term.trains_prior and all(gradient is None for gradient in gradients):
        raise ValueError(
            f"the term {term.name} has no gradient with respect to the outputs of the model, so "
            "training would not change it: compute it from outputs with differentiable functions "
            "of keras.ops."
        )


def _explained(term: Term, names: list[str], compute: Callable[[], object]) -> object:
    """Call a function that computes a term, and say which term raised an exception."""
    try:
        return compute()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        if isinstance(error, ValueError) and str(error).startswith("the term "):
            raise
        if isinstance(error, KeyError):
            reason = f"the outputs have no {error}, they are {', '.join(names)}"
        raise ValueError(
            f"the term {term.name} cannot be computed ({reason}): use functions of keras.ops on "
            "the tensors in outputs, and ops.shape(z)[0] for the number of images."
        ) from error
