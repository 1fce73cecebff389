#include "base/json_value.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "service/version.h"

namespace lifeboat::cli {
namespace {

Result<int> run_version(Session& session) {
  session.say("lifeboat " + std::string(service::kVersion));
  session.result({{"version", service::kVersion}}, 0);
  return 0;
}

}  // namespace

CommandSpec version_command() {
  CommandSpec spec;
  spec.name = "version";
  spec.summary = "Print the version.";
  spec.examples = {{"lifeboat version", "the version of this program"}};
  spec.run = run_version;
  return spec;
}

}  // namespace lifeboat::cli
