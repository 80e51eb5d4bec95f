"""A process of its own for a student's code: it may loop, exit, print without end, leave children behind."""

import contextlib
import ctypes
import inspect
import json
import os
import queue
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from assignments.grading import bridge

ROOT = Path(__file__).resolve().parents[2]
LARGEST_OUTPUT = 100_000  # characters of a cell's outputs that are kept
MEMORY = 4 * 2**30  # bytes of address space, where the system can limit it
START = 60  # seconds
# What the kernel runs in place of ipykernel_launcher: what it starts cannot raise the limits again.
LAUNCHER = f"""
import os, runpy
os.environ.pop("JPY_PARENT_PID", None)  # inside a sandbox the parent has another number
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
    resource.setrlimit(resource.RLIMIT_FSIZE, ({2**28}, {2**28}))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except ImportError:
    pass  # Windows
runpy.run_module("ipykernel_launcher", run_name="__main__")
"""
CALL = (
    "exec(compile({source!r}, 'bridge', 'exec'), _ := {{}}); _['answer'](globals(), {request!r}, {reply!r})"
)


class KernelDied(Exception):
    """The process has ended."""


class KernelStuck(Exception):
    """The process has not answered in time."""


class AnswerError(Exception):
    """What a student's name should have held, or its call given back, did not come."""


class Kernel:
    """A running kernel in a folder of its own, inside a sandbox where the machine has one."""

    def __init__(self, folder):
        adopt_orphans()
        self.folder = Path(folder)
        self.asked = 0
        argv = [*sandbox(self.folder), sys.executable, "-c", LAUNCHER, "-f", "{connection_file}"]
        local = sys.platform != "win32"
        self.manager = KernelManager(
            transport="ipc" if local else "tcp",
            connection_file=str(self.folder / f"kernel-{os.getpid()}-{time.monotonic_ns()}.json"),
        )
        if local:
            self.manager.ip = str(self.folder / f"socket-{time.monotonic_ns()}")
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
        self.manager.start_kernel(cwd=str(self.folder), env=environment(self.folder))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=START)
        except RuntimeError as error:
            self.end()
            raise KernelDied(f"the kernel did not start: {error}") from None

    def run(self, code, seconds):
        """The outputs of a piece of code."""
        message = self.client.execute(code, allow_stdin=False)
        deadline = time.monotonic() + seconds
        outputs, size = [], 0
        while True:
            if time.monotonic() > deadline:
                raise KernelStuck
            try:
                reply = self.client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                if not self.manager.is_alive():
                    raise KernelDied from None
                continue
            if reply["parent_header"].get("msg_id") != message:
                continue
            kind, content = reply["msg_type"], reply["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return outputs
            if kind in ("stream", "error", "display_data", "execute_result"):
                size += len(json.dumps(content, default=str))
                if size <= LARGEST_OUTPUT:
                    outputs.append(nbformat.v4.output_from_msg(reply))

    def ask(self, name, seconds, call=None):
        """The value of a student's name, or of a call of it with ``call = (arguments, keywords)``."""
        self.asked += 1
        request, reply = (self.folder / f"{kind}-{self.asked}.json" for kind in ("request", "reply"))
        asked = {"name": name}
        if call is not None:
            asked |= {"arguments": bridge.encode(call[0]), "keywords": bridge.encode(call[1])}
        request.write_text(json.dumps(asked), encoding="utf-8")
        source = inspect.getsource(bridge)
        self.run(CALL.format(source=source, request=str(request), reply=str(reply)), seconds)
        try:
            if not stat.S_ISREG(reply.lstat().st_mode) or reply.stat().st_size > bridge.LARGEST:
                raise ValueError
            told = json.loads(reply.read_text(encoding="utf-8"))
            value = None if "error" in told else bridge.decode(told["value"])
        except Exception:  # whatever a student's process has written there
            raise AnswerError(f"{name}: no result came back") from None
        finally:
            for file in (request, reply):
                file.unlink(missing_ok=True)
        if "error" in told:
            raise bridge.raised(str(told["error"]), str(told.get("message", "")))
        return value

    def end(self):
        """End the kernel and everything that it has started."""
        try:
            self.client.stop_channels()
            self.manager.shutdown_kernel(now=True)
        finally:
            end_children()


def adopt_orphans():
    """Make processes whose parent has ended children of this one, so that they can be found and ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def end_children():
    """End all processes below this one."""
    for _ in range(10):
        children = psutil.Process().children(recursive=True)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, timeout=2)
        if not children:
            return


def environment(folder):
    """What a student's process knows of this machine: nothing of the course, and compiled code of its own."""
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    known = {name: os.environ[name] for name in kept if name in os.environ}
    home = str(folder)
    return known | {
        "HOME": home,
        "USERPROFILE": home,
        "TMPDIR": home,
        "IPYTHONDIR": home,
        "MPLCONFIGDIR": home,
        "MPLBACKEND": "agg",
        "NUMBA_CACHE_DIR": str(folder / "compiled"),
        "NUMBA_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def sandbox(folder):
    """What hides this repository and the network from the command behind it; empty without bubblewrap."""
    if not has_sandbox():
        return []
    hidden = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    hidden += ["--tmpfs", str(Path.home()), "--tmpfs", str(ROOT)]
    for path in (Path(sys.base_prefix), Path(sys.prefix), ROOT / "convlib"):
        hidden += ["--ro-bind", str(path), str(path)]
    hidden += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    return ["bwrap", *hidden, "--unshare-all", "--die-with-parent", "--new-session", "--"]


def has_sandbox(found=[]):  # noqa: B006, asked once
    """Whether bubblewrap is there and may be used."""
    if not found:
        command = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]
        there = shutil.which("bwrap") and not os.environ.get("ASSIGNMENTS_NO_SANDBOX")
        found.append(bool(there) and subprocess.run(command, capture_output=True).returncode == 0)
    return found[0]
