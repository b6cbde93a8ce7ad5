#!/usr/bin/env python3
"""Fails on what the house rules forbid and a compiler does not see. First it proves each rule on a planted line."""
import re
import sys

import source_files

PRODUCT = ("operator/", "crds/", "controllers/", "webhooks/")
BELOW_THE_EDGE = ("operator/base/", "operator/kube/", "operator/serve/", "crds/", "controllers/", "webhooks/")
DOMAIN = ("operator/base/", "crds/", "controllers/", "webhooks/")
ORDERED = ("controllers/planner/", "controllers/products/")

# Where a clock may be asked: the edge at which time becomes an argument. Keep it this short.
CLOCK_EDGE = set()


class Rule:
    """A pattern that no line of these folders may have, looked for in `what`: all, code, or code with strings emptied."""

    def __init__(self, name, folders, pattern, planted, what="bare", but=()):
        self.name, self.folders, self.pattern = name, folders, re.compile(pattern)
        self.planted, self.what, self.but = planted, what, but


RULES = [
    Rule("unfinished work is an issue, not a comment", ("",), r"\b(TODO|FIXME|XXX)\b",  # rule
         ["// TODO: later", "/* FIXME */", "int x;  // XXX"], what="all"),
    Rule("numbers are read by from_chars", PRODUCT,
         r"\b(stoi|stol|stoll|stoul|stoull|stof|stod|stold|atoi|atol|atoll|atof|strto(l|ll|ul|ull|f|d|ld|imax|umax)|s?scanf|fscanf)\s*\(",
         ["int n = std::stoi(text);", "double d = strtod(p, &end);", 'sscanf(p, "%d", &n);', "return atoi (p);"]),
    Rule("numbers are written by to_chars", PRODUCT,
         r"\bv?(s|sn|as)printf\s*\(|\bv?f?printf\s*\(.*%[-+ #0-9.*hlLjzt]*[diouxXeEfFgGaA]",
         ['printf("%d", n);', 'fprintf(stderr, "%s: %5.2lf", name, d);', 'std::snprintf(buffer, size, "%s", d);'], what="code"),
    Rule("a floating-point number is written by to_chars", PRODUCT,
         r"\bto_string\s*\(\s*(static_cast<\s*(double|float)\s*>|[0-9]*\.[0-9]|double\b|float\b)",
         ["std::to_string(1.5)", "std::to_string(static_cast<double>(n))"]),
    Rule("numbers do not depend on a locale", PRODUCT, r"\b(setlocale|imbue)\s*\(|std::locale\b",
         ['setlocale(LC_ALL, "");', "stream.imbue(where);"]),
    Rule("time is an argument", DOMAIN,
         r"\b(system_clock|steady_clock|high_resolution_clock|utc_clock)::now\b|\b(clock_gettime|gettimeofday|localtime(_r)?|gmtime(_r)?)\s*\(|\btime\s*\(\s*(nullptr|NULL|0|&)",
         ["auto now = std::chrono::system_clock::now();", "auto f = steady_clock::now;", "t = time(nullptr);"], but=CLOCK_EDGE),
    Rule("chance is an argument", BELOW_THE_EDGE, r"\b(random_device|mt19937(_64)?|default_random_engine)\b|\b(s?rand|random|drand48)\s*\(",
         ["std::random_device d;", "int n = rand();"]),
    Rule("order reaches plans: only sorted containers", ORDERED, r"\bunordered_(map|set|multimap|multiset)\b",
         ["std::unordered_map<int, int> m;"]),
    Rule("no path of one machine", ("",), r"(?<![\w.])/(work|root|home/[a-z]+)/", ['"/work/' + 'main/x"', "// see /home/" + "ada/notes"],
         what="all"),
]


def broken(rules, path, text):
    """`path:line: rule` for each broken one."""
    views = {
        "all": text.splitlines(),
        "code": source_files.without(text, strings=False).splitlines(),
        "bare": source_files.without(text, strings=True).splitlines(),
    }
    found = []
    for rule in rules:
        if not path.startswith(rule.folders) or path in rule.but:
            continue
        for number, line in enumerate(views[rule.what], 1):
            if rule.pattern.search(line):
                found.append(f"{path}:{number}: {rule.name}")
    return found


def prove():
    for rule in RULES:
        for line in rule.planted:
            path = rule.folders[0] + "planted.cpp"
            if not any(rule.name in found for found in broken([rule], path, "int a;\n" + line + "\n")):
                raise SystemExit(f"planted violation not found: {rule.name}: {line}")
            if rule.what != "all" and broken([rule], path, f"// {line}\n"):
                raise SystemExit(f"found in a comment: {rule.name}: {line}")
    harmless = 'auto x = R"(rand();)"; int n = 1\'000\'000; char c = \'"\'; auto t = "stoi(x)"; time_of(now); strand(io); printf("%s 5 d", s);\n'
    if broken(RULES, "controllers/planner/harmless.cpp", harmless):
        raise SystemExit(f"found where nothing is wrong: {broken(RULES, 'controllers/planner/harmless.cpp', harmless)}")


def main():
    prove()
    root = sys.argv[1]
    gone = [path for path in CLOCK_EDGE if path not in source_files.code_files(root)]
    if gone:
        raise SystemExit(f"the list of clock edges names files that do not exist: {gone}")
    found = []
    for path in source_files.code_files(root):
        found += broken(RULES, path, source_files.read(root, path))
    print("\n".join(found) or "no house rule is broken")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
