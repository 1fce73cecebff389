#include "config/test_config.h"

#include "config/resolve.h"

namespace lifeboat::config {
namespace {

const std::string kApp = R"(        tier: full
        app:
          start: "python3 server.py --name ${NAME:-shop} $$HOME"
          processes: [{name: mailer, start: "python3 mailer.py"}]
          directory: application
          visible: [/opt/node]
          environment:
            DATABASE: "${sandbox.db.path}"
            PORT: "${sandbox.port}"
            TOKEN_KEY: "${TOKEN_KEY}"
          ready: {log: "listening on", http: /ready, within: 30s}
          fail_on_log: '"level":(50|60)'
          limits: {memory: 1GB, processes: 64}
          roles:
            admin: {bearer: "${capture.token}"}
            robot: {jwt: {key: "${TOKEN_KEY}", claims: {sub: "1", role: robot}, lifetime: 1m}}
          journey:
            - name: login
              post: /login
              json: {email: "admin@shop.example", password: "${ADMIN}", remember: true, pin: "0123"}
              capture: {token: .token}
            - {get: "/api/1", as: admin, expect: {status: 400, jq: ".code", errors: 1%}, repeat: 9}
            - {post: /upload, multipart: {file: {text: abc, filename: a.txt, type: text/plain}}}
            - {get: /api/product/1, fields: {admin: [id, cost], robot: [id]}}
)";

std::string with_app(const std::string& from = "", const std::string& to = "") {
  auto app = kApp;
  if (!from.empty()) app = replaced(app, from, to);
  return replaced(kWholeText, "        tier: full\n", app);
}

std::string app_complaint(const std::string& from, const std::string& to) {
  const auto loaded = parse_text(with_app(from, to));
  return loaded ? "" : loaded.error().describe();
}

Result<drill::DrillOptions> resolved_drill() {
  static std::optional<Loaded> loaded;
  loaded = TRY(parse_text(with_app(), {{"TOKEN_KEY", "a very secret key"}, {"ADMIN", "horse"}}));
  return Resolver(loaded->config, loaded->variables).drill(loaded->config.services[0].drills[0]);
}

TEST(Application, IsReadWhole) {
  const auto options = resolved_drill();
  ASSERT_TRUE(options) << options.error().describe();
  const auto& app = *options->app;
  ASSERT_EQ(app.processes.size(), 2U);
  EXPECT_EQ(app.processes[0].name, "mailer");
  EXPECT_EQ(app.processes[1].command, "python3 server.py --name shop $HOME");
  EXPECT_EQ(app.directory, "/etc/shop/application");
  EXPECT_EQ(app.environment.at("DATABASE"), "${sandbox.db.path}");
  EXPECT_EQ(app.environment.at("TOKEN_KEY"), "a very secret key");
  EXPECT_EQ(app.ready.within, std::chrono::seconds(30));
  EXPECT_EQ(app.limits.memory, 1'000'000'000U);
  EXPECT_EQ(app.limits.processes, 64U);
  EXPECT_EQ(app.roles.at("robot").jwt->claims["role"], "robot");
}

TEST(Application, ReadsItsJourney) {
  const auto options = resolved_drill();
  ASSERT_TRUE(options) << options.error().describe();
  const auto& journey = options->app->journey;
  ASSERT_EQ(journey.size(), 4U);
  EXPECT_EQ(journey[0].method, "POST");
  EXPECT_EQ(journey[0].json.dump(), R"({"email":"admin@shop.example","password":"horse",)"
                                    R"("pin":"0123","remember":true})");
  EXPECT_EQ(journey[0].capture.at("token"), ".token");
  EXPECT_EQ(*journey[1].expect.status, 400U);
  EXPECT_EQ(journey[1].repeat, 9U);
  EXPECT_DOUBLE_EQ(journey[1].expect.error_rate, 0.01);
  EXPECT_EQ(journey[2].multipart.at("file").filename, "a.txt");
  EXPECT_EQ(journey[3].fields.at("admin"), (std::vector<std::string>{"id", "cost"}));
}

TEST(Application, RemembersWhatCameFromVariablesAsSecret) {
  const auto options = resolved_drill();
  ASSERT_TRUE(options);
  const auto& secrets = options->app->secrets;
  for (const auto* secret : {"a very secret key", "horse"})
    EXPECT_NE(std::find(secrets.begin(), secrets.end(), secret), secrets.end()) << secret;
}

TEST(Application, NeedsItsVariables) {
  const auto loaded = parse_text(with_app());
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto options =
      Resolver(loaded->config, loaded->variables).drill(loaded->config.services[0].drills[0]);
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().describe().find("TOKEN_KEY"), std::string::npos);
}

TEST(Application, AJourneyThatExpectsNothingIsRefused) {
  const auto login = kApp.substr(0, kApp.find("            - {get: \"/api/1\""));
  const auto complaint_of = [&](const std::string& step) {
    const auto loaded = parse_text(replaced(kWholeText, "        tier: full\n", login + step));
    return loaded ? "" : loaded.error().describe();
  };
  for (const auto* more : {"", ", expect: {}", ", expect: {errors: 5%}, repeat: 9",
                           ", expect: {jq: [], headers: {}}", ", fields: {}"}) {
    const auto step = "            - {get: /x" + std::string(more) + "}\n";
    EXPECT_NE(complaint_of(step).find("expects nothing"), std::string::npos)
        << step << complaint_of(step);
  }
  for (const auto* more : {"expect: {status: 200}", "expect: {jq: .a}", "expect: {within: 5s}",
                           "fields: {admin: [id]}"}) {
    const auto step = "            - {get: /x, " + std::string(more) + "}\n";
    EXPECT_EQ(complaint_of(step), "") << step;
  }
}

TEST(Application, SaysWhatDoesNotFit) {
  EXPECT_NE(
      app_complaint("post: /login", "get: /x\n              post: /login").find("exactly one"),
      std::string::npos);
  EXPECT_NE(app_complaint("as: admin", "as: nobody").find("no role \"nobody\""), std::string::npos);
  EXPECT_NE(app_complaint("robot: [id]", "guest: [id]").find("no role \"guest\""),
            std::string::npos);
  EXPECT_NE(app_complaint("sandbox.db.path", "sandbox.dv.path").find("no ${sandbox.dv.path}"),
            std::string::npos);
  EXPECT_NE(app_complaint("post: /upload", "post: http://example.org/").find("not a path"),
            std::string::npos);
  EXPECT_NE(app_complaint("listening on", "listening (on").find("regular expression"),
            std::string::npos);
  EXPECT_NE(app_complaint("errors: 1%", "errors: some").find("percentage"), std::string::npos);
  EXPECT_NE(app_complaint("start:", "begin:").find("\"start\" is missing"), std::string::npos);
}

TEST(Application, MayReachOnlyWhatIsNamed) {
  const auto loaded = parse_text(with_app(
      "        app:\n", "        network: {allow: [\"smtp.example.org:587\"]}\n        app:\n"));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  const auto& ways_out = loaded->config.services[0].drills[0].options.app->ways_out;
  ASSERT_EQ(ways_out.size(), 1U);
  EXPECT_EQ(ways_out[0].text(), "smtp.example.org:587");
  for (const auto* wrong : {"smtp.example.org", "10.0.0.1:25", "a b:25", "x:70000", ":25", "x:"})
    EXPECT_NE(app_complaint("        app:\n", "        network: {allow: [\"" + std::string(wrong) +
                                                  "\"]}\n        app:\n")
                  .find("host name and a port"),
              std::string::npos)
        << wrong;
}

TEST(Application, JsonMayBeWrittenAsAText) {
  const auto from =
      R"({email: "admin@shop.example", password: "${ADMIN}", remember: true, pin: "0123"})";
  const auto loaded = parse_text(with_app(from, R"('{"pin": 12}')"));
  ASSERT_TRUE(loaded) << loaded.error().describe();
  EXPECT_EQ(loaded->config.services[0].drills[0].options.app->journey[0].json["pin"], 12);
  EXPECT_NE(app_complaint(from, "\"{broken\"").find("not JSON"), std::string::npos);
}

}  // namespace
}  // namespace lifeboat::config
