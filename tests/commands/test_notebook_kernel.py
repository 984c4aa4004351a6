"""A notebook's kernel ends without a message, in time, and without being killed."""

import time

import nbformat
import papermill
import pytest
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient

from vaelib.commands.notebook_kernel import KERNEL_OPTIONS

# The kernel is still at its last answer, which papermill has, when it is told to end.
SLOW_TO_ANSWER = """def install(session):
    import time
    send = session.send
    def slow(stream, kind, *args, **kwargs):
        sent = send(stream, kind, *args, **kwargs)
        if kind == "kernel_info_reply":
            time.sleep(1)
        return sent
    session.send = slow
install(get_ipython().kernel.session)"""

SLOW_TO_END = """import atexit, pathlib, time
def last(path={path!r}):
    import pathlib, time
    time.sleep(3.5)
    pathlib.Path(path).write_text("done")
atexit.register(last)"""


def notebook(source):
    found = nbformat.v4.new_notebook()
    found.cells = [nbformat.v4.new_code_cell(source)]
    return found


@pytest.mark.parametrize("patient", [True, False])
def test_a_successful_notebook_prints_nothing_at_its_end(patient, capfd):
    stock = {} if patient else {"kernel_manager_class": AsyncKernelManager}
    how = {"progress_bar": False, "language": "python"} | KERNEL_OPTIONS | stock
    papermill.execute_notebook(notebook(SLOW_TO_ANSWER), None, **how)
    written = capfd.readouterr().err
    if patient:
        assert written == ""
    else:  # so that it can be seen here what is left out there
        assert "KeyboardInterrupt caught in kernel" in written


def test_a_kernel_that_ends_slowly_is_not_killed(tmp_path):
    path = tmp_path / "ended"
    NotebookClient(notebook(SLOW_TO_END.format(path=str(path))), **KERNEL_OPTIONS).execute()
    assert path.read_text() == "done"


def test_a_kernel_that_does_not_end_by_itself_is_not_waited_for_long():
    client = NotebookClient(notebook(""), **KERNEL_OPTIONS)
    with client.setup_kernel():
        client.kc.execute("import time; time.sleep(600)")
        time.sleep(0.5)
        before = time.monotonic()
    assert time.monotonic() - before < 9
