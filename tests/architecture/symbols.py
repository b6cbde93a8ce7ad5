#!/usr/bin/env python3
"""Links the pure layers alone and compares every symbol that they import with an allow-list.

    symbols.py --compiler g++ --nm nm --scratch FOLDER LIBRARY.a...

What decides must not be able to ask a clock, read a file, open a socket, start a thread or draw a random number, so
nothing that could is on the list. First the test proves itself: each of a set of planted sources, compiled with the
same compiler, must be detected by the very symbol that it was planted for.
"""
import argparse
import os
import re
import subprocess
import sys

# Whole demangled names. What is not listed is refused, so a new line here is a decision.
STRING = r"std::__cxx11::basic_string<"
ALLOWED = [
    # memory and characters
    r"operator (new|delete)(\[\])?\(.*",
    r"(__)?mem(cpy|move|set|cmp|chr|mem|rchr|cpy_chk|move_chk|set_chk)(_chk)?|bcmp|strlen|strcmp|strncmp|strchr|abort",
    r"__assert_fail|__stack_chk_fail|__glibcxx_assert_fail.*|std::__glibcxx_assert_fail.*",
    # the compiler's own runtime: exceptions, statics, casts, type information
    r"__cxa_\w+|__gxx_personality_v0|_Unwind_Resume|__dynamic_cast|__dso_handle|_GLOBAL_OFFSET_TABLE_|__tls_get_addr",
    r"(vtable|typeinfo|typeinfo name|VTT) for (__cxxabiv1::\w+|std::(bad_\w+|exception|\w+_error|out_of_range|length_error|invalid_argument)|char|int|bool)",
    r"std::(bad_\w+|exception|\w+_error|out_of_range|length_error|invalid_argument|domain_error)::.*",
    r"std::(terminate|uncaught_exceptions?|__throw_\w+|__exception_ptr::.*|rethrow_exception|current_exception)\(.*",
    r"_ITM_(de)?registerTMCloneTable|__gmon_start__|__libc_single_threaded|__pthread_key_create|__gthread_active_p.*",
    # strings, containers, numbers from and to characters
    rf"({STRING}|(char|bool|std::basic_string_view<|std::strong_ordering|std::weak_ordering|auto|decltype.*) ?.*{STRING}).*",
    r"std::(char_traits|allocator|__cxx11::list|__detail::_List_node_base|__new_allocator)\b.*",
    r"std::_Rb_tree_(increment|decrement|insert_and_rebalance|rebalance_for_erase|black_count)\(.*",
    r"std::__detail::(_Prime_rehash_policy::.*|__to_chars\w*|__from_chars\w*)|std::_Hash_bytes\(.*|std::_Fnv_hash_bytes\(.*",
    r"std::(from_chars|to_chars)\(.*",
    r"std::(_Sp_\w+|__shared_ptr|_Sp_counted_base<.*>::.*|nothrow).*",
    # arithmetic
    r"(l?l)?(round|rint)[fl]?|ceil[fl]?|floor[fl]?|trunc[fl]?|fmod[fl]?|pow[fl]?|exp(m1)?[fl]?|log(2|10|1p)?[fl]?|a?sin[fl]?|sqrt[fl]?|frexp|ldexp|modf|__(u?div|u?mod|mul|u?divmod)[td]i[34]|__popcountdi2|__(float|fix)\w+",
    r"to(lower|upper)",
    # parsers, which read from memory: string streams are how the two libraries are fed
    r"Json::(?!.*(ifstream|ofstream|fstream)).*",
    r"(vtable|typeinfo|typeinfo name|VTT) for (Json|YAML)::\w+",
    r"YAML::(?!LoadFile|LoadAllFromFile).*",
    r"(std::)?(vtable|typeinfo|typeinfo name|VTT) for std::(__cxx11::)?basic_([io]?stringstream|stringbuf|[io]?stream|streambuf|ios)<.*|vtable for std::__cxx11::basic_[io]?string(stream|buf).*|VTT for std::__cxx11::basic_[io]?stringstream.*",
    r"std::__cxx11::basic_([io]?stringstream|stringbuf)<.*",
    # Boost.Math includes <iostream>; of the streams of the process, which are not on the list, no more than that
    r"std::ios_base::Init::Init\(\)",
    r"std::(basic_(i|o|io)stream|basic_streambuf|basic_ios)<char, std::char_traits<char> >::.*",
    r"std::(basic_[io]stream<char, std::char_traits<char> >& )?std::(operator(<<|>>)|__ostream_insert|flush|endl).*|std::basic_[io]stream<.*>& std::(operator(<<|>>)|__ostream_insert|flush|endl|ws).*",
    r"std::ostream::.*|std::istream::.*|std::ios_base::(?!Init::Init).*|std::locale::(locale\((std::locale const&)?\)|~locale\(\)|classic\(\))",
]
# Only what a sanitizer build adds.
ALLOWED += [r"__(asan|ubsan|tsan|sanitizer|lsan|msan)_\w+", r"__sanitizer_cov_\w+"]
_ALLOWED = re.compile("|".join(f"(?:{pattern})" for pattern in ALLOWED), re.S)

# Sentence, source, and a word of the symbol by which it must be found.
PLANTED = [
    ("a C clock", 'extern "C" long time(long*); long f() { return time(nullptr); }', "time"),
    ("a POSIX clock", 'extern "C" int clock_gettime(int, void*); int f(void* t) { return clock_gettime(0, t); }', "clock_gettime"),
    ("gettimeofday", 'extern "C" int gettimeofday(void*, void*); int f(void* t) { return gettimeofday(t, nullptr); }', "gettimeofday"),
    ("the system clock", "#include <chrono>\nauto f() { return std::chrono::system_clock::now(); }", "system_clock::now"),
    ("the steady clock", "#include <chrono>\nauto f() { return std::chrono::steady_clock::now(); }", "steady_clock::now"),
    ("a C file", 'extern "C" void* fopen(const char*, const char*); void* f() { return fopen("x", "r"); }', "fopen"),
    ("a POSIX file", 'extern "C" int open(const char*, int, ...); int f() { return open("x", 0); }', "open"),
    ("a file stream", '#include <fstream>\nbool f() { return std::ifstream("x").good(); }', "ifstream"),
    ("the file system", '#include <filesystem>\nbool f() { return std::filesystem::exists("x"); }', "filesystem"),
    ("YAML from a file", 'namespace YAML { void LoadFile(const char*); }\nvoid f() { YAML::LoadFile("x"); }', "LoadFile"),
    ("standard output", '#include <iostream>\nvoid f() { std::cout << "x"; }', "std::cout"),
    ("printf", 'extern "C" int printf(const char*, ...); int f(int n) { return printf("%d", n); }', "printf"),
    ("a floating-point number by printf", "#include <string>\nstd::string f(double d) { return std::to_string(d); }", "vsnprintf"),
    ("a number by strtol", "#include <string>\nint f(const std::string& s) { return std::stoi(s); }", "strtol"),
    ("a socket", 'extern "C" int socket(int, int, int); int f() { return socket(2, 1, 0); }', "socket"),
    ("the environment", 'extern "C" char* getenv(const char*); char* f() { return getenv("X"); }', "getenv"),
    ("a thread", "#include <thread>\nvoid f() { std::thread([] {}).join(); }", "std::thread"),
    ("a lock", 'extern "C" int pthread_mutex_lock(void*); int f(void* m) { return pthread_mutex_lock(m); }', "pthread_mutex_lock"),
    ("C chance", 'extern "C" int rand(); int f() { return rand(); }', "rand"),
    ("a random device", "#include <random>\nunsigned f() { return std::random_device()(); }", "random_device"),
    ("a sleep", 'extern "C" int usleep(unsigned); int f() { return usleep(1); }', "usleep"),
    ("another layer of ours", "namespace doorbuster::kube { int call(); }\nint f() { return doorbuster::kube::call(); }", "doorbuster::kube"),
]
HARMLESS = """
#include <map>
#include <memory>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>
#include <algorithm>
std::string f(const std::map<std::string, int>& m, std::vector<std::string> v, double d) {
  std::sort(v.begin(), v.end());
  auto shared = std::make_shared<const std::set<std::string>>(v.begin(), v.end());
  std::string text = m.begin()->first + v.at(0) + std::to_string(m.begin()->second) + *shared->begin();
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + 32, d).ptr);
  std::variant<int, std::string> either = text;
  return std::get<1>(either).substr(1);
}
"""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return done.stdout


def imported(args, inputs, name):
    """Undefined symbols, demangled, of all of the inputs linked into one object."""
    merged = os.path.join(args.scratch, name + ".o")
    run(args.compiler, "-r", "-nostdlib", "-o", merged, "-Wl,--whole-archive", *inputs, "-Wl,--no-whole-archive")
    return sorted({line.split(maxsplit=1)[1].strip() for line in run(args.nm, "-C", "--undefined-only", merged).splitlines()})


def forbidden(symbols):
    return [symbol for symbol in symbols if not _ALLOWED.fullmatch(symbol)]


def compiled(args, name, source):
    path = os.path.join(args.scratch, name + ".cpp")
    with open(path, "w", encoding="utf-8") as file:
        file.write(source)
    run(args.compiler, "-std=c++20", "-O0", "-fPIE", "-w", "-c", path, "-o", path + ".o")
    return path + ".o"


def prove(args):
    for number, (sentence, source, word) in enumerate(PLANTED):
        planted = compiled(args, f"planted{number}", source)
        found = forbidden(imported(args, [planted], f"linked{number}"))
        if not any(word in symbol for symbol in found):
            raise SystemExit(f"planted violation not found: {sentence} (found: {found})")
    wrong = forbidden(imported(args, [compiled(args, "harmless", HARMLESS)], "harmless_linked"))
    if wrong:
        raise SystemExit(f"found where nothing is wrong: {wrong}")


def main():
    parser = argparse.ArgumentParser()
    for option in ("--compiler", "--nm", "--scratch"):
        parser.add_argument(option, required=True)
    parser.add_argument("libraries", nargs="*")
    args = parser.parse_args()
    os.makedirs(args.scratch, exist_ok=True)
    prove(args)
    if not args.libraries:
        raise SystemExit("no pure layer has been built")
    symbols = imported(args, args.libraries, "pure")
    found = forbidden(symbols)
    print("\n".join(f"imported, but not on the list: {symbol}" for symbol in found))
    print(f"{len(symbols)} symbols imported by {', '.join(os.path.basename(path) for path in args.libraries)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
