# SPDX-License-Identifier: BSD-3-Clause
"""Where NVIDIA's tools are when PATH does not say."""
import glob
import os
import shutil

PLACES = ("/usr/local/cuda*/bin", "/usr/local/cuda*/compute-sanitizer", "/opt/nvidia/nsight-compute/*",
          "/usr/local/cuda*/nsight-compute*", "/opt/nvidia/hpc_sdk/*/*/compilers/bin")


def find_tool(name):
    """A path, or None."""
    found = shutil.which(name)
    if found:
        return found
    for place in PLACES:
        for path in sorted(glob.glob(os.path.join(place, name)), reverse=True):
            if os.access(path, os.X_OK):
                return path
    return None
