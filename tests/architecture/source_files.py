"""Our source files, and their text without what a reader of the text must not trip over."""
import os
import re

CODE_FOLDERS = ("operator", "crds", "controllers", "webhooks", "tests", "bench")
CODE_SUFFIXES = (".h", ".cpp", ".inc")

_TOKENS = re.compile(
    r"""R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"   # raw string
      | "(?:\\.|[^"\\\n])*"                          # string
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'          # character; not a digit separator
      | //[^\n]* | /\*.*?\*/                         # comment
    """,
    re.S | re.X,
)


def code_files(root, folders=CODE_FOLDERS):
    """Paths from the root, sorted, of every C++ file of ours."""
    found = []
    for folder in folders:
        for place, below, names in os.walk(os.path.join(root, folder)):
            below[:] = sorted(name for name in below if name not in ("build", "__pycache__"))
            found += [os.path.relpath(os.path.join(place, name), root) for name in names if name.endswith(CODE_SUFFIXES)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def without(text, strings):
    """The text with comments blanked and, if asked, strings emptied; every line stays where it was."""

    def blank(match):
        token = match.group(0)
        lines = "\n" * token.count("\n")
        if token.startswith(("//", "/*")):
            return lines
        return '""' + lines if strings else token

    return _TOKENS.sub(blank, text)
