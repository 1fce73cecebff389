"""PostgreSQL clusters that pgBackRest and Barman back up and restore into the sandbox, where they
are started and asked; the configurations are those of docs/foreign.md."""
import os
import pathlib
import pwd
import subprocess
import unittest

from stage import Stage

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
ASK = pathlib.Path(__file__).parents[2] / "examples" / "postgresql" / "ask"
CONFIGURATION = """\
version: 1
services:
  shop:
    sources:
      cluster:
        type: foreign
        restore: |
          %(restore)s
        timeout: 5m
        folder: data
    repositories: [local]
    drills:
      nightly:
        checks:
          - command:
              name: orders
              run: |
                %(ask)s ${sandbox.cluster.path} 'SELECT count(*) FROM orders' %(settings)s
              visible: [%(visible)s]
              expect: {output: "^210$"}
repositories:
  local: {url: "%(repository)s", key: %(key)s}
"""
BACKREST = """\
[global]
repo1-path=%(place)s/backrest
lock-path=%(place)s/lock
spool-path=%(place)s/spool
log-level-file=off
log-level-console=warn
start-fast=y
[shop]
pg1-path=%(place)s/live
pg1-socket-path=%(place)s
pg1-user=postgres
"""
BARMAN = """\
[barman]
barman_home = %(place)s/barman
barman_lock_directory = %(place)s
barman_user = %(user)s
log_file = %(place)s/barman.log
[shop]
description = the shop
conninfo = host=%(place)s user=postgres dbname=postgres
streaming_conninfo = host=%(place)s user=postgres
backup_method = postgres
archiver = on
path_prefix = %(programs)s
immediate_checkpoint = true
"""


class PostgresPrograms(Stage):
    def setUp(self):
        super().setUp()
        self.live = self.place / "live"
        self.variables["PATH"] += f":{PROGRAMS}"
        self.names = {"place": self.place, "programs": PROGRAMS,
                      "user": pwd.getpwuid(os.getuid()).pw_name}

    def tool(self, command, status=0):
        ran = subprocess.run(command, shell=True, cwd=self.place, env=self.variables, text=True,
                             capture_output=True, timeout=120, check=False)
        self.assertEqual(ran.returncode, status, f"{command}\n{ran.stdout}\n{ran.stderr}")
        return ran.stdout

    def start_cluster(self, archive_command):
        """A private one, on a socket in this place."""
        self.tool(f"initdb --pgdata={self.live} --username=postgres --auth=trust --no-sync "
                  "--locale=C --encoding=UTF8")
        with open(self.live / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write(f"listen_addresses = ''\nunix_socket_directories = '{self.place}'\n"
                           f"fsync = off\narchive_mode = on\n"
                           f"archive_command = '{archive_command}'\n")
        self.addCleanup(subprocess.run, [PROGRAMS / "pg_ctl", "stop", "-m", "immediate", "-D",
                                         self.live], capture_output=True, check=False)
        self.tool(f"pg_ctl start --wait --pgdata={self.live} --log={self.place}/log > /dev/null")

    def sql(self, text):
        return self.tool(f'psql --host={self.place} --username=postgres -Atc "{text}"').strip()

    def add_orders(self, count):
        self.sql("CREATE TABLE IF NOT EXISTS orders(id serial, what text)")
        self.sql(f"INSERT INTO orders(what) SELECT 'order' FROM generate_series(1, {count})")

    def configure_cluster(self, restore, settings="", visible=()):
        (self.place / "lifeboat.yaml").write_text(CONFIGURATION % {
            "restore": restore, "ask": ASK, "settings": settings, "repository": self.repository,
            "visible": ", ".join(f'"{each}"' for each in (ASK, *visible)), "key": self.key})
        self.run_program("init")

    def drill(self, verdict, *rules):
        status = {"proven": 0, "failed": 1, "unverified": 2}[verdict]
        evidence = self.result("drill", "run", status=status)[0]["evidence"]
        self.assertEqual(evidence["verdict"], verdict, evidence["reason"])
        self.assertLessEqual(set(rules), {each["rule"] for each in evidence["diagnosis"]})
        self.assertTrue(evidence["tear_down"]["clean"])
        self.assertEqual(list((self.state / "sandboxes").iterdir()), [])
        return evidence

    def words_of(self, evidence):
        """What the tool wrote, which is kept for a person."""
        kept = self.state / "drills" / "shop" / f'{evidence["id"]}.cluster.restore.log'
        return kept.read_text()

    def start_with_backrest(self):
        (self.place / "backrest.conf").write_text(BACKREST % self.names)
        program = f"pgbackrest --config={self.place}/backrest.conf --stanza=shop"
        self.start_cluster(f"{program} archive-push %p")
        self.tool(f"{program} stanza-create")
        self.add_orders(200)
        self.tool(f"{program} backup")
        # What comes after the backup is in the archived log alone.
        self.add_orders(10)
        self.tool(f"{program} check")
        self.configure_cluster(
            f'mkdir -m 700 data && {program} --pg1-path="$PWD/data" restore',
            f'''"-c restore_command='{program} --pg1-path=${{sandbox.cluster.path}}'''
            ''' archive-get %f %p'"''',
            (self.place / "backrest", self.place / "backrest.conf"))

    def test_a_cluster_that_pgbackrest_restores_is_started_and_asked(self):
        self.start_with_backrest()
        evidence = self.drill("proven")
        self.assertIn("carries no facts", evidence["reason"])
        self.assertEqual(self.sql("SELECT count(*) FROM orders"), "210", "the live one is touched")
        # The end of the log is lost: the cluster starts, and is not what it must be.
        segments = sorted((self.place / "backrest" / "archive").rglob("0000*-*"))
        segments[-1].unlink()
        self.drill("failed", "program-complains")

    def test_a_damaged_or_missing_backup_of_pgbackrest_is_told_in_its_words(self):
        self.start_with_backrest()
        tables = (self.place / "backrest" / "backup" / "shop").glob("*F/pg_data/base/*/*.gz")
        largest = max(tables, key=lambda path: path.stat().st_size)
        whole = largest.read_bytes()
        largest.chmod(0o600)
        largest.write_bytes(whole[:len(whole) // 2])
        evidence = self.drill("unverified", "foreign-program-failed")
        self.assertIn("ERROR", self.words_of(evidence))
        largest.write_bytes(whole)
        self.drill("proven")
        (self.place / "backrest" / "backup").rename(self.place / "away")
        evidence = self.drill("unverified", "foreign-program-failed")
        self.assertIn("ERROR", self.words_of(evidence))

    def start_with_barman(self):
        (self.place / "barman.conf").write_text(BARMAN % self.names)
        (self.place / "barman" / "shop" / "incoming").mkdir(parents=True)
        program = f"barman --config={self.place}/barman.conf"
        self.start_cluster(f"cp %p {self.place}/barman/shop/incoming/%f")
        self.tool(f"{program} switch-wal --force --archive shop")
        self.add_orders(200)
        self.tool(f"{program} backup --wait shop")
        self.add_orders(10)
        self.tool(f"{program} switch-wal --force --archive shop")
        self.configure_cluster(f'{program} recover shop latest "$PWD/data"')

    def test_a_cluster_that_barman_restores_is_started_and_asked(self):
        self.start_with_barman()
        self.drill("proven")
        self.add_orders(1)
        self.tool(f"barman --config={self.place}/barman.conf switch-wal --force --archive shop")
        self.drill("failed", "program-complains")

    def test_a_missing_backup_of_barman_is_told_in_its_words(self):
        self.start_with_barman()
        base = next((self.place / "barman" / "shop" / "base").glob("*"))
        base.rename(self.place / "away")
        evidence = self.drill("unverified", "foreign-program-failed")
        self.assertIn("ERROR", self.words_of(evidence))


if __name__ == "__main__":
    unittest.main()
