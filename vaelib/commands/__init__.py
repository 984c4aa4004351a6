"""The commands of the command line, which `vaelib.__main__` assembles.

train            the command `train`
use_run          the commands `encode`, `sample` and `explore` for a trained model
own_images       images to show on a page, however few they are
outputs          checks of where results are written, so that no other file is replaced
training_report  figures, tables and pages about a training run
progress         a progress bar for training
batch            execution of a notebook over a grid of parameters
parameter_grid   the grid of parameters that a batch file specifies
notebook_kernel  settings of the kernel that executes a notebook
command_group    error messages and options shared by the commands
"""
