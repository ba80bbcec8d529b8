# SPDX-License-Identifier: BSD-3-Clause
"""What can be wrong with a file or a wish; plot.py turns these into a sentence and an exit code."""


class BadData(Exception):
    """The file cannot be drawn. The text continues a sentence that begins with the file's name."""


class BadRequest(Exception):
    """The user asked for something that the file does not have. The text is a sentence."""
