#pragma once
// For this room's tests: a small application that is booted on the restored shop, good or bad in a
// chosen way, and what is expected of the drill that boots it.
#include <algorithm>

#include "drill/test_shop.h"

namespace lifeboat::drill {

// A small application with many ways to be bad, chosen by MODE.
inline constexpr std::string_view kProgram = R"(
import http.server, itertools, json, os, signal, socket, sqlite3, subprocess, sys, threading, time
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
if mode == 'fills':
    with open(os.path.dirname(os.environ['DATABASE']) + '/filler', 'wb') as filler:
        os.posix_fallocate(filler.fileno(), 0, int(os.environ['FILL']))
        time.sleep(60)
if mode == 'kills_its_keeper':
    for keeper in range(1, os.getpid()):
        try: os.kill(keeper, signal.SIGKILL)
        except OSError: pass
if mode in ('outward', 'needs_the_outside'):
    for _ in range(2):
        try: socket.create_connection(('192.0.2.25', 25), 1)
        except OSError: pass
if mode == 'needs_the_outside':
    time.sleep(60)
if mode == 'waits_for_a_neighbour':
    open(os.path.dirname(os.environ['DATABASE']) + '/called', 'w').close()
    neighbour = os.path.dirname(sys.argv[0]) + '/neighbour.sock'
    while not os.path.exists(neighbour): time.sleep(0.02)
if mode == 'logs_error':
    print('ERROR cannot reach the cache with ' + os.environ['TOKEN_KEY'])
if mode.startswith('long_line'):
    print('{"pad": "' + 'x' * int(mode[9:]) + '", "level": "ERROR"}')
if mode == 'hungry':
    hoard = [bytearray(1 << 20) for _ in range(400)]
if mode == 'writes':
    base.execute('INSERT INTO orders VALUES (9001, 1, 2)'); base.commit()
base.close()
sick_until, asked = 0, itertools.count(1)

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
        global sick_until
        if mode.startswith('sick') and self.path == '/orders':
            sick_until = time.monotonic() + (1 if mode == 'sick_for_a_moment' else 1000)
        if self.path == '/ready' and time.monotonic() < sick_until: return self.answer(503, '{}')
        if mode == 'html' and self.path != '/ready': return self.answer(200, '<html>', 'text/html')
        if mode == 'redirects' and self.path != '/ready':
            return self.answer(302, '', Location='http://192.0.2.1/')
        if mode == 'huge' and self.path != '/ready': return self.pour(1 << 30)
        if mode == 'endless' and self.path != '/ready': return self.pour(None)
        if mode == 'crashes' and self.path == '/orders': os._exit(9)
        if mode == 'silent' and self.path != '/ready': time.sleep(3600)
        if mode == 'slow' and self.path != '/ready': time.sleep(0.3)
        if mode == 'lies_later' and self.path == '/orders':
            if next(asked) > 4: return self.answer(200, '{"error": "no database"}')
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
            records = [{'id': 0, 'name': 'w'}, record] if mode == 'mixes' else [record]
            return self.answer(200, json.dumps({'results': records}))
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
def say_last_words(*_):
    os.write(1, b'ERROR three orders were not written')  # and no end of the line
    os._exit(0)
if mode == 'last_words':
    subprocess.Popen(['sleep', '60'])  # keeps the output open until everything is killed
    signal.signal(signal.SIGTERM, say_last_words)
elif mode != 'ignores_term':
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

}  // namespace lifeboat::drill
