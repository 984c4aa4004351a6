"""Read CIFAR-10 from image files that the user supplies.

The images are read without verification from `images.zip`, or from images in folders called
train/airplane, test/airplane and so on. These are searched for in a folder `cifar10` of the given
folder or of VAELIB_DATA_DIR, and in that folder itself.
"""

from pathlib import Path

from vaelib.data.dataset import Dataset
from vaelib.data.dataset_entry import DatasetEntry
from vaelib.data.user_images.image_folder import images
from vaelib.support.errors import DataError
from vaelib.support.files import folder_from_environment

SHAPE = (32, 32, 3)
CLASS_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def _load(directory: Path | None) -> Dataset:
    chosen = folder_from_environment("VAELIB_DATA_DIR") if directory is None else directory
    for place in (chosen / "cifar10", chosen) if chosen else ():
        for source in (place / "images.zip", place):
            if source.is_file() or (source / "train").is_dir():
                found = images(source, SHAPE[:2], color=True, name="cifar10")
                if found.class_names != CLASS_NAMES:
                    raise DataError(
                        f"{source} has classes called {', '.join(found.class_names[:12])}: "
                        f"expected those of CIFAR-10, {', '.join(CLASS_NAMES)}."
                    )
                return found
    raise DataError(
        f"there are no images of CIFAR-10 in {chosen or 'VAELIB_DATA_DIR, which is not set'}: "
        "put train/CLASS/... and test/CLASS/... into a folder cifar10 there, as image files or in "
        "images.zip."
    )


ENTRY = DatasetEntry("cifar10", CLASS_NAMES, SHAPE, _load, True, "animals and vehicles")
