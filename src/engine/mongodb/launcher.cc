#include "engine/mongodb/launcher.h"

#include "base/file.h"
#include "base/json_value.h"
#include "base/text.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/object_names.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint16_t kPort = 27'017;
constexpr const char* kUsersDatabase = "admin";

bool is_ferretdb(const std::string& program) {
  return fs::path(program).filename().string().find("ferretdb") != std::string::npos;
}

std::string socket_in(const std::string& directory) { return directory + "/db.sock"; }

std::vector<std::string> ferretdb_arguments(const std::string& data, const std::string& socket) {
  return {"--handler=sqlite",    "--sqlite-url=file:" + data + "/",
          "--listen-addr=",      "--listen-unix=" + socket,
          "--state-dir=-",       "--debug-addr=-",
          "--telemetry=disable", "--log-level=error"};
}

// Its arguments could be read by everybody. The user is there before it listens.
std::vector<std::string> ferretdb_environment(const LaunchRequest& request) {
  return {"FERRETDB_TEST_ENABLE_NEW_AUTH=true",
          std::string("FERRETDB_SETUP_DATABASE=") + kUsersDatabase,
          "FERRETDB_SETUP_USERNAME=" + request.user, "FERRETDB_SETUP_PASSWORD=" + request.password};
}

// Documents that have expired since the backup stay until all is compared. Unless told not to, a
// mongod also takes over /tmp/mongodb-27017.sock, whoever listens there.
std::vector<std::string> mongod_arguments(const std::string& data, const std::string& socket) {
  return {"--dbpath",
          data,
          "--bind_ip",
          socket,
          "--nounixsocket",
          "--setParameter",
          "ttlMonitorEnabled=false"};
}

Result<std::string> database_in(const LaunchRequest& request) {
  auto database = TRY(unescape_name(TRY(text_at(request.position, "database"))));
  TRY(check_database_name(database));
  return database;
}

// The users of the database `admin` are what a drill of it compares: there is no other.
bool is_logged_in_to(const std::string& database) { return database != kUsersDatabase; }

std::string login_of(const LaunchPlan& plan) {
  if (plan.user.empty()) return {};
  return percent_encoded(plan.user) + ":" + percent_encoded(plan.password) + "@";
}

std::string uri_of(const LaunchPlan& plan, const std::string& host, const std::string& database) {
  return "mongodb://" + login_of(plan) + host + "/" + database + "?directConnection=true" +
         (plan.user.empty() ? "" : std::string("&authSource=") + kUsersDatabase);
}

// `__system` may do what anybody may where nobody logs in: `root` may not, for one, change the
// buckets of a time series as a replay of the log does.
Bytes user_command(const LaunchRequest& request) {
  ArrayBuilder roles;
  for (const auto* role : {"root", "__system"})
    roles.document(DocumentBuilder().text("role", role).text("db", kUsersDatabase).take());
  return DocumentBuilder()
      .text("createUser", request.user)
      .text("pwd", request.password)
      .array("roles", roles.take())
      .take();
}

// The first user of a server is made by whoever comes from its own machine, and then nobody is let
// in without a password any more.
Result<void> make_first_user(const LaunchRequest& request) {
  const auto socket = percent_encoded(socket_in(request.directory));
  const auto server =
      TRY(Server::open(Secret::from_text("mongodb://" + socket + "/?directConnection=true")));
  TRY(server->connect().command(kUsersDatabase, user_command(request)));
  return {};
}

}  // namespace

Result<LaunchPlan> plan_server(const LaunchRequest& request) {
  const auto database = TRY(database_in(request));
  const bool ferretdb = is_ferretdb(request.program);
  LaunchPlan plan;
  plan.directory = request.directory + "/data";
  plan.socket = socket_in(request.directory);
  plan.log = request.directory + "/log";
  plan.arguments = ferretdb ? ferretdb_arguments(plan.directory, plan.socket)
                            : mongod_arguments(plan.directory, plan.socket);
  plan.arguments.insert(plan.arguments.begin(), request.program);
  if (is_logged_in_to(database)) {
    plan.user = request.user;
    plan.password = request.password;
    if (ferretdb)
      plan.environment = ferretdb_environment(request);
    else
      plan.arguments.emplace_back("--auth");
  }
  plan.port = kPort;
  plan.address = uri_of(plan, percent_encoded(plan.socket), database);
  plan.uri = uri_of(plan, request.host + ":" + std::to_string(kPort), database);
  return plan;
}

Result<void> prepare_server(const LaunchRequest& request) {
  if (is_ferretdb(request.program) || !is_logged_in_to(TRY(database_in(request)))) return {};
  const auto made = make_first_user(request);
  if (made) return {};
  return fail(Code::unavailable, request.program + " did not take the user of this drill: " +
                                     without_secrets(made.error().describe(), {request.password}));
}

}  // namespace lifeboat::engine::mongodb
