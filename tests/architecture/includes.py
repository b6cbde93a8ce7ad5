#!/usr/bin/env python3
"""Fails on an include that is no arrow of the layer table.

The table is the doorbuster_library lines of the top CMakeLists.txt and nothing else. A file may include from its own
layer and from those below it, directly or through others; third-party headers only where the layer, or one below,
links what they belong to. First it proves itself on a small tree with planted violations.
"""
import os
import re
import sys
import tempfile

import source_files

# Which linked target a third-party header belongs to, by the longest that fits. Boost is headers only: Asio and Beast come with
# threads, Boost.Math with nothing.
THIRD_PARTY = {
    "boost/math": "Boost::headers",
    "json": "JsonCpp::JsonCpp",
    "yaml-cpp": "yaml-cpp",
    "simdjson.h": "simdjson::simdjson",
    "openssl": "OpenSSL::SSL",
    "boost": "Threads::Threads",
    "spdlog": "spdlog::spdlog",
    "prometheus": "prometheus-cpp::core",
    "date": "date::date-tz",
    "CLI": "CLI11::CLI11",
}
PRODUCT_FOLDERS = ("operator", "crds", "controllers", "webhooks")
GENERATED = {"doorbuster_version.inc"}  # made in the build folder


class Layer:
    def __init__(self, name, folder, layers, links):
        self.name, self.folder, self.layers, self.links = name, folder, layers, links


def words_after(keyword, words):
    if keyword not in words:
        return []
    rest = words[words.index(keyword) + 1 :]
    stop = [i for i, word in enumerate(rest) if word in ("LAYERS", "LINK", "COMPONENT")]
    return rest[: stop[0]] if stop else rest


def layer_table(cmake_text):
    """Folder -> Layer, with `layers` and `links` closed over everything below."""
    by_name = {}
    for arguments in re.findall(r"^doorbuster_library\(([^)]*)\)", cmake_text, re.M):
        words = arguments.split()
        layers, links = {words[0]}, set(words_after("LINK", words))
        for lower in words_after("LAYERS", words):
            if lower not in by_name:
                raise SystemExit(f"CMakeLists.txt: layer {words[0]} uses {lower}, which is not above it in the table")
            layers |= by_name[lower].layers
            links |= by_name[lower].links
        by_name[words[0]] = Layer(words[0], words[1], layers, links)
    return {layer.folder: layer for layer in by_name.values()}


def program_sources(cmake_text):
    """The one source file of each program, which may include any layer."""
    return set(re.findall(r"^doorbuster_program\(\S+\s+(\S+)", cmake_text, re.M))


def wrong_include(table, root, path, layer, spelled):
    """Why this include is wrong, or nothing."""
    quoted, target = spelled[0] == '"', spelled[1:-1]
    if quoted:
        if target in GENERATED:
            return None
        owner = table.get(os.path.dirname(target))
        if owner is None:
            return f"{spelled} is not written from the repository root, or lies in no layer"
        if not os.path.exists(os.path.join(root, target)):
            return f"{spelled} does not exist"
        return None if owner.name in layer.layers else f"layer {layer.name} must not know layer {owner.name} ({spelled})"
    parts = target.split("/")
    needed = THIRD_PARTY.get("/".join(parts[:2])) or THIRD_PARTY.get(parts[0])
    if needed and needed not in layer.links:
        return f"layer {layer.name} does not link {needed} ({spelled})"
    return None


def violations(root):
    cmake_text = source_files.read(root, "CMakeLists.txt")
    table, programs = layer_table(cmake_text), program_sources(cmake_text)
    if len(table) < 2:
        raise SystemExit("CMakeLists.txt: no layer table found")
    everything = Layer("main", "operator", {layer.name for layer in table.values()}, set(THIRD_PARTY.values()))
    found = []
    for path in source_files.code_files(root, PRODUCT_FOLDERS):
        layer = everything if path in programs else table.get(os.path.dirname(path))
        if layer is None:
            found.append(f"{path}: lies in no layer of the table")
            continue
        for number, line in enumerate(source_files.read(root, path).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*("[^"]*"|<[^>]*>)', line)
            wrong = match and wrong_include(table, root, path, layer, match.group(1))
            if wrong:
                found.append(f"{path}:{number}: {wrong}")
    return found


PLANTED = {
    "CMakeLists.txt": """
doorbuster_library(base   operator/base)
doorbuster_library(kube   operator/kube   LAYERS base LINK Threads::Threads)
doorbuster_library(plan   controllers/plan LAYERS base LINK yaml-cpp)
doorbuster_library(act    controllers/act LAYERS plan kube)
doorbuster_program(shop   operator/main.cpp LAYERS act COMPONENT operator)
""",
    "operator/base/a.h": "#include <vector>\n",
    "operator/base/up.h": '#include "operator/kube/k.h"\n',  # 1: upwards
    "operator/kube/k.h": '#include "operator/base/a.h"\n#include <boost/asio.hpp>\n',
    "operator/kube/sideways.cpp": '#include "controllers/plan/p.h"\n',  # 2: a layer beside
    "controllers/plan/p.h": '#include "operator/base/a.h"\n#include <yaml-cpp/yaml.h>\n',
    "controllers/plan/net.cpp": "#include <boost/asio.hpp>\n",  # 3: a library that is not linked
    "controllers/plan/relative.cpp": '#include "p.h"\n',  # 4: not from the root
    "controllers/plan/gone.cpp": '#  include "operator/base/gone.h"\n',  # 5: no such file
    "controllers/plan/deep/d.cpp": "int x;\n",  # 6: a folder of no layer
    "controllers/act/t.cpp": '#include "operator/base/a.h"\n#include "operator/kube/k.h"\n#include "controllers/plan/p.h"\n',
    "operator/main.cpp": '#include "controllers/act/t.h"\n',  # 7: no such file, though a program may include any layer
    "operator/other.cpp": "int x;\n",  # 8: in no layer, and no program
}
EXPECTED = {
    "operator/base/up.h:1",
    "operator/kube/sideways.cpp:1",
    "controllers/plan/net.cpp:1",
    "controllers/plan/relative.cpp:1",
    "controllers/plan/gone.cpp:1",
    "controllers/plan/deep/d.cpp",
    "operator/main.cpp:1",
    "operator/other.cpp",
}


def prove():
    with tempfile.TemporaryDirectory() as root:
        for path, text in PLANTED.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        found = {line.split(": ")[0] for line in violations(root)}
    if found != EXPECTED:
        raise SystemExit(f"planted violations: not found {EXPECTED - found}, found wrongly {found - EXPECTED}")


def main():
    prove()
    found = violations(sys.argv[1])
    print("\n".join(found) or "every include is an arrow of the layer table")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
