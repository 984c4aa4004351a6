"""What a recipe says of images that no name stands for: your own."""

import re
from dataclasses import dataclass, field

from vaelib.data import Dataset
from vaelib.errors import check_integer

WORD = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class OwnImages:
    """Images that no name stands for: known by their pixels, wherever they lie.

    Attributes:
        name: of the `Dataset`.
        fingerprint: of the `Dataset`.
        image_shape: (height, width, channels).
        class_names: of the `Dataset`.
        fit: of the `Dataset`.
        at_hand: the `Dataset` itself; None in a recipe that was read from a file.
    """

    name: str
    fingerprint: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    fit: str | None
    at_hand: Dataset | None = field(default=None, compare=False, repr=False)

    def get_config(self):
        """Plain values, for JSON."""
        lists = {"image_shape": list(self.image_shape), "class_names": list(self.class_names)}
        return {"name": self.name, "fingerprint": self.fingerprint, "fit": self.fit} | lists

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`, without the images.

        Raises:
            ValueError: for other values.
        """
        if set(config) != {"name", "fingerprint", "image_shape", "class_names", "fit"}:
            raise ValueError(f"{config!r} do not say which images are meant.")
        shape = tuple(check_integer("a side", side, 1) for side in config["image_shape"])
        names = tuple(map(str, config["class_names"]))
        fit = config["fit"] and str(config["fit"])
        return cls(str(config["name"]), str(config["fingerprint"]), shape, names, fit)

    @classmethod
    def of(cls, dataset):
        """What there is to say of a `Dataset`, which is at hand."""
        about = dataset.name, dataset.fingerprint, dataset.image_shape, dataset.class_names
        return cls(*about, dataset.fit, dataset)

    @property
    def slug(self):
        """The name in small letters and digits, for the name of a folder."""
        return WORD.sub("-", self.name.lower()).strip("-")[:40] or "images"
