"""How a notebook is executed, by whoever does it: in a kernel of its own, that ends quietly."""

from jupyter_client import AsyncKernelManager
from traitlets import Float
from traitlets.config import Config


class PatientManager(AsyncKernelManager):
    """Asks a kernel to end, and waits, instead of interrupting it first.

    A kernel that is just answering its last request would write of a KeyboardInterrupt under a
    notebook that went well. One that does not end within half of the time gets SIGTERM, which it
    says nothing about.
    """

    shutdown_wait_time = Float(10.0)  # seconds, in all; who breaks off a long cell waits for half

    async def _async_interrupt_kernel(self):
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


# Options of papermill and of nbclient alike. Unless it is told not to, each kernel warns that what
# it sends over the loopback device is not encrypted.
KERNEL = {
    "kernel_name": "python3",
    "kernel_manager_class": PatientManager,
    "config": Config(KernelManager={"transport_encryption": "auto"}),
}
