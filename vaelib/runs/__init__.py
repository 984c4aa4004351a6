"""Train models from recipes, and store, resume and load the training runs.

recipes            all settings that determine a training run
gan_recipes        the same for a GAN, which has two networks that are trained against each other
dataset_reference  the description of a user's data set in a recipe
trainer            `train`, which loads, resumes or starts a training run
run_folder         completed runs on disk
checkpoints        the state of an unfinished training run on disk
snapshots          the latent space and samples at several training steps
sizes              how large a run is, checked before training and before a stored model is built
provenance         the code, data and versions that produced a run
npz                safe reading and writing of .npz files
reproduction       retraining of the published runs for comparison
"""

from vaelib.runs.gan_recipes import GANRecipe
from vaelib.runs.recipes import Recipe, post_recipe
from vaelib.runs.run_folder import PUBLISHED, Run, folder_for, is_complete, load, locked, save
from vaelib.runs.snapshots import Snapshots
from vaelib.runs.trainer import train
from vaelib.support.errors import RunError
