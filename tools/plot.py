#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow plot FILE [-o PICTURE]...: draws a result file of klflow.

This file is the command: options, error messages, exit codes (those of klflow, sysexits) and the writing of pictures. What a
figure looks like is in figures/, one module for each kind of result file.
"""
import argparse
import difflib
import io
import os
import re
import signal
import sys

EX_USAGE, EX_DATA, EX_NOINPUT, EX_UNAVAILABLE, EX_CANTCREAT, EX_IOERR = 64, 65, 66, 69, 73, 74
SUFFIXES = (".png", ".svg", ".pdf")
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failure(Exception):
    """Ends the program with a code and a sentence."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(EX_USAGE, message)


def parse(arguments):
    parser = Parser(prog="klflow plot", allow_abbrev=False, description="Draws a result file as a figure for a paper.")
    parser.add_argument("file", metavar="FILE", nargs="?", help="result file of klflow")
    parser.add_argument("-o", metavar="PICTURE", dest="pictures", action="append",
                        help="where to draw to, by suffix .png, .svg or .pdf; may be repeated (default: FILE with suffix .png)")
    parser.add_argument("--select", metavar="AXIS=VALUE", action="append", default=[],
                        help="of a sweep, draw only this value of an axis (var_w=1.5, coupling=0.5); may be repeated")
    parser.add_argument("--force", action="store_true", help="overwrite pictures that exist")
    args, rest = parser.parse_known_args(arguments)
    known = [name for action in parser._actions for name in action.option_strings]
    for word in rest:
        if word.startswith("-"):
            near = difflib.get_close_matches(word, known, 1)
            raise Failure(EX_USAGE, f"unknown option '{word}'" + (f"; did you mean {near[0]}?" if near else ""))
        raise Failure(EX_USAGE, f"one result file at a time: '{word}' is the second")
    if args.file is None:
        raise Failure(EX_USAGE, "which result file? Usage: klflow plot FILE [-o PICTURE]")
    args.pictures = args.pictures or [os.path.splitext(args.file)[0] + ".png"]
    for picture in args.pictures:
        if not picture.endswith(SUFFIXES):
            raise Failure(EX_USAGE, f"'{picture}' does not end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    for text in args.select:
        if not re.fullmatch(r"\w+=.+", text):
            raise Failure(EX_USAGE, f"--select takes AXIS=VALUE, such as var_w=1.5, not '{text}'")
    args.select = dict(text.split("=", 1) for text in args.select)
    return args


def check_pictures(args):
    for picture in args.pictures:
        if os.path.lexists(picture) and not args.force:
            raise Failure(EX_CANTCREAT, f"{picture} exists; --force overwrites it")
        if os.path.isdir(picture):
            raise Failure(EX_CANTCREAT, f"{picture} is a folder")
        folder = os.path.dirname(picture) or "."
        if not os.path.isdir(folder):
            raise Failure(EX_CANTCREAT, f"there is no folder {folder} to write {picture} into")
        if not os.access(folder, os.W_OK):
            raise Failure(EX_CANTCREAT, f"{picture} cannot be created: the folder {folder} is not writable")


def write_picture(figure, picture):
    """Draws into memory, then writes under a temporary name and renames: no half picture is ever left. Signals wait until then."""
    from figures import style
    content = io.BytesIO()
    figure.savefig(content, **style.save_options(picture))
    temporary = f"{picture}.{os.getpid()}.tmp"
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        with open(temporary, "xb") as out:
            out.write(content.getbuffer())
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, picture)
    except OSError as error:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise Failure(EX_IOERR, f"{picture} could not be written: {error.strerror}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)


def draw(args):
    os.environ.setdefault("HDF5_USE_FILE_LOCKING", "BEST_EFFORT")  # Cluster file systems often have no locks.
    try:
        import h5py
        from figures import BadData, BadRequest, draw_file
    except ImportError as error:
        raise Failure(EX_UNAVAILABLE, f"this python ({sys.executable}) cannot plot: {error}; on Debian: apt-get install "
                      "python3-matplotlib python3-h5py") from None
    try:
        with open(args.file, "rb"):
            pass
    except OSError as error:
        raise Failure(EX_NOINPUT, f"{args.file} cannot be read: {error.strerror}") from None
    try:
        with h5py.File(args.file, "r") as file:
            return draw_file(file, args.select)
    except BadRequest as error:
        raise Failure(EX_USAGE, str(error)) from None
    except BadData as error:
        raise Failure(EX_DATA, f"{args.file} {error}") from None
    except (OSError, KeyError, ValueError) as error:
        # What h5py raises for a file that is not HDF5, is cut short or lacks a variable.
        text = str(error.args[0] if error.args else error).splitlines()[0]
        raise Failure(EX_DATA, f"{args.file} is not a whole result file of klflow: {text}") from None


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends the program by its signal, without a traceback.
    try:
        args = parse(sys.argv[1:])
        check_pictures(args)
        figure = draw(args)
        for picture in args.pictures:
            write_picture(figure, picture)
    except Failure as failure:
        print(f"klflow plot: {failure}", file=sys.stderr)
        return failure.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
