"""What is trained, and where it is kept: recipes go in, trained runs come out.

What is in which file:

    recipes       everything that decides what is trained; `own_images`: what they say of yours
    keeper        `train`: a run is loaded, taken up again, or trained
    folders       runs on disk
    checkpoints   trainings half-way, on disk
    snapshots     what the latent space looked like on the way
    provenance    by which code, data and versions a run came about; `fingerprint`: of code
    reproduction  the published runs, trained once more and compared
"""

from vaelib.errors import RunError
from vaelib.runs.folders import PUBLISHED, Run, folder_for, is_complete, load, lock, save
from vaelib.runs.keeper import train
from vaelib.runs.recipes import Recipe, post
from vaelib.runs.snapshots import Snapshots
