#include "config/references_sandbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "config/references_foreign.h"

namespace lifeboat::config {
namespace {

constexpr const char* kUsePrivate = "use a private server: sandbox: {type: process}";

bool says(const Node& node, std::string_view key, std::string_view value) {
  const Node* found = node.find(key);
  return found != nullptr && found->text == value;
}

bool has_source(const Node& service, const std::function<bool(const Node&)>& is_wanted) {
  const Node* sources = service.find("sources");
  return sources != nullptr && std::ranges::any_of(sources->members, [&](const Member& source) {
           return is_wanted(source.value);
         });
}

// Its address holds a user who may do everything on that server.
void forbid_uris(const Node& node, const Node& service, Problems& problems) {
  const Node* sources = service.find("sources");
  if (sources == nullptr) return;
  for (const auto& source : sources->members)
    if (kind_of_source(source.value) == "mongodb" &&
        node.text.find("${sandbox." + source.key + ".") != std::string::npos)
      problems.error(node.mark,
                     fmt::format("{} is restored to a server that others use, whose address no "
                                 "program is told",
                                 source.key),
                     kUsePrivate);
  for (const auto& item : node.items) forbid_uris(item, service, problems);
  for (const auto& member : node.members) forbid_uris(member.value, service, problems);
}

void check_databases(const Node& drill, const Node& service, Problems& problems) {
  const Node& sandbox = *drill.find("sandbox");
  if (sandbox.find("uri") == nullptr)
    problems.error(sandbox.mark, "\"uri\" is missing",
                   "a sandbox of type database needs the server on which it makes them");
  if (!has_source(service, [](const Node& each) { return says(each, "type", "mongodb"); }))
    problems.error(sandbox.mark, "no source of this service is on a server", "take type: out");
  if (has_source(service, [](const Node& each) {
        return says(each, "type", "foreign") && kind_of_source(each) == "mongodb";
      }))
    problems.error(sandbox.mark, "a dump is restored to a private server only", kUsePrivate);
  if (says(drill, "cold_start", "true"))
    problems.error(drill.find("cold_start")->mark,
                   "a cold start has one key, and no address of another server", kUsePrivate);
  if (const Node* app = drill.find("app"))
    problems.error(app->mark,
                   "an application is not booted on a server that others use: it would be handed "
                   "a user who may do everything there",
                   kUsePrivate);
  if (const Node* checks = drill.find("checks"))
    for (const auto& check : checks->items)
      if (const Node* command = check.find("command")) forbid_uris(*command, service, problems);
}

}  // namespace

void check_sandbox(const Node& drill, const Node& service, Problems& problems) {
  const Node* sandbox = drill.find("sandbox");
  if (sandbox == nullptr) return;
  if (says(*sandbox, "type", "database")) return check_databases(drill, service, problems);
  const Node* uri = sandbox->find("uri");
  if (uri != nullptr && sandbox->find("type") == nullptr)
    problems.error(uri->mark, "\"uri\" is only for sandboxes of type database",
                   "write type: database beside it");
}

}  // namespace lifeboat::config
