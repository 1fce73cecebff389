"""Mistakes in the configuration: all at once, with their lines, and what was probably meant."""
import unittest

from stage import Stage


class Configuration(Stage):
    def complaint(self, text):
        (self.place / "lifeboat.yaml").write_text(text)
        return self.run_program("status", status=3).stderr

    def written(self):
        self.configure()
        return (self.place / "lifeboat.yaml").read_text()

    def test_an_unknown_key_is_named_with_its_line_and_the_nearest(self):
        said = self.complaint(self.written().replace("repositories: [local]",
                                                     "repositorys: [local]"))
        self.assertRegex(said, r"lifeboat\.yaml:7")
        self.assertIn("repositories", said)

    def test_a_tab_is_called_a_tab(self):
        said = self.complaint(self.written().replace("    sources:", "\tsources:"))
        self.assertIn("tab", said)

    def test_a_duplicate_name_is_refused(self):
        said = self.complaint(self.written().replace("      uploads: {", "      db: {"))
        self.assertRegex(said, "twice|duplicate|already")

    def test_all_mistakes_are_told_at_once(self):
        text = self.written().replace("type: sqlite", "type: sqlight").replace("[local]", "[lokal]")
        said = self.complaint(text)
        self.assertIn("sqlite", said)
        self.assertIn("local", said)

    def test_a_missing_variable_is_named_where_it_is_used(self):
        self.ready()
        without = dict(self.variables)
        without.pop("DATABASE")
        ran = self.run_program("backup", status=3, variables=without)
        self.assertIn("DATABASE", ran.stderr + ran.stdout)
        self.run_program("snapshots", variables=without)

    def test_one_service_that_fails_keeps_no_other_from_its_backup(self):
        self.seed()
        (self.place / "lifeboat.yaml").write_text(f"""version: 1
services:
  broken:
    sources: {{db: {{type: sqlite, path: "${{NOWHERE}}"}}}}
    repositories: [local]
  shop:
    sources: {{db: {{type: sqlite, path: "{self.database}"}}}}
    repositories: [local]
repositories:
  local: {{url: "{self.repository}", key: {self.key}}}
""")
        def made():
            return sorted(each["service"] for answer in self.result("snapshots")
                          for each in answer["snapshots"])

        whole = self.variables | {"NOWHERE": str(self.database)}
        self.run_program("init", variables=whole)
        for number, kind in enumerate(("full", "incremental", "differential"), 1):
            with self.subTest(kind):
                ran = self.run_program("backup", "--type", kind, status=3)
                self.assertIn("NOWHERE", ran.stdout + ran.stderr)
                self.assertEqual(made(), ["shop"] * number)
        self.run_program("backup", "--type", "incremental", variables=whole)
        self.assertEqual(made(), ["broken"] + ["shop"] * 4)

    def test_there_is_none(self):
        self.variables.pop("LIFEBOAT_CONFIG")
        ran = self.run_program("backup", status=3)
        self.assertIn("lifeboat init", ran.stderr)

    def test_init_writes_one_that_works(self):
        self.seed()
        self.variables.pop("LIFEBOAT_CONFIG")
        self.run_program("init", ".", "--name", "shop", "--repository", self.repository)
        self.run_program("init")
        self.run_program("doctor")
        self.run_program("backup")
        self.run_program("drill", "run")

    def test_the_least_rights_of_a_server_are_printed_to_be_pasted(self):
        (self.place / "lifeboat.yaml").write_text("""version: 1
services:
  shop:
    sources:
      db: {type: mongodb, uri: "mongodb://anna:tiger@127.0.0.1:1/shop"}
    markers: {source: db, name: marks}
    repositories: [local]
repositories:
  local: {url: /nowhere, key: {passphrase: "${LIFEBOAT_PASSPHRASE}"}}
""")
        lines = self.run_program("doctor", "--grants").stdout.splitlines()
        self.assertEqual(lines.count('db.getSiblingDB("admin").createRole({'), 5)
        for job in ("backup", "log", "restore", "users", "markers"):
            self.assertIn(f'  role: "lifeboat-{job}-shop",', lines)
        self.assertIn('//   role: "lifeboat-scratch",', lines)
        self.assertIn('    {resource: {"collection":"marks","db":"shop"}, '
                      'actions: ["find","insert","remove"]}', lines)
        self.assertNotIn("tiger", "\n".join(lines))

    def test_words_that_are_not_understood(self):
        self.assertIn('"backup"', self.run_program("bakcup", status=3).stderr)
        self.assertIn("--dry-run", self.run_program("restore", "--dryrun", status=3).stderr)
        self.ready()
        self.assertIn('"shop"', self.run_program("backup", "shpo", status=3).stderr)
        nightly = self.run_program("drill", "run", "shop", "nightly", status=3).stderr
        self.assertIn("--drill NAME", nightly)
        word = self.run_program("restore", "latest", "--to", "back", status=3).stderr
        self.assertIn("--snapshot latest", word)

    def test_init_puts_nothing_into_a_configuration_that_is_there(self):
        self.ready()
        ran = self.run_program("init", self.uploads, status=2)
        self.assertIn("already", ran.stderr)
        self.assertIn("--output", ran.stderr)
        self.assertEqual((self.place / "lifeboat.yaml").read_text(), self.written())


if __name__ == "__main__":
    unittest.main()
