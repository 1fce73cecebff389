"""The text format of Prometheus, read as strictly as node_exporter does."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? ([-+0-9.eE]+|NaN|[+-]Inf)$")


def parse_metrics(text):
    """{(name, labels): value}."""
    assert text.endswith("\n")
    values, typed, current = {}, set(), None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            continue
        if line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            assert kind in ("gauge", "counter", "untyped"), line
            assert current not in typed, "a metric in two places: " + line
            typed.add(current)
            continue
        name, labels, value = SAMPLE.match(line).groups()
        assert name == current, "a sample outside its metric: " + line
        pairs = LABEL.findall(labels or "")
        assert "".join(f'{key}="{each}",' for key, each in pairs).rstrip(",") == (labels or "")
        assert len(dict(pairs)) == len(pairs), line
        key = (name, tuple(sorted(pairs)))
        assert key not in values, "the same twice: " + line
        values[key] = float(value)
    return values
