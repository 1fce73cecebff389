#include "engine/mongodb/launcher.h"

#include "base/file.h"
#include "base/json_value.h"
#include "base/text.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/object_names.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint16_t kPort = 27'017;

bool is_ferretdb(const std::string& program) {
  return fs::path(program).filename().string().find("ferretdb") != std::string::npos;
}

std::vector<std::string> ferretdb_arguments(const std::string& data, const std::string& socket) {
  return {"--handler=sqlite",    "--sqlite-url=file:" + data + "/",
          "--listen-addr=",      "--listen-unix=" + socket,
          "--state-dir=-",       "--debug-addr=-",
          "--telemetry=disable", "--log-level=error"};
}

std::string uri_of(const std::string& host, const std::string& database) {
  return "mongodb://" + host + "/" + database + "?directConnection=true";
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

}  // namespace

Result<LaunchPlan> plan_server(const LaunchRequest& request) {
  const auto database = TRY(unescape_name(TRY(text_at(request.position, "database"))));
  TRY(check_database_name(database));
  LaunchPlan plan;
  plan.directory = request.directory + "/data";
  plan.socket = request.directory + "/db.sock";
  plan.log = request.directory + "/log";
  plan.arguments = is_ferretdb(request.program) ? ferretdb_arguments(plan.directory, plan.socket)
                                                : mongod_arguments(plan.directory, plan.socket);
  plan.arguments.insert(plan.arguments.begin(), request.program);
  plan.port = kPort;
  plan.place = uri_of(percent_encoded(plan.socket), database);
  plan.uri = uri_of(request.host + ":" + std::to_string(kPort), database);
  return plan;
}

}  // namespace lifeboat::engine::mongodb
