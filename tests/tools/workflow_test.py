"""The workflows of the repository, by GitHub's schema: none of them can be run here."""
import copy
import json
import pathlib
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "tests/support/github-workflow.schema.json").read_text())


def workflow():
    read = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    read["on"] = read.pop(True)  # YAML 1.1 reads the key as a truth; GitHub reads it as a word
    return read


def complaints(read):
    return [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(read)]


class Workflow(unittest.TestCase):
    def test_is_what_githubs_schema_allows(self):
        self.assertEqual(complaints(workflow()), [])

    def test_that_says_nowhere_where_it_runs_is_not(self):
        spoiled = copy.deepcopy(workflow())
        del spoiled["jobs"]["mongodb"]["runs-on"]
        self.assertNotEqual(complaints(spoiled), [])

    def test_runs_tests_that_are_there_on_every_version_with_the_variable_that_they_read(self):
        job = workflow()["jobs"]["mongodb"]
        self.assertEqual([each.split(".")[0] for each in job["strategy"]["matrix"]["mongodb"]],
                         ["5", "6", "7", "8"])
        source = (ROOT / "src/engine/mongodb/any_server_test.cc").read_text()
        for name in job["env"]:
            self.assertIn(f'"{name}"', source)
        commands = "".join(step.get("run", "") for step in job["steps"])
        self.assertIn('--gtest_filter="MongoAnyServer*"', commands)
        self.assertIn("TEST_F(MongoAnyServer, ", source)


if __name__ == "__main__":
    unittest.main()
