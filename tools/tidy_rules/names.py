"""Names of a room: its files are compiled several at a time (docs/adr/0009-unity-builds.md), so a
name in an anonymous namespace may be neither in a second file nor in a header that both see."""

from collections import defaultdict, namedtuple

from tidy_rules import cpp
from tidy_rules.tree import Breach

# `space` is the namespace around it, as in "lifeboat::engine"; `hidden` in an anonymous one.
Name = namedtuple("Name", "text file line space hidden")

NOT_DECLARED = {"using", "static_assert", "friend", "typedef", "namespace", "extern"}


def breaches(tree):
    found = [name for file in tree.cpp_files if file.room for name in names_of(file)]
    shared = defaultdict(set)
    for name in found:
        if name.file.is_header:
            shared[name.space, name.text].add(name.file)
    first = {}
    for name in found:
        if not name.hidden or name.file.is_header:
            continue
        other = header_with(name, shared) or first.setdefault(
            (name.file.room, name.file.is_test, name.space, name.text), name.file)
        if other is not name.file:
            yield Breach(name.file.path, name.line,
                         f"{name.text} is in {other.path} too: the files of a room are compiled "
                         "several at a time, so give it a name of its own, or share one")


def header_with(name, shared):
    """The header whose name of the same or an enclosing namespace this one meets."""
    space = name.space
    while space:
        for file in shared.get((space, name.text), ()):
            if name.file.is_test or not file.path.rsplit("/", 1)[-1].startswith("test_"):
                return file
        space = space.rpartition("::")[0]
    return None


def names_of(file):
    finder = Names(cpp.tokens_of(file.text))
    finder.scope(0)
    for text, line, spaces in finder.names:
        hidden = "" in spaces
        yield Name(text, file, line, "::".join(space for space in spaces if space), hidden)


class Names(cpp.Finder):
    """Collects what namespaces declare; what stands in classes and functions is left out."""

    def __init__(self, tokens):
        super().__init__(tokens)
        self.names = []
        self.spaces = []
        self.classes = 0

    def braces(self, head, index):
        texts = [token.text for token in head]
        if "namespace" in texts:
            self.spaces.append("".join(texts[texts.index("namespace") + 1:]))
            after = super().braces(head, index)
            self.spaces.pop()
            return after
        is_type = cpp.kind_of(head) in ("scope", "enum")
        if is_type:
            self.add(type_name(head), head)
        self.classes += is_type
        after = super().braces(head, index)
        self.classes -= is_type
        return after

    def declaration(self, head):
        super().declaration(head)
        texts = [token.text for token in head]
        if head and texts[0] not in NOT_DECLARED and "operator" not in texts:
            self.add(declared_name(head), head)

    def definition(self, head, index):
        if "operator" not in [token.text for token in head]:
            self.add(cpp.signature_of(head)[0], head)
        return super().definition(head, index)

    def add(self, text, head):
        if text and self.classes == 0 and not is_member(text, head) and not cpp.MACRO.match(text):
            self.names.append((text, head[0].line, tuple(self.spaces)))


def is_member(text, head):
    """True for `Type::text`, which is defined here but declared in a class."""
    texts = [token.text for token in head]
    return text in texts and texts[max(texts.index(text) - 1, 0)] == "::"


def type_name(head):
    words = [t.text for t in cpp.without_template(head) if cpp.NAME.match(t.text)]
    words = [word for word in words if word not in ("enum", "class", "struct", "union")]
    return words[0] if words else None


def declared_name(head):
    """Of a function or of a variable, which ends at its value; nothing for a forward `class X;`."""
    if head[0].text in cpp.SCOPES and len(head) == 2:
        return None
    signature = cpp.signature_of(head)
    if signature:
        return signature[0]
    before = None
    for token in cpp.without_template(head):
        if token.text in ("=", "{", "["):
            break
        before = token.text if cpp.NAME.match(token.text) else before
    return before
