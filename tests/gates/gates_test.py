"""The gates of cmake/Room.cmake: an include that a room did not declare does not compile.

Each test makes a small project with Lifeboat's own CMake modules and four rooms,
plants one include, and builds.
"""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

PROJECT = """cmake_minimum_required(VERSION 3.25)
project(rooms CXX)
list(APPEND CMAKE_MODULE_PATH "${CMAKE_SOURCE_DIR}/cmake")
include(Toolchain)
include(Warnings)
find_package(Threads REQUIRED)
include(Directions)
include(Room)
foreach(room IN LISTS LIFEBOAT_ROOMS)
  if(EXISTS "${CMAKE_SOURCE_DIR}/src/${room}/CMakeLists.txt")
    add_subdirectory("src/${room}")
  endif()
endforeach()
"""

ROOMS = {
    "base": "lifeboat_room(base)",
    "crypto": "lifeboat_room(crypto)",
    "storage": "lifeboat_room(storage DEPENDS crypto)",
    "repository": "lifeboat_room(repository DEPENDS storage)",
    "config": "lifeboat_room(config OPTIONS_OF storage)",
}


class GatesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        shutil.copytree(ROOT / "cmake", self.root / "cmake")
        self.write("CMakeLists.txt", PROJECT)
        for room, lists in ROOMS.items():
            self.write(f"src/{room}/CMakeLists.txt", lists + "\n")
            self.write(f"src/{room}/{room}.h", "#pragma once\n")
            self.write(f"src/{room}/options.h", "#pragma once\n")
            self.write(f"src/{room}/{room}.cc", f'#include "{room}/{room}.h"\n')

    def tearDown(self):
        self.folder.cleanup()

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def include(self, room, *headers):
        self.write(f"src/{room}/{room}.cc", "".join(f'#include "{h}"\n' for h in headers))

    def configure(self):
        return self.run_cmake("-S", ".", "-B", "build", "-G", "Ninja")

    def build(self):
        configured = self.configure()
        self.assertEqual(configured.returncode, 0, configured.stdout)
        return self.run_cmake("--build", "build")

    def run_cmake(self, *arguments):
        return subprocess.run(["cmake", *arguments], cwd=self.root, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def assert_builds(self):
        built = self.build()
        self.assertEqual(built.returncode, 0, built.stdout)

    def assert_no_such_file(self, header):
        built = self.build()
        self.assertNotEqual(built.returncode, 0)
        self.assertIn(f"{header}: No such file or directory", built.stdout)

    def test_declared_includes_compile(self):
        self.include("storage", "base/base.h", "crypto/crypto.h")
        self.include("repository", "base/base.h", "storage/storage.h", "repository/repository.h")
        self.assert_builds()

    def test_an_undeclared_include_does_not_compile(self):
        self.include("crypto", "storage/storage.h")
        self.assert_no_such_file("storage/storage.h")

    def test_what_a_declared_room_declares_is_not_inherited(self):
        self.include("repository", "crypto/crypto.h")
        self.assert_no_such_file("crypto/crypto.h")

    def test_a_header_does_not_open_the_rooms_it_includes(self):
        self.write("src/storage/storage.h", '#pragma once\n#include "crypto/crypto.h"\n')
        self.include("repository", "storage/storage.h")
        self.assert_no_such_file("crypto/crypto.h")

    def test_config_sees_options(self):
        self.include("config", "storage/options.h")
        self.assert_builds()

    def test_config_sees_nothing_but_options(self):
        self.include("config", "storage/storage.h")
        self.assert_no_such_file("storage/storage.h")

    def test_a_dependency_against_the_table_is_refused(self):
        self.write("src/crypto/CMakeLists.txt", "lifeboat_room(crypto DEPENDS net)\n")
        configured = self.configure()
        self.assertNotEqual(configured.returncode, 0)
        self.assertIn("The room crypto may not include net", configured.stdout)

    def test_a_withdrawn_declaration_closes_the_gate_again(self):
        self.include("storage", "crypto/crypto.h")
        self.assert_builds()
        self.write("src/storage/CMakeLists.txt", "lifeboat_room(storage)\n")
        self.assert_no_such_file("crypto/crypto.h")


if __name__ == "__main__":
    unittest.main()
