"""Which local program an image is: what the node agent has in place of a registry."""

import json
import os

from .paths import Refusal, write_atomically

# As the agent itself bounds it (hack/rig/agent/main.go).
MAX_IMAGES = 256


def of_words(words):
    """{image: program} of IMAGE=PROGRAM; a program of None stands for IMAGE= and forgets it."""
    found = {}
    for word in words:
        image, equals, program = word.partition("=")
        if not image or not equals:
            raise Refusal(f"takes IMAGE=PROGRAM: {word!r}")
        found[image] = _program(image, program) if program else None
    return found


def of_file(path):
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            known = json.load(file)
    except (OSError, ValueError) as error:
        raise Refusal(f"{path}: {error}") from error
    if not isinstance(known, dict):
        raise Refusal(f"{path}: not an object of images")
    return {image: _words(path, image, program) for image, program in known.items()}


def _words(path, image, program):
    if isinstance(program, list) and program and all(isinstance(word, str) for word in program):
        return [_program(image, program[0]), *program[1:]]
    if isinstance(program, str):
        return _program(image, program)
    raise Refusal(f"{path}: {image}: neither a program nor a list of its words")


def _program(image, program):
    path = os.path.abspath(program)
    if not os.access(path, os.X_OK) or os.path.isdir(path):
        raise Refusal(f"image {image}: no program {program}")
    return path


def merged(known, further):
    """Both, the further ones over the known; those without a program are gone."""
    both = {**known, **further}
    both = {image: program for image, program in both.items() if program}
    if len(both) > MAX_IMAGES:
        raise Refusal(f"more than {MAX_IMAGES} images")
    return both


def write(directory, known):
    write_atomically(directory.images, json.dumps(known, indent=1, sort_keys=True) + "\n")
