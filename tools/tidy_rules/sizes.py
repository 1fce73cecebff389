"""The limits of docs/architecture.md: lines, files, functions, parameters, nesting."""

import ast
import re
import statistics
from collections import namedtuple

from tidy_rules import cpp
from tidy_rules.tree import Breach

MAX_LINE = 100
MAX_FILE = 500
MAX_FUNCTION = 70
MAX_MEDIAN = 12
MAX_PARAMETERS = 4
MAX_NESTING = 3

# The independent reader is one file on purpose: a stranger reads it from top to bottom.
FILE_LIMITS = {"tests/support/reader.py": 600}

DRAWER = re.compile(r"(^|_)(util|utils|helper|helpers|common|misc|manager)(_|$)")

Measured = namedtuple("Measured", "path name line lines parameters nesting is_product")


def measure(tree):
    """Every function of every C++ and Python file."""
    measured = []
    for file in tree.files:
        if file.is_cpp:
            found = cpp.functions_of(file.text)
        elif file.path.endswith(".py") or file.lines[:1] == ["#!/usr/bin/python3"]:
            found = python_functions(file.text)
        else:
            continue
        is_product = file.path.startswith("src/") and not file.is_test
        measured += [Measured(file.path, *function, is_product) for function in found]
    return measured


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1, 0, 0


def breaches(tree, functions):
    for file in tree.files:
        yield from file_breaches(file)
    for function in functions:
        for message in function_breaches(function):
            yield Breach(function.path, function.line, f"{function.name}: {message}")
    product = [f.lines for f in functions if f.is_product and f.lines]
    if product and statistics.median(product) > MAX_MEDIAN:
        yield Breach("src", 0, f"the median function has {statistics.median(product):g} lines, "
                               f"more than {MAX_MEDIAN}")


def file_breaches(file):
    limit = FILE_LIMITS.get(file.path, MAX_FILE)
    if len(file.lines) > limit:
        yield Breach(file.path, limit, f"{len(file.lines)} lines, more than {limit}")
    for number, line in enumerate(file.lines, 1):
        if len(line) > MAX_LINE:
            yield Breach(file.path, number, f"{len(line)} columns, more than {MAX_LINE}")
    stem = file.path.rsplit("/", 1)[-1].split(".")[0]
    if DRAWER.search(stem):
        yield Breach(file.path, 1, "name what it owns: no util, helper, common, misc, manager")


def function_breaches(function):
    for value, limit, noun in (
        (function.lines, MAX_FUNCTION, "lines"),
        (function.parameters, MAX_PARAMETERS, "parameters"),
        (function.nesting, MAX_NESTING, "levels of nesting"),
    ):
        if value > limit:
            yield f"{value} {noun}, more than {limit}"
