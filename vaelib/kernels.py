"""How notebooks' kernels are started: the one setting that every caller needs."""

from traitlets.config import Config

# Otherwise each kernel warns that what it sends over the loopback device is not encrypted.
ENCRYPTED = Config(KernelManager={"transport_encryption": "auto"})
