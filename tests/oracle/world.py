# SPDX-License-Identifier: BSD-2-Clause
"""The same surroundings on each machine: what a program reaches, and where its stack and heap lie, depends on
its limits, and on the lengths of the paths that it is started with."""
import atexit
import functools
import os
import resource
import shutil
import tempfile

LIMITS = {resource.RLIMIT_NOFILE: 10240, resource.RLIMIT_STACK: 8 << 20, resource.RLIMIT_CORE: 0}


def set_limits():
    for which, wanted in LIMITS.items():
        hard = resource.getrlimit(which)[1]
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (soft, hard))


@functools.lru_cache(maxsize=None)
def folder():
    """A folder for this run alone; its path has the same length everywhere."""
    path = tempfile.mkdtemp(prefix="oracle-", dir="/tmp")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def at_home(path):
    """The path of a copy in that folder, of the same age."""
    copy = os.path.join(folder(), os.path.basename(path))
    if not os.path.exists(copy):
        shutil.copy2(path, copy)
    return copy
