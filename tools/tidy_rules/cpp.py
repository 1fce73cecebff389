"""Finds functions in C++ text: name, first line, number of lines, parameters, nesting.

A scanner, not a compiler: it knows comments, strings, scopes, parameter lists,
member initialisers and control statements, which is all that sizes need.
"""

import re
from collections import namedtuple

Token = namedtuple("Token", "text line")
Function = namedtuple("Function", "name line lines parameters nesting")

TOKEN = re.compile(
    r'''(?P<skip>\s+|//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.)*)
      | (?P<text>(?:u8|u|U|L)?R"(?P<mark>[^()\s\\]*)\(.*?\)(?P=mark)"
              |(?:u8|u|U|L)?"(?:[^"\\\n]|\\.)*"
              |'(?:[^'\\\n]|\\.)+'
              |[A-Za-z_]\w*
              |\.?\d(?:[\w.]|'\w|[eEpP][+-])*
              |::|->|&&|\|\||.)''', re.DOTALL | re.MULTILINE | re.VERBOSE)

OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
CONTROL = {"if", "for", "while", "switch", "catch"}
SCOPES = {"class", "struct", "union"}
NOT_NAMES = {"alignas", "decltype", "noexcept", "explicit", "requires", "sizeof", "static_assert",
             "__attribute__", "constexpr", "if", "while", "return"}
NAME = re.compile(r"[A-Za-z_]\w*$")
MACRO = re.compile(r"[A-Z][A-Z0-9_]+$")


def functions_of(text):
    """Definitions in order of appearance; declarations appear with 0 lines."""
    finder = Finder(tokens_of(text))
    finder.scope(0)
    return finder.found


def tokens_of(text):
    line, tokens = 1, []
    for match in TOKEN.finditer(text):
        if match.lastgroup != "skip" and match.group("text"):
            tokens.append(Token(match.group("text"), line))
        line += match.group().count("\n")
    return tokens


class Finder:
    def __init__(self, tokens):
        self.tokens = tokens
        self.found = []

    def text(self, index):
        return self.tokens[index].text if index < len(self.tokens) else ""

    def scope(self, index):
        """Reads a namespace or class body from `index`; returns the index after its brace."""
        head = []
        while index < len(self.tokens):
            text = self.text(index)
            if text == "}":
                return index + 1
            if text == ";":
                self.declaration(head)
                head, index = [], index + 1
            elif text == ":" and head[-1:] and head[-1].text in ("public", "private", "protected"):
                head, index = [], index + 1
            elif text == "{":
                head, index = self.braces(head, index)
            elif text in OPEN:
                end = self.balanced(index)
                head, index = head + self.tokens[index:end], end
            else:
                head, index = head + [self.tokens[index]], index + 1
        return index

    def braces(self, head, index):
        """What a brace after `head` opens: a scope, a function or an initialiser."""
        kind = kind_of(head)
        if kind == "scope":
            return [], self.scope(index + 1)
        if kind == "function":
            end = self.definition(head, index)
            return [], end
        end = self.balanced(index)
        return ([], end) if kind == "enum" else (head + self.tokens[index:end], end)

    def declaration(self, head):
        signature = signature_of(head)
        if signature:
            self.found.append(Function(signature[0], head[0].line, 0, signature[1], 0))

    def definition(self, head, index):
        name, parameters = signature_of(head)
        nesting = Nesting(self)
        end = nesting.block(index, 0)
        lines = self.tokens[end - 1].line - head[0].line + 1
        self.found.append(Function(name, head[0].line, lines, parameters, nesting.deepest))
        return end

    def balanced(self, index):
        """The index after the bracket that closes the one at `index`."""
        depth = 0
        while index < len(self.tokens):
            depth += (self.text(index) in OPEN) - (self.text(index) in CLOSE)
            index += 1
            if depth == 0:
                break
        return index


class Nesting:
    """Walks statements and remembers how deep control statements stand in each other."""

    def __init__(self, finder):
        self.finder = finder
        self.deepest = 0

    def block(self, index, depth):
        index += 1
        while self.finder.text(index) not in ("}", ""):
            index = self.statement(index, depth)
        return index + 1

    def statement(self, index, depth):
        text = self.finder.text(index)
        if text == "{":
            return self.block(index, depth)
        if text in CONTROL:
            return self.control(index, depth)
        if text in ("do", "try", "else"):
            return self.inner(index + 1, depth)
        if text in ("case", "default"):
            return self.label(index)
        return self.expression(index, depth)

    def inner(self, index, depth):
        self.deepest = max(self.deepest, depth + 1)
        return self.statement(index, depth + 1)

    def control(self, index, depth):
        is_if = self.finder.text(index) == "if"
        index += 2 if self.finder.text(index + 1) == "constexpr" else 1
        index = self.inner(self.condition(index, depth), depth)
        if is_if and self.finder.text(index) == "else":
            follows = self.finder.text(index + 1)
            step = self.statement if follows == "if" else self.inner
            index = step(index + 1, depth)
        return index

    def condition(self, index, depth):
        """Lambdas may stand in a condition; their bodies count as what surrounds them."""
        end = self.finder.balanced(index)
        index += 1
        while index < end - 1:
            index = self.block(index, depth) if self.finder.text(index) == "{" else index + 1
        return end

    def label(self, index):
        while self.finder.text(index) not in (":", ""):
            index += 1
        return index + 1

    def expression(self, index, depth):
        brackets = 0
        while self.finder.text(index):
            text = self.finder.text(index)
            if text == "{":
                index = self.block(index, depth)
                continue
            if text == "}" or (text == ";" and brackets <= 0):
                return index + (text == ";")
            brackets += (text in "([") - (text in ")]")
            index += 1
        return index


def kind_of(head):
    texts = [token.text for token in without_template(head)]
    if "namespace" in texts or texts[:1] == ["extern"] and len(texts) == 2:
        return "scope"
    if texts[:1] == ["enum"]:
        return "enum"
    if texts[:1] and texts[0] in SCOPES and not parameters_at(head):
        return "scope"
    if signature_of(head) and not in_initialisers(head):
        return "function"
    return "scope" if texts[:1] and texts[0] in SCOPES else "initialiser"


def without_template(head):
    while head and head[0].text == "template":
        end, depth = 1, 0
        while end < len(head):
            depth += (head[end].text == "<") - (head[end].text == ">")
            end += 1
            if depth == 0:
                break
        head = head[end:]
    return [t for t in head if t.text not in ("static", "inline", "typedef", "constexpr")]


def in_initialisers(head):
    """True after `: member` or `, member`: the brace holds that member's value."""
    place = parameters_at(head)
    after = [token.text for token in head[place[1]:]]
    return ":" in after and bool(NAME.match(after[-1]) or after[-1] == ">")


def signature_of(head):
    """(name, number of parameters) when `head` declares a function, else None."""
    place = parameters_at(head)
    if not place:
        return None
    start, end = place
    name = head[start - 1].text
    if "operator" in (t.text for t in head[:start]):
        name = "operator" + name
    parameters = 0 if MACRO.match(name) else count_parameters(head[start + 1:end - 1])
    return name, parameters


def parameters_at(head):
    """The bounds of the parameter list: the first parenthesis after a name, outside <>."""
    angles, index = 0, 0
    while index < len(head):
        text, before = head[index].text, head[index - 1].text if index else ""
        if text == "operator":
            return operator_parameters(head, index)
        if text == "=" and angles == 0:
            return None
        if text == "(" and angles == 0 and NAME.match(before) and before not in NOT_NAMES:
            return index, end_of(head, index)
        if text in OPEN:
            index = end_of(head, index)
            continue
        angles += (text == "<") - (text == ">")
        index += 1
    return None


def operator_parameters(head, index):
    index += 1
    if head[index:index + 1] and head[index].text == "(":
        index = end_of(head, index)
    while index < len(head) and head[index].text != "(":
        index += 1
    return (index, end_of(head, index)) if index < len(head) else None


def end_of(head, index):
    depth = 0
    while index < len(head):
        depth += (head[index].text in OPEN) - (head[index].text in CLOSE)
        index += 1
        if depth == 0:
            break
    return index


def count_parameters(tokens):
    texts = [token.text for token in tokens]
    if not texts or texts == ["void"]:
        return 0
    depth, count = 0, 1
    for index, text in enumerate(texts):
        opens = text in OPEN or (text == "<" and index and NAME.match(texts[index - 1]))
        depth += bool(opens) - (text in CLOSE or (text == ">" and depth > 0))
        count += text == "," and depth == 0
    return count
