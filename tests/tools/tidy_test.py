"""tools/tidy: each breach planted in a small tree is found, and its passing twin is not."""

import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
DIRECTIONS = (ROOT / "cmake" / "Directions.cmake").read_text()


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write("cmake/Directions.cmake", DIRECTIONS)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def tidy(self):
        command = [str(ROOT / "tools" / "tidy"), "--root", str(self.root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def assert_found(self, message):
        status, output = self.tidy()
        self.assertIn(message, output)
        self.assertEqual(status, 1)

    def assert_clean(self):
        self.assertEqual(self.tidy()[0], 0, self.tidy()[1])


class Directions(TidyTest):
    def test_a_lower_room_may_not_include_a_higher_one(self):
        self.write("src/storage/a.cc", '#include "repository/pack.h"\n')
        self.assert_found('src/storage/a.cc:1: "repository/pack.h": storage may not include')

    def test_a_room_may_not_include_another_of_its_level(self):
        self.write("src/storage/a.cc", '#include "engine/engine.h"\n')
        self.assert_found("storage may not include engine")

    def test_a_room_may_include_base_itself_and_what_the_table_allows(self):
        lines = ['"base/result.h"', '"storage/key.h"', '"crypto/hash.h"', "<vector>"]
        self.write("src/storage/a.cc", "".join(f"#include {line}\n" for line in lines))
        self.assert_clean()

    def test_a_folder_inside_a_room_is_bound_like_the_room(self):
        self.write("src/engine/sqlite/source.cc", '#include "storage/backend.h"\n')
        self.assert_found("engine may not include storage")

    def test_config_may_not_include_more_than_options(self):
        self.write("src/config/a.cc", '#include "storage/backend.h"\n')
        self.assert_found("config may not include storage")

    def test_config_may_include_options(self):
        self.write("src/config/a.cc", '#include "storage/options.h"\n')
        self.assert_clean()

    def test_a_test_may_include_what_its_room_declares_for_tests(self):
        self.write("src/drill/CMakeLists.txt", "lifeboat_room(drill TEST_DEPENDS backup)\n")
        self.write("src/drill/run_test.cc", '#include "backup/run.h"\n')
        self.assert_clean()

    def test_a_test_may_not_include_what_nobody_declared(self):
        self.write("src/drill/CMakeLists.txt", "lifeboat_room(drill DEPENDS engine)\n")
        self.write("src/drill/run_test.cc", '#include "backup/run.h"\n')
        self.assert_found("drill may not include backup")

    def test_an_include_may_not_climb(self):
        self.write("src/storage/a.cc", '#include "../crypto/hash.h"\n')
        self.assert_found("never climbs")

    def test_an_include_may_not_climb_in_the_middle(self):
        self.write("src/storage/a.cc", '#include "storage/../crypto/hash.h"\n')
        self.assert_found("never climbs")

    def test_an_include_names_its_room(self):
        self.write("src/storage/a.cc", '#include "backend.h"\n')
        self.assert_found("name the room")


class Owners(TidyTest):
    def test_each_library_stays_in_its_room(self):
        headers = ["openssl/evp.h", "sodium.h", "sqlite3.h", "CLI/CLI.hpp", "yaml-cpp/yaml.h",
                   "zstd.h", "curl/curl.h", "spdlog/spdlog.h", "nlohmann/json.hpp"]
        for header in headers:
            with self.subTest(header):
                self.write("src/policy/a.cc", f"#include <{header}>\n")
                self.assert_found(f"<{header}> belongs to")

    def test_the_owner_may_include_its_library(self):
        owners = {"crypto": "openssl/evp.h", "engine/sqlite": "sqlite3.h", "cli": "CLI/CLI.hpp",
                  "config": "yaml-cpp/yaml.h", "repository": "zstd.h", "net": "curl/curl.h"}
        for folder, header in owners.items():
            self.write(f"src/{folder}/a.cc", f"#include <{header}>\n")
        self.assert_clean()

    def test_an_engine_does_not_own_what_its_sibling_owns(self):
        self.write("src/engine/files/a.cc", "#include <sqlite3.h>\n")
        self.assert_found("belongs to engine/sqlite and catalog")

    def test_a_library_without_an_owner_is_refused(self):
        self.write("src/base/a.cc", "#include <unknown/thing.h>\n")
        self.assert_found("no room owns it")

    def test_the_system_belongs_to_everybody(self):
        self.write("src/base/a.cc", "#include <sys/stat.h>\n#include <unistd.h>\n#include <map>\n")
        self.assert_clean()

    def test_the_product_may_not_include_a_test_library(self):
        self.write("src/base/a.cc", "#include <gtest/gtest.h>\n")
        self.assert_found("no room owns it")


class DeadFiles(TidyTest):
    def test_a_header_that_nobody_includes_is_dead(self):
        self.write("src/base/a.h", "")
        self.assert_found("src/base/a.h:1: nobody includes this header")

    def test_a_header_that_only_its_own_code_and_test_include_is_dead(self):
        self.write("src/base/a.h", "")
        self.write("src/base/a.cc", '#include "base/a.h"\n')
        self.write("src/base/a_test.cc", '#include "base/a.h"\n')
        self.assert_found("src/base/a.h:1: nobody includes this header")

    def test_a_header_with_a_user_is_alive(self):
        self.write("src/base/a.h", "")
        self.write("src/crypto/b.cc", '#include "base/a.h"\n')
        self.write("tests/contract/c.h", "")
        self.write("src/crypto/b_test.cc", '#include "contract/c.h"\n')
        self.assert_clean()

    def test_a_drawer_is_refused_by_its_name(self):
        self.write("src/base/string_utils.cc", "")
        self.assert_found("name what it owns")


def hidden(declaration, space="lifeboat::base"):
    return f"namespace {space} {{\nnamespace {{\n{declaration}\n}}\n}}\n"


class Names(TidyTest):
    def test_a_hidden_name_in_two_files_of_a_room_is_refused(self):
        for name, one, other in (
                ("f", "int f(int a) { return a; }", "template <class T>\nT f(T a) { return a; }"),
                ("kMost", "constexpr int kMost = 1;", "const std::array<int, 2> kMost{1, 2};"),
                ("State", "struct State { int a; };", "enum class State : char { on };"),
                ("g", "Result<void> g(const A& a);", "class Z {\n int b;\n};\nint g[] = {1};")):
            with self.subTest(name):
                self.write("src/base/a.cc", hidden(one))
                self.write("src/base/b.cc", hidden(other))
                self.assert_found(f"{name} is in src/base/a.cc too")

    def test_a_hidden_name_that_a_header_of_the_room_or_of_base_declares_is_refused(self):
        for space in ("lifeboat", "lifeboat::drill"):
            with self.subTest(space):
                self.write("src/drill/x.cc", '#include "base/f.h"\n')
                self.write("src/base/f.h", f"namespace {space} {{\nint f(long a);\n}}\n")
                self.write("src/drill/a.cc", hidden("int f(int a);", "lifeboat::drill"))
                self.assert_found("src/drill/a.cc:3: f is in src/base/f.h too")

    def test_members_locals_and_overloads_of_one_file_are_not_names_of_the_room(self):
        text = ("struct {0} {{\n  int size() const {{ int count = 1; return count; }}\n}};\n"
                "int {1}(int a) {{ return a; }}\nint {1}(long a) {{ return 1; }}")
        self.write("src/base/a.cc", hidden(text.format("A", "f")))
        self.write("src/base/b.cc", hidden(text.format("B", "g")))
        self.assert_clean()

    def test_tests_other_rooms_and_other_namespaces_may_use_the_name(self):
        self.write("src/base/a.cc", hidden("int f() { return 1; }"))
        self.write("src/base/a_test.cc", hidden("int f() { return 1; }"))
        self.write("src/crypto/a.cc", hidden("int f() { return 1; }", "lifeboat::crypto"))
        self.write("src/base/b.cc", hidden("int f() { return 1; }", "lifeboat::base::inner"))
        self.assert_clean()


def function_of(lines):
    return "int f() {\n" + "  step();\n" * (lines - 2) + "}\n"


class Sizes(TidyTest):
    def test_a_line_of_101_columns_is_too_long(self):
        self.write("src/base/a.cc", "//" + "x" * 99 + "\n")
        self.assert_found("src/base/a.cc:1: 101 columns")

    def test_a_line_of_100_columns_is_not(self):
        self.write("src/base/a.cc", "//" + "x" * 98 + "\n")
        self.assert_clean()

    def test_a_file_of_501_lines_is_too_long(self):
        self.write("src/base/a.cc", "\n" * 501)
        self.assert_found("501 lines, more than 500")

    def test_a_file_of_500_lines_is_not(self):
        self.write("src/base/a.cc", "\n" * 500)
        self.assert_clean()

    def test_a_function_of_71_lines_is_too_long(self):
        self.write("tests/fault/a.cc", function_of(71))
        self.assert_found("tests/fault/a.cc:1: f: 71 lines, more than 70")

    def test_a_function_of_70_lines_is_not(self):
        self.write("tests/fault/a.cc", function_of(70))
        self.assert_clean()

    def test_a_python_function_is_bound_too(self):
        self.write("tests/support/a.py", "def f():\n" + "    step()\n" * 70)
        self.assert_found("f: 71 lines, more than 70")

    def test_a_median_of_13_lines_is_too_long(self):
        self.write("src/base/a.cc", function_of(13))
        self.assert_found("the median function has 13 lines")

    def test_a_median_of_12_lines_is_not(self):
        self.write("src/base/a.cc", function_of(20) + function_of(12) + function_of(3))
        self.assert_clean()

    def test_five_parameters_are_too_many(self):
        for text in ("void f(int a, int b, int c, int d, int e);\n",
                     "struct S {\n  S(int a, int b, int c, int d, int e) : a_(a), b_{b} {}\n};\n",
                     "class C {\n  virtual int g(A a, B b, C c, D d, E e) const = 0;\n};\n"):
            with self.subTest(text):
                self.write("src/base/a.cc", text)
                self.assert_found("5 parameters, more than 4")

    def test_commas_inside_types_and_defaults_are_not_parameters(self):
        self.write("src/base/a.cc",
                   "void f(std::map<int, std::pair<int, int>> a, B b = {1, 2},\n"
                   "       std::function<int(int, int)> c = g(1, 2), int d = 3);\n")
        self.assert_clean()

    def test_four_levels_of_nesting_are_too_many(self):
        self.write("src/base/a.cc", nested(["if (a)", "for (;;)", "while (b)", "switch (c)"]))
        self.assert_found("f: 4 levels of nesting")

    def test_nesting_is_seen_without_braces_and_in_lambdas(self):
        self.write("src/base/a.cc",
                   "void f() {\n  if (a) for (;;) g([&](int x) { if (x) while (y) h(); });\n}\n")
        self.assert_found("f: 4 levels of nesting")

    def test_three_levels_and_a_chain_of_else_if_are_not(self):
        chain = "if (a) {\n} else if (b) {\n} else if (c) {\n} else if (d) {\n} else {\n}\n"
        self.write("src/base/a.cc", nested(["if (a)", "for (;;)", "while (b)"]))
        self.write("src/base/b.cc", "void f() {\n" + chain + "}\n")
        self.assert_clean()

    def test_braces_in_strings_and_comments_are_text(self):
        self.write("src/base/a.cc", 'auto kText = R"({{{)";\nchar c() { return \'{\'; }  // {\n'
                                    + 'const char* s() { return "}}}"; }\n' + function_of(5))
        self.assert_clean()
        self.assertIn("3 functions of the product", self.tidy()[1])


def nested(heads):
    return "void f() {\n" + "".join(h + " {\n" for h in heads) + "}\n" * len(heads) + "}\n"


if __name__ == "__main__":
    unittest.main()
