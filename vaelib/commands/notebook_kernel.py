"""Settings for executing a notebook in a separate kernel that shuts down without messages."""

from jupyter_client import AsyncKernelManager
from traitlets import Float
from traitlets.config import Config


class QuietKernelManager(AsyncKernelManager):
    """Shut a kernel down without interrupting it first.

    An interrupt can reach a kernel while it still answers its last request. It would then print a
    KeyboardInterrupt below a successful notebook. A kernel that does not exit within half of
    `shutdown_wait_time` receives SIGTERM, which causes no output.
    """

    shutdown_wait_time = Float(10.0)  # seconds in total; interrupting a long cell takes half

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


# Options for both papermill and nbclient. Without `transport_encryption`, each kernel warns that
# its messages over the loopback device are not encrypted.
KERNEL_OPTIONS = {
    "kernel_name": "python3",
    "kernel_manager_class": QuietKernelManager,
    "config": Config(KernelManager={"transport_encryption": "auto"}),
}
