#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <thread>

#include "drill/sabotage.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

// A small application with many ways to be bad, chosen by MODE.
constexpr std::string_view kProgram = R"(
import http.server, json, os, signal, socket, sqlite3, sys, threading, time
mode, port = os.environ.get('MODE', 'good'), int(os.environ['PORT'])
base = sqlite3.connect(os.environ['DATABASE'])
orders = base.execute('SELECT count(*) FROM orders').fetchone()[0]
if mode == 'exits':
    print('no such table: sessions'); sys.exit(3)
if mode == 'never_ready':
    time.sleep(60)
if mode == 'forks_away' and os.fork():
    sys.exit(0)
if mode == 'other_port':
    port = 9999
if mode == 'ignores_term':
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == 'outward':
    for _ in range(2):
        try: socket.create_connection(('192.0.2.25', 25), 1)
        except OSError: pass
if mode == 'logs_error':
    print('ERROR cannot reach the cache with ' + os.environ['TOKEN_KEY'])
if mode == 'hungry':
    hoard = [bytearray(1 << 20) for _ in range(400)]
if mode == 'writes':
    base.execute('INSERT INTO orders VALUES (9001, 1, 2)'); base.commit()
base.close()

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *_): pass
    def answer(self, status, text, kind='application/json', **headers):
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(text)))
        for name, value in headers.items(): self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
        kind = self.headers.get('Content-Type', '').split(';')[0]
        said = {'token': 'for-' + self.path[1:], 'kind': kind, 'body': body}
        self.answer(200, json.dumps(said), **{'Set-Cookie': 'seen=yes'})
    def do_GET(self):
        if mode == 'html' and self.path != '/ready': return self.answer(200, '<html>', 'text/html')
        if mode == 'redirects' and self.path != '/ready':
            return self.answer(302, '', Location='http://192.0.2.1/')
        if mode == 'huge' and self.path != '/ready': return self.pour(1 << 30)
        if mode == 'endless' and self.path != '/ready': return self.pour(None)
        if mode == 'crashes' and self.path == '/orders': os._exit(9)
        if mode == 'slow' and self.path != '/ready': time.sleep(0.3)
        if mode == 'lies' and self.path == '/orders': return self.answer(200, '{"total": 1}')
        if self.path == '/ready': return self.answer(200, '{}')
        if self.path == '/orders': return self.answer(200, json.dumps({'total': orders}))
        if self.path == '/large': return self.answer(200, '{"id": 9007199254740993}')
        if self.path == '/cookie':
            return self.answer(200, json.dumps(self.headers.get('Cookie', '')))
        if self.path == '/record':
            who = self.headers.get('Authorization', '')
            record = {'id': 1, 'name': 'x'}
            if 'admin' in who: record['cost'] = 2
            return self.answer(200, json.dumps({'results': [record]}))
        self.answer(404, '{"code": "NOT_FOUND"}')
    def pour(self, length):
        self.send_response(200)
        if length: self.send_header('Content-Length', str(length))
        else: self.send_header('Connection', 'close')
        self.end_headers()
        try:
            while True: self.wfile.write(b'x' * 65536)
        except OSError: self.close_connection = True

server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
if mode != 'ignores_term':
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
print('listening on port', port, flush=True)
if mode == 'floods':
    for _ in range(1100): sys.stdout.write('x' * 65535 + '\n')
server.serve_forever()
)";

class ApplicationTest : public ShopFixture {
 protected:
  void SetUp() override {
    ShopFixture::SetUp();
    ASSERT_TRUE(make_directories(program_.parent_path()));
    ASSERT_TRUE(write_file(program_, view_of(kProgram), 0644));
    app_.processes = {{"app", "exec python3 " + program_.string()}};
    app_.directory = program_.parent_path().string();
    app_.environment = {{"PORT", "${sandbox.port}"},
                        {"DATABASE", "${sandbox.db.path}"},
                        {"TOKEN_KEY", "a very secret key"}};
    app_.secrets = {"a very secret key"};
    app_.ready = {"listening on port", "/ready", std::chrono::seconds(20)};
    app_.fail_on_log = "ERROR";
    app_.stop_within = std::chrono::seconds(5);
    app_.journey = {get("/orders", ".total == 500")};
  }

  static StepOptions get(const std::string& path, const std::string& jq = "") {
    StepOptions step;
    step.method = "GET";
    step.path = path;
    if (!jq.empty()) step.expect.jq = {jq};
    return step;
  }
  static StepOptions post(const std::string& path) {
    auto step = get(path);
    step.method = "POST";
    return step;
  }

  Report drill(const std::string& mode = "good") {
    app_.environment["MODE"] = mode;
    auto request = drill_request();
    request.options.app = app_;
    auto sealed = run_drill(request, *repository_, context_);
    EXPECT_TRUE(sealed) << (sealed ? "" : sealed.error().describe());
    evidence_ = to_text(*read_file(sealed->evidence));
    EXPECT_FALSE(fs::exists(request.sandboxes) && !fs::is_empty(request.sandboxes));
    return std::move(sealed->report);
  }

  static const CheckResult& check(const Report& report, const std::string& id) {
    static const CheckResult kNone;
    for (const auto& each : report.checks)
      if (each.id == id) return each;
    ADD_FAILURE() << "no check " << id << "; " << report.reason;
    return kNone;
  }

  // Said beside the cause, where the application wrote anything.
  static std::string log_kept(const Report& report) {
    const auto kept = std::ranges::find(report.findings, "app-log", &Finding::code);
    return kept == report.findings.end() ? "" : " log-kept";
  }

  // By a check that says these words, and explained by these rules and no others.
  void expect_fault(const std::string& mode, const std::string& id, const std::string& words,
                    const std::string& rules) {
    const auto report = drill(mode);
    EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
    EXPECT_EQ(check(report, id).outcome, Outcome::failed) << check(report, id).message;
    EXPECT_EQ(rules_of(report), rules + log_kept(report)) << report.reason;
    EXPECT_NE(check(report, id).message.find(words), std::string::npos)
        << check(report, id).message;
  }

  fs::path program_ = scratch_.path() / "application" / "app.py";
  AppOptions app_;
  std::string evidence_;
  // The application lives in real time.
  SystemClock system_clock_;
  RunContext context_{test_.stop.get_token(), system_clock_, test_.random, test_.progress,
                      test_.log};
};

TEST_F(ApplicationTest, AnApplicationThatWorksIsProven) {
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
  for (const auto* id : {"isolation.network", "app.ready", "journey.1", "app.alive", "app.log",
                         "isolation.attempts", "isolation.limits", "app.stopped", "app.changes.db"})
    EXPECT_EQ(check(report, id).outcome, Outcome::passed) << id << check(report, id).message;
  EXPECT_TRUE(report.tear_down->clean());
}

TEST_F(ApplicationTest, WhereNothingCanBeIsolatedNothingIsProven) {
  app_.limits.temporary = 0;  // bubblewrap refuses it
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "isolation-impossible");
  EXPECT_EQ(check(report, "isolation.network").outcome, Outcome::not_run);
}

TEST_F(ApplicationTest, NothingIsBootedWhereProductionCanBeSeen) {
  // What is guarded is shown under a name that hiding does not know.
  const auto shown = program_.parent_path() / "copy.db";
  fs::create_hard_link(live() / "shop.db", shown);
  auto request = drill_request();
  request.options.app = app_;
  struct stat status{};
  ASSERT_EQ(stat(shown.c_str(), &status), 0);
  request.protected_places = {
      {"source db", {{"/data/../" + shown.string()}, {{status.st_dev, status.st_ino}}}, false}};
  const auto sealed = run_drill(request, *repository_, context_);
  ASSERT_TRUE(sealed) << sealed.error().describe();
  EXPECT_EQ(sealed->report.verdict, Verdict::unverified) << sealed->report.reason;
  EXPECT_EQ(rules_of(sealed->report), "not-isolated") << sealed->report.reason;
  EXPECT_EQ(check(sealed->report, "isolation.network").outcome, Outcome::not_run);
  for (const auto& each : sealed->report.checks) EXPECT_NE(each.id, "app.ready");
}

TEST_F(ApplicationTest, WhatLiesInProductionIsNeverShown) {
  auto request = drill_request();
  request.options.app = app_;
  const auto place = fs::canonical(program_.parent_path().parent_path());
  request.protected_places = {{"source uploads", {{(place / "application").string()}, {}}, false}};
  const auto sealed = run_drill(request, *repository_, context_);
  ASSERT_TRUE(sealed) << sealed.error().describe();
  EXPECT_EQ(sealed->report.verdict, Verdict::unverified) << sealed->report.reason;
  EXPECT_EQ(rules_of(sealed->report), "production-inside");
  EXPECT_EQ(exit_status(sealed->report, false), 4);
}

TEST_F(ApplicationTest, OneThatNeverGetsReadyFails) {
  app_.ready.within = std::chrono::seconds(2);
  expect_fault("never_ready", "app.ready", "not ready within", "app-not-ready");
}
TEST_F(ApplicationTest, OneThatExitsFailsWithItsLastWords) {
  expect_fault("exits", "app.ready", "status 3; its last line: no such table: sessions",
               "app-schema-unknown");
}
TEST_F(ApplicationTest, OneThatForksAwayFails) {
  expect_fault("forks_away", "app.ready", "it went to the background", "app-in-background");
}
TEST_F(ApplicationTest, OneThatListensElsewhereFailsAndSaysWhere) {
  app_.ready.within = std::chrono::seconds(2);
  expect_fault("other_port", "app.ready", "(but on 9999", "app-wrong-port");
}
TEST_F(ApplicationTest, OneThatTakesTooMuchMemoryFails) {
  app_.limits.memory = 300U << 20U;
  const auto report = drill("hungry");
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(rules_of(report), "app-over-limits log-kept");
}
TEST_F(ApplicationTest, OneThatCrashesLaterFails) {
  const auto report = drill("crashes");
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(rules_of(report), "app-crashed gone-by-then log-kept");
  EXPECT_EQ(check(report, "app.alive").outcome, Outcome::failed);
  EXPECT_NE(check(report, "app.alive").message.find("status 9"), std::string::npos)
      << check(report, "app.alive").message;
}
TEST_F(ApplicationTest, AnErrorInItsLogFailsWithoutItsSecrets) {
  expect_fault("logs_error", "app.log", "ERROR cannot reach the cache with ***", "app-logs-errors");
  EXPECT_EQ(evidence_.find("a very secret key"), std::string::npos);
}
TEST_F(ApplicationTest, AFloodThatCannotBeSearchedIsNeverProven) {
  const auto report = drill("floods");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "app-floods-log");
  EXPECT_EQ(check(report, "app.log").outcome, Outcome::not_run);
  EXPECT_EQ(check(report, "journey.1").outcome, Outcome::passed);
}
TEST_F(ApplicationTest, AFloodWithNothingToSearchForIsAWarning) {
  app_.fail_on_log.clear();
  const auto report = drill("floods");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "app-floods-log");
  EXPECT_EQ(check(report, "app.log").outcome, Outcome::warned);
}
TEST_F(ApplicationTest, WhenItsTimeIsUpTheRestIsNotRun) {
  app_.time = std::chrono::milliseconds(1);
  app_.journey = {get("/orders", ".total == 500"), get("/orders", ".total == 500")};
  const auto report = drill("slow");
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_EQ(rules_of(report), "journey-cut");
  EXPECT_EQ(check(report, "journey.2").outcome, Outcome::not_run);
}
TEST_F(ApplicationTest, OneThatIgnoresSigtermIsKilledAndSaidSo) {
  app_.stop_within = std::chrono::milliseconds(500);
  const auto report = drill("ignores_term");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "app-ignores-the-end");
  EXPECT_EQ(check(report, "app.stopped").outcome, Outcome::warned);
}
TEST_F(ApplicationTest, OneThatTriesToGetOutIsBlockedAndCounted) {
  const auto report = drill("outward");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "reaches-out");
  EXPECT_EQ(check(report, "isolation.attempts").outcome, Outcome::warned);
  EXPECT_TRUE(check(report, "isolation.attempts").message.starts_with("2 attempts"))
      << check(report, "isolation.attempts").message;
}

TEST_F(ApplicationTest, ALieIsCaught) {
  expect_fault("lies", "journey.1", "is false", "answers-otherwise");
}
TEST_F(ApplicationTest, HtmlForJsonFails) {
  expect_fault("html", "journey.1", "the answer is no JSON", "answers-no-json");
}
TEST_F(ApplicationTest, ARedirectOutwardIsNotFollowed) {
  expect_fault("redirects", "journey.1", "redirects are not followed", "answers-elsewhere");
}
TEST_F(ApplicationTest, ABodyOfAGigabyteIsCutOff) {
  expect_fault("huge", "journey.1", "larger than", "answers-without-end");
}
TEST_F(ApplicationTest, AnEndlessAnswerIsCutOff) {
  expect_fault("endless", "journey.1", "larger than", "answers-without-end");
}
TEST_F(ApplicationTest, ASlowAnswerFailsWhereSpeedWasPromised) {
  app_.journey[0].expect.within = std::chrono::milliseconds(100);
  expect_fault("slow", "journey.1", "it took", "journey-too-slow");
}
TEST_F(ApplicationTest, AnotherStatusFails) {
  app_.journey = {get("/nowhere")};
  expect_fault("good", "journey.1", "status 404 instead of 2xx", "release-lacks-it");
  app_.journey[0].expect.status = 404;
  EXPECT_EQ(drill().verdict, Verdict::proven);
}

TEST_F(ApplicationTest, WhatBootingChangesIsReportedApart) {
  app_.journey = {get("/orders", ".total == 500")};
  const auto report = drill("writes");
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(rules_of(report), "");
  EXPECT_EQ(check(report, "counts.db").outcome, Outcome::passed);
  EXPECT_NE(check(report, "app.changes.db").message, "nothing");
}

TEST_F(ApplicationTest, CapturesAreUsedByLaterSteps) {
  auto login = post("/admin");
  login.name = "login";
  login.json = {{"email", "x"}};
  login.capture = {{"token", ".token"}};
  auto record = get("/record", ".results[0].cost == 2");
  record.bearer = "${capture.token}";
  app_.journey = {login, record};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_EQ(check(report, "journey.login").outcome, Outcome::passed);
}
TEST_F(ApplicationTest, ACaptureThatFindsNothingFailsAndWhatNeedsItIsNotRun) {
  auto login = post("/admin");
  login.capture = {{"token", ".session.token"}};
  auto record = get("/record", ".");
  record.bearer = "${capture.token}";
  app_.journey = {login, record};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::failed) << report.reason;
  EXPECT_EQ(rules_of(report), "application-not-asked answers-otherwise log-kept");
  EXPECT_EQ(check(report, "journey.1").outcome, Outcome::failed);
  EXPECT_EQ(check(report, "journey.2").outcome, Outcome::not_run);
}

TEST_F(ApplicationTest, EachRoleSeesExactlyItsFields) {
  app_.roles["admin"].bearer = "admin";
  app_.roles["customer"].bearer = "customer";
  auto step = get("/record");
  step.fields = {{"admin", {"id", "name", "cost"}}, {"customer", {"id", "name"}}};
  app_.journey = {step};
  EXPECT_EQ(drill().verdict, Verdict::proven);
  app_.journey[0].fields["admin"] = {"id", "name"};
  expect_fault("good", "journey.1", "admin sees what it must not: cost", "protection-lost");
  app_.journey[0].fields = {{"customer", {"id", "name", "cost"}}};
  expect_fault("good", "journey.1", "customer does not see cost", "fields-not-shown");
}

TEST_F(ApplicationTest, SendsFormsPartsTextsAndCookies) {
  auto form = post("/a");
  form.form = {{"a", "1 & 2"}, {"b", "ü"}};
  form.expect.jq = {
      ".kind == \"application/x-www-form-urlencoded\" and .body == \"a=1%20%26%202&b=%C3%BC\""};
  auto parts = post("/b");
  parts.multipart = {{"file", {"content", "a.txt", "text/plain"}}};
  parts.expect.jq = {
      ".kind == \"multipart/form-data\" and (.body | contains(\"filename=\\\"a.txt\\\"\"))"};
  auto text = post("/c");
  text.text = "as it is";
  text.expect.jq = {".body == \"as it is\""};
  app_.journey = {form, parts, text, get("/cookie", ". == \"seen=yes\"")};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
}

TEST_F(ApplicationTest, ALoadOfRequestsIsMeasured) {
  auto step = get("/orders", ".total == 500");
  step.repeat = 40;
  step.concurrency = 4;
  step.expect.p95 = std::chrono::seconds(20);
  app_.journey = {step};
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(
      check(report, "journey.1").message.starts_with("40 requests, 4 at once: 0.0 % failed"))
      << check(report, "journey.1").message;
  app_.journey[0].path = "/nowhere";
  app_.journey[0].expect.jq.clear();
  expect_fault("good", "journey.1", "40 of 40 requests failed", "release-lacks-it");
}

TEST_F(ApplicationTest, NumbersThatJqWouldChangeAreRefused) {
  app_.journey = {get("/large", ".id == 9007199254740993")};
  expect_fault("good", "journey.1", "2^53", "answers-otherwise");
}

TEST_F(ApplicationTest, FurtherProcessesAreStartedAndMustNotFail) {
  app_.processes.insert(app_.processes.begin(), {"migrate", "echo migrated; exit 0"});
  EXPECT_EQ(drill().verdict, Verdict::proven);
  app_.processes.front().command = "echo broken; exit 4";
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::failed);
  EXPECT_EQ(rules_of(report), "app-ended log-kept");
  EXPECT_NE(report.reason.find("migrate ended with status 4"), std::string::npos) << report.reason;
}

TEST_F(ApplicationTest, AWorkingCopyMayBeChangedAndNothingElse) {
  ASSERT_TRUE(write_file(program_.parent_path() / ".env", view_of("SECRET=production")));
  app_.processes.insert(app_.processes.begin(),
                        {"write", "echo x > cache.tmp && ! [ -e .env ] && [ -s app.py ]"});
  app_.working_copy = true;
  const auto report = drill();
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_FALSE(fs::exists(program_.parent_path() / "cache.tmp"));
  app_.working_copy = false;
  EXPECT_EQ(drill().verdict, Verdict::failed);
}

// This application opens its database and answers; it asks nobody for a token and opens no file.
TEST_F(ApplicationTest, JourneysThatAskForLittleMissPlantedDefects) {
  app_.roles["signed"].jwt = JwtOptions{"a very secret key"};
  auto request = drill_request();
  request.options.app = app_;
  const auto report = run_sabotage(request, *repository_, context_);
  ASSERT_TRUE(report) << report.error().describe();
  std::set<std::string> caught;
  std::set<std::string> missed;
  for (const auto& each : report->defects) {
    if (each.planted.empty() || std::ranges::count(each.expected.checks, "app") == 0) continue;
    (each.caught ? caught : missed).insert(each.source + " " + each.defect);
  }
  EXPECT_EQ(missed, (std::set<std::string>{"app key-changed", "uploads data-unreadable"}));
  EXPECT_EQ(caught, (std::set<std::string>{"app never-ready", "app program-missing",
                                           "db data-unreadable"}));
  EXPECT_EQ(report->planted() - report->caught(), missed.size());
  EXPECT_FALSE(fs::exists(request.reports)) << "a trial keeps no log";
}

TEST_F(ApplicationTest, AnInterruptedBootTearsDownAndSaysSo) {
  app_.ready.within = std::chrono::seconds(30);
  std::jthread stop([this] {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    test_.stop.request_stop();
  });
  const auto report = drill("never_ready");
  EXPECT_EQ(exit_status(report, false), 130);
}

}  // namespace
}  // namespace lifeboat::drill
