"""What people are told, byte by byte as receivers get it, and what becomes of what they do not
get."""
import base64
import email
import email.header
import email.policy
import hashlib
import hmac
import json
import pathlib
import signal
import sys
import time
import unittest

from stage import Stage

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import receivers  # noqa: E402

TOO_MANY = ("drills: {nightly: {checks: [{query: {name: many, source: db, sql: "
            "'SELECT what FROM orders LIMIT 1', expect: '== %s'}}]}}")
GOOD, BAD = TOO_MANY % "order 0", TOO_MANY % "order 77"
SECRETS = {"HOOK_PATH": "T0001/B0002/s3cr3t-t0ken", "HOOK_SECRET": "s1gning-k3y",
           "SMTP_PASSWORD": "sm7p-p4ss"}


class Notices(Stage):
    def receiver(self, *answers, **more):
        made = receivers.Web(answers or (200,), **more)
        self.addCleanup(made.close)
        return made

    def mail_server(self, *words, **more):
        made = receivers.Mail(*words, **more)
        self.addCleanup(made.close)
        return made

    def certificate(self):
        return receivers.make_certificate(self.place)

    def tell(self, notifiers, service="", notify=None):
        """Configures notifiers: {name: what stands between the braces}."""
        names = ", ".join(notify or notifiers)
        self.configure(service=f"owner: ops@shop.example\n    notify: [{names}]\n    {service}")
        text = "notifiers:\n" + "".join(f"  {name}: {{{what}}}\n"
                                        for name, what in notifiers.items())
        with open(self.place / "lifeboat.yaml", "a", encoding="utf-8") as file:
            file.write(text)
        self.variables.update(SECRETS)

    def webhook(self, server, more=""):
        self.variables["HOOK"] = server.url("/" + SECRETS["HOOK_PATH"])
        return 'type: webhook, url: "${HOOK}", secret: "${HOOK_SECRET}"' + more

    def prepared(self, notifiers, service=""):
        self.seed()
        self.tell(notifiers, service)
        self.run_program("init")

    def said(self, *words, **more):
        """What a command printed, however its lines were broken."""
        return " ".join(self.run_program(*words, **more).stdout.split())

    def notice_in(self, request):
        """Of a webhook, once its signature is good."""
        stamp, sign = (part.split("=", 1)[1]
                       for part in request.headers["Lifeboat-Signature"].split(","))
        expected = hmac.new(SECRETS["HOOK_SECRET"].encode(), stamp.encode() + b"." + request.body,
                            hashlib.sha256).hexdigest()
        self.assertEqual(sign, expected)
        self.assertLess(abs(time.time() - int(stamp)), 120)
        self.assertEqual(request.headers["Content-Type"], "application/json")
        notice = json.loads(request.body)
        self.assertEqual(request.headers["Lifeboat-Notice"], notice["id"])
        return notice

    def assert_no_secrets(self, *texts):
        kept = [path.read_bytes().decode(errors="replace")
                for path in self.state.rglob("*") if path.is_file()]
        for text in [*texts, *kept]:
            for secret in [*SECRETS.values(), "s3cr3t-t0ken"]:
                self.assertNotIn(secret, text)

    def test_a_failed_drill_is_told_with_cause_and_next_command(self):
        server = self.receiver()
        self.prepared({"pager": self.webhook(server)}, BAD)
        self.run_program("backup")
        self.assertEqual(server.requests, [], "a complete backup is told only to who asks for it")
        ran = self.run_program("drill", "run", status=1)
        self.assertIn("Notice to pager: taken, 200", ran.stdout)
        notice = self.notice_in(server.requests[0])
        self.assertEqual(
            {key: notice[key] for key in ("format", "events", "service", "subject", "verdict",
                                          "owner", "lost")},
            {"format": 1, "events": ["failed"], "service": "shop", "subject": "drill nightly",
             "verdict": "failed", "owner": "ops@shop.example", "lost": 0})
        self.assertTrue(notice["reason"].startswith("query.many: "), notice["reason"])
        self.assertIn("lifeboat ", notice["next"])
        self.assertTrue(notice["text"].startswith("shop: drill nightly failed\nWhy: "))
        self.assertNotIn("order 0", server.requests[0].body.decode(), "what stands in a row")
        self.assert_no_secrets(ran.stdout, ran.stderr, server.requests[0].body.decode())

    def test_what_is_good_again_is_told_with_since_when_it_was_not(self):
        server = self.receiver()
        self.prepared({"pager": self.webhook(server)}, BAD)
        self.run_program("backup")
        self.run_program("drill", "run", status=1)
        self.run_program("drill", "run", status=1)
        self.tell({"pager": self.webhook(server)}, GOOD)
        self.run_program("drill", "run")
        (self.state / "notices/shop/standing.json").write_text('{"drill nightly": 7, "backup": {}}')
        self.run_program("drill", "run")
        first, second, third = map(self.notice_in, server.requests)
        self.assertEqual(second["since"], first["since"])
        self.assertEqual(third["events"], ["proven", "recovered"])
        self.assertEqual(third["since"], first["since"])
        self.assertIn("shop: drill nightly proven again", third["text"])

    def test_a_backup_that_failed_is_told_without_what_a_hook_printed(self):
        server = self.receiver()
        hook = "hooks: {before_backup: 'echo the row of Ada Lovelace $SMTP_PASSWORD; exit 3'}"
        self.prepared({"pager": self.webhook(server)}, hook)
        self.run_program("backup", status=2)
        notice = self.notice_in(server.requests[0])
        self.assertEqual(notice["events"], ["failed"])
        self.assertEqual(notice["subject"], "backup")
        self.assertIn("hook before_backup ended with status 3", notice["reason"])
        self.assertNotIn("Ada", server.requests[0].body.decode())
        self.tell({"pager": self.webhook(server)})
        self.run_program("backup")
        self.assertEqual(self.notice_in(server.requests[1])["events"], ["backup", "recovered"])

    def test_a_missed_objective_is_told_although_the_drill_proved_the_backup(self):
        server = self.receiver()
        self.prepared({"pager": self.webhook(server)}, "objectives: {rto: 1ms}")
        self.run_program("backup")
        self.run_program("drill", "run")
        notice = self.notice_in(server.requests[0])
        self.assertEqual(notice["events"], ["proven", "missed"])
        self.assertIn("but an objective was missed", notice["text"])
        self.assertIn("promised 1 ms", notice["reason"])

    def test_a_restore_is_told_when_it_begins_and_when_it_is_over(self):
        server = self.receiver()
        self.prepared({"pager": self.webhook(server)})
        self.run_program("backup")
        self.run_program("restore", "shop", "--to", self.place / "out", "--dry-run")
        self.assertEqual(server.requests, [])
        self.run_program("restore", "shop", "--to", self.place / "out")
        begins, done = map(self.notice_in, server.requests)
        self.assertEqual((begins["verdict"], done["verdict"]), ("begins", "done"))
        self.assertEqual(begins["events"], ["restore"])
        self.assertIn(str(self.place / "out"), begins["reason"])

    def test_slack_gets_what_it_reads(self):
        server = self.receiver((200, b"ok"))
        self.variables["HOOK"] = server.url("/services/" + SECRETS["HOOK_PATH"])
        self.prepared({"ops": 'type: slack, url: "${HOOK}"'}, BAD)
        self.run_program("backup")
        ran = self.run_program("drill", "run", status=1)
        self.assertIn("Notice to ops: taken, 200: ok", ran.stdout)
        request = server.requests[0]
        self.assertEqual((request.method, request.path),
                         ("POST", "/services/" + SECRETS["HOOK_PATH"]))
        body = json.loads(request.body)
        self.assertEqual(set(body), {"text"})
        self.assertTrue(body["text"].startswith("shop: drill nightly failed\nWhy: query.many: "))

    def test_a_receiver_that_fails_twice_gets_it_the_third_time(self):
        server = self.receiver(500, 503, 200)
        self.prepared({"pager": self.webhook(server, ", on: [backup]")})
        ran = self.run_program("backup")
        self.assertIn("Notice to pager: taken, 200", ran.stdout)
        self.assertEqual(len(server.requests), 3)
        self.assertEqual(len({request.body for request in server.requests}), 1)
        self.assertNotIn("waiting", self.run_program("status").stdout)

    def test_what_was_not_delivered_waits_and_is_sent_with_the_next_run(self):
        server = self.receiver(*[500] * 3, 200)
        self.prepared({"pager": self.webhook(server, ", on: [backup]")})
        ran = self.run_program("backup")
        self.assertIn("NOT DELIVERED", ran.stdout)
        self.assertIn("1 notice is kept", ran.stdout)
        said = self.run_program("status").stdout
        self.assertIn("1 notice waits for pager", said)
        self.assertIn("the receiver answered 500", said)
        waiting = self.result("status")[0]["notices_waiting"]
        self.assertEqual([(each["notifier"], each["count"]) for each in waiting], [("pager", 1)])
        notices = self.result("backup")[0]["notices"]
        self.assertEqual([(each["sent"], each["waiting"]) for each in notices], [(2, 0)])
        told = [self.notice_in(request) for request in server.requests]
        self.assertEqual(told[0]["id"], told[3]["id"], "the first one is sent first")
        self.assertNotEqual(told[3]["id"], told[4]["id"])
        self.assertNotIn("notices_waiting", self.result("status")[0])

    def test_what_cannot_be_kept_is_sent_at_once(self):
        server = self.receiver(200, 500)
        self.prepared({"pager": self.webhook(server, ", on: [backup]")})
        folder = self.state / "notices" / "shop"
        folder.mkdir(parents=True)
        (folder / "outbox").write_text("in the way")
        ran = self.run_program("backup")
        self.assertIn("Notice to pager: taken, 200", ran.stdout)
        self.assertIn("a notice cannot be kept", " ".join(ran.stderr.split()))
        self.assertEqual(len(server.requests), 1)
        self.assertIn("It is not kept either.", self.said("backup"))

    def test_nobody_there_changes_no_exit_status(self):
        self.variables["HOOK"] = f"http://127.0.0.1:{receivers.closed_port()}/x"
        self.prepared({"pager": 'type: webhook, url: "${HOOK}", secret: "${HOOK_SECRET}"'}, BAD)
        self.run_program("backup", status=0)
        ran = self.run_program("drill", "run", status=1)
        self.assertIn("NOT DELIVERED, no answer", ran.stdout)
        self.assertIn("WARNING: shop: 1 notice waits for pager",
                      self.run_program("status", "--check", status=2).stdout)

    def test_a_variable_that_is_not_set_stops_no_restore(self):
        server = self.receiver()
        self.prepared({"pager": self.webhook(server)})
        self.run_program("backup")
        hook = self.variables.pop("HOOK")
        said = self.said("restore", "shop", "--to", self.place / "out")
        self.assertIn("not set in the environment: HOOK. 2 notices are kept", said)
        self.assertEqual(said.count("Notice to pager"), 1)
        self.variables["HOOK"] = hook
        self.run_program("backup")
        self.assertEqual([self.notice_in(request)["verdict"] for request in server.requests],
                         ["begins", "done"], "with the next run, also one with no news")

    def test_what_was_interrupted_is_told_with_the_next_run(self):
        server, begun = self.receiver(), self.place / "begun"
        hook = f"hooks: {{before_backup: 'touch {begun}; sleep 60'}}"
        self.prepared({"pager": self.webhook(server)}, hook)
        started = self.start("backup")
        self.wait_until(begun.exists)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate()
        self.assertEqual(started.returncode, 130)
        self.assertIn("notice to pager not delivered: interrupted", " ".join(said.split()))
        self.assertEqual(server.requests, [], "a run that was stopped begins nothing more")
        self.tell({"pager": self.webhook(server)})
        self.run_program("backup")
        failed, again = map(self.notice_in, server.requests)
        self.assertEqual((failed["verdict"], failed["reason"][-11:]), ("failed", "interrupted"))
        self.assertEqual(again["events"], ["backup", "recovered"])

    def test_a_redirect_is_not_followed(self):
        other = self.receiver()
        server = self.receiver((302, b"", {"Location": other.url("/elsewhere")}))
        self.prepared({"pager": self.webhook(server)})
        ran = self.run_program("notify", "test", status=2)
        self.assertIn("answered 302", ran.stdout)
        self.assertIn("not followed", ran.stdout)
        self.assertEqual(other.requests, [])

    def test_a_receiver_that_never_answers_is_not_waited_for_for_ever(self):
        server = self.receiver(None)
        self.prepared({"pager": self.webhook(server)})
        begun = time.monotonic()
        ran = self.run_program("notify", "test", "pager", status=2)
        self.assertIn("no whole answer within 10", ran.stdout)
        self.assertLess(time.monotonic() - begun, 30)

    def test_a_certificate_that_nobody_vouches_for_gets_nothing(self):
        files = self.certificate()
        server = self.receiver(tls=files)
        self.prepared({"pager": self.webhook(server)})
        self.assertIn("NOT DELIVERED", self.run_program("notify", "test", status=2).stdout)
        self.assertEqual(server.requests, [])
        self.tell({"pager": self.webhook(server, f', ca: "{files["certificate"]}"')})
        self.assertIn("taken, 200", self.run_program("notify", "test").stdout)
        self.assertEqual(self.notice_in(server.requests[0])["events"], ["test"])

    def test_an_answer_that_repeats_the_url_does_not_spread_it(self):
        path = ("/" + SECRETS["HOOK_PATH"]).encode()
        server = self.receiver((404, b"no such hook: " + path + b" (token s3cr3t-t0ken)\n\x1b[31m"))
        self.prepared({"pager": self.webhook(server)}, BAD)
        ran = self.run_program("notify", "test", status=2)
        self.assertIn("404: no such hook", ran.stdout)
        self.assertNotIn("\x1b", ran.stdout)
        self.run_program("backup")
        drilled = self.run_program("drill", "run", status=1)
        self.assert_no_secrets(ran.stdout, ran.stderr, drilled.stdout, drilled.stderr,
                               self.run_program("status", status=1).stdout)

    def test_a_secret_that_stands_across_the_end_of_a_long_reason_is_not_told_in_part(self):
        server = self.receiver()
        self.prepared({"pager": self.webhook(server)})
        token = self.variables["TOKEN"] = "t0k3n-of-the-shop-that-is-secret"
        cut = 0
        for names in range(2, 10):
            folder = self.place.joinpath(*["d" * 30] * (names + 2), "d" * names)
            self.repository = folder / token / "repository"
            self.tell({"pager": self.webhook(server)}, "secrets: [TOKEN]")
            self.run_program("backup", status=2)
            reason = self.notice_in(server.requests[-1])["reason"]
            self.assertNotIn(token[:6], reason)
            self.assertRegex(reason, r"/\*|[d/]…$")
            cut += reason.endswith("…")
        self.assertGreater(cut, 0, "none was cut")
        self.assert_no_secrets()

    def test_a_heartbeat_beats_only_for_what_was_proven(self):
        server = self.receiver()
        self.variables["PULSE"] = server.url("/ping/uuid")
        self.prepared({"pulse": 'type: heartbeat, url: "${PULSE}"',
                       "backups": 'type: heartbeat, url: "${PULSE}-b", watches: backup'}, BAD)
        paths = []

        def asked():
            new = [request.path for request in server.requests][len(paths):]
            paths.extend(new)
            return new

        self.run_program("drill", "run", status=1)
        self.assertEqual(asked(), ["/ping/uuid/fail"], "there is no backup")
        self.run_program("backup")
        self.assertEqual(asked(), ["/ping/uuid-b"])
        self.run_program("drill", "run", status=1)
        self.assertEqual(asked(), ["/ping/uuid/fail"])
        self.run_program("notify", "test", "pulse")
        self.assertEqual(asked(), ["/ping/uuid/log"], "a test is no beat")
        self.tell({"pulse": 'type: heartbeat, url: "${PULSE}"'}, GOOD)
        self.run_program("drill", "run")
        self.assertEqual(asked(), ["/ping/uuid"])

    def mail_to(self, server, more="", login=True):
        user = ', user: lifeboat, password: "${SMTP_PASSWORD}"' if login else ""
        return (f'type: email, server: "{server.url()}", from: lifeboat@shop.example, '
                f'to: [ops@shop.example, second@shop.example]{user}{more}')

    def test_a_mail_is_sent_over_tls_with_a_login(self):
        files = self.certificate()
        for mode in ("implicit", "starttls"):
            with self.subTest(mode):
                server = self.mail_server(mode, files)
                self.tell({"mail": self.mail_to(server, f', ca: "{files["certificate"]}"')}, BAD)
                if not self.repository.exists():
                    self.seed()
                    self.run_program("init")
                    self.run_program("backup")
                ran = self.run_program("drill", "run", status=1)
                self.assertIn("Notice to mail: taken, 250 2.0.0 queued as 1", ran.stdout)
                self.assertEqual(server.logins, [(True, base64.b64encode(
                    b"\0lifeboat\0" + SECRETS["SMTP_PASSWORD"].encode()).decode())])
                mail, = server.mails
                self.assertTrue(mail["secure"])
                self.assertEqual(mail["from"], "<lifeboat@shop.example>")
                self.assertEqual(mail["to"], ["<ops@shop.example>", "<second@shop.example>"])
                self.check_mail(mail["data"])
                self.assert_no_secrets(ran.stdout, ran.stderr, mail["data"].decode())

    def check_mail(self, data):
        for line in data.split(b"\r\n"):
            self.assertLessEqual(len(line), 200)
            self.assertNotIn(b"\n", line)
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual(parsed.defects, [])
        self.assertEqual(parsed["Subject"], "shop: drill nightly failed")
        self.assertEqual(parsed["From"], "lifeboat@shop.example")
        self.assertEqual(parsed["To"], "ops@shop.example, second@shop.example")
        self.assertLess(abs(time.time() - parsed["Date"].datetime.timestamp()), 120)
        self.assertRegex(parsed["Message-ID"], r"^<[0-9a-f]{16}@shop\.example>$")
        self.assertTrue(parsed.get_content().startswith("shop: drill nightly failed\nWhy: "))

    def test_no_mail_goes_where_there_is_no_tls_or_a_wrong_certificate(self):
        files = self.certificate()
        self.seed()
        for server in (self.mail_server("plain"), self.mail_server("implicit", files),
                       self.mail_server("starttls", files)):
            self.tell({"mail": self.mail_to(server)})
            ran = self.run_program("notify", "test", status=2)
            self.assertIn("no TLS with it", ran.stdout)
            self.assertEqual((server.mails, server.logins), ([], []))
            self.assertFalse([line for line in server.lines if line.startswith(("AUTH", "MAIL"))])

    def test_a_mail_without_tls_must_be_asked_for_and_has_no_password(self):
        server = self.mail_server("plain")
        self.seed()
        self.tell({"mail": self.mail_to(server, ", tls: none", login=False)})
        self.assertIn("taken, 250", self.run_program("notify", "test").stdout)
        mail, = server.mails
        parsed = email.message_from_bytes(mail["data"], policy=email.policy.default)
        self.assertEqual(parsed["Subject"], "Lifeboat: a test of this notifier")
        self.tell({"mail": self.mail_to(server, ", tls: none")})
        said = self.run_program("notify", "test", status=3).stderr
        self.assertIn("a password is not sent without TLS", said)

    def test_a_mail_that_is_refused_is_said_with_the_servers_words(self):
        server = self.mail_server("plain", refuse="550 5.1.1 no such user")
        self.seed()
        self.tell({"mail": self.mail_to(server, ", tls: none", login=False)})
        self.assertIn("550 5.1.1 no such user", self.said("notify", "test", status=2))

    def test_notifiers_that_are_not_there_are_named(self):
        self.seed()
        self.tell({"pager": self.webhook(self.receiver())})
        self.assertIn('Did you mean "pager"?',
                      self.run_program("notify", "test", "pagr", status=3).stderr)
        self.configure()
        self.assertIn("no notifiers", self.run_program("notify", "test", status=3).stderr)


if __name__ == "__main__":
    unittest.main()
