#include <fcntl.h>

#include <algorithm>

#include "config/portable.h"
#include "repository/repository.h"
#include "service/given_key.h"
#include "service/init.h"
#include "service/json.h"
#include "service/settings.h"
#include "service/write_new.h"
#include "storage/open.h"

namespace lifeboat::service {
namespace {

using config::escaped;

Result<std::unique_ptr<repository::Repository>> open_repository(const Setup& setup,
                                                                const RecoverRequest& request,
                                                                const RunContext& context) {
  const auto credential = TRY(credential_of(setup, {request.key_file, request.recipient}));
  storage::Options place;
  place.url = request.url.find("://") == std::string::npos
                  ? (setup.working_directory / request.url).string()
                  : request.url;
  auto backend =
      TRY(storage::open_backend(place, storage::OpenMode::existing, context.clock, context.random));
  repository::Options options;
  options.cache = default_settings(setup.environment).cache;
  return repository::Repository::open(std::move(backend), credential, options, context);
}

// Snapshots taken before a restore carry the configuration too, but of a service nobody configured.
bool is_recovered(const repository::SnapshotInfo& snapshot, const std::string& service) {
  if (!service.empty()) return snapshot.service == service;
  return !snapshot.service.ends_with(".before-restore");
}

config::Node text_node(std::string text) {
  config::Node node;
  node.kind = config::Node::Kind::scalar;
  node.text = std::move(text);
  return node;
}

// A dollar in a path is a dollar.
config::Node path_node(const Setup& setup, const std::filesystem::path& file) {
  return text_node(escaped((setup.working_directory / file).string()));
}

config::Node key_node(const Setup& setup, const RecoverRequest& request) {
  config::Node key;
  key.kind = config::Node::Kind::map;
  if (!request.recipient.empty())
    key.members.push_back({"recipient", {}, path_node(setup, request.recipient)});
  else if (!request.key_file.empty())
    key.members.push_back({"file", {}, path_node(setup, request.key_file)});
  else
    key.members.push_back({"passphrase", {}, text_node("${LIFEBOAT_PASSPHRASE}")});
  return key;
}

// The entry that means this repository: of those of the service the one with this URL, else the
// first.
config::Member* entry_of(config::Config& config, const std::string& service,
                         const std::string& url) {
  std::vector<std::string> names;
  for (const auto& each : config.services)
    if (each.name == service) names = each.repositories;
  config::Member* first = nullptr;
  for (auto& section : config.document.members) {
    if (section.key != "repositories") continue;
    for (auto& entry : section.value.members) {
      if (!names.empty() && std::ranges::find(names, entry.key) == names.end()) continue;
      const auto* known = entry.value.find("url");
      if (known != nullptr && known->text == url) return &entry;
      if (first == nullptr) first = &entry;
    }
  }
  return first;
}

// The place and the key that opened it just now: those that it was made with may be what is lost.
// The name of the entry that has them; empty when it names no repository.
std::string write_opened(config::Config& config, const std::string& service, const Setup& setup,
                         const RecoverRequest& request) {
  auto* entry = entry_of(config, service, request.url);
  if (entry == nullptr) return {};
  const bool local = request.url.find("://") == std::string::npos;
  for (auto& member : entry->value.members) {
    if (member.key == "url")
      member.value = local ? path_node(setup, request.url) : text_node(escaped(request.url));
    if (member.key == "key") member.value = key_node(setup, request);
  }
  return entry->key;
}

Result<repository::SnapshotInfo> newest(repository::Repository& repository,
                                        const std::string& service, const RunContext& context) {
  const auto list = TRY(repository.snapshots(context));
  const repository::SnapshotInfo* found = nullptr;
  for (const auto& each : list.snapshots)
    if (is_recovered(each, service) && (found == nullptr || found->time < each.time)) found = &each;
  if (found != nullptr) return *found;
  return fail(Code::not_found, "the repository has no snapshot" +
                                   (service.empty() ? "" : " of service \"" + service + "\""));
}

}  // namespace

Result<Answer> recover_configuration(const Setup& setup, const RecoverRequest& request,
                                     const RunContext& context) {
  const auto repository = TRY(open_repository(setup, request, context));
  const auto snapshot = TRY(newest(*repository, request.service, context));
  const auto reader = TRY(repository->open_snapshot(snapshot.id, context));
  auto config =
      TRY_CONTEXT("the snapshot's configuration", config::from_portable_json(reader->config()));
  const auto name = write_opened(config, snapshot.service, setup, request);
  const auto text = "# Recovered from snapshot " + snapshot.id.hex().substr(0, 10) + " of " +
                    to_the_second(snapshot.time) + "; secrets are named, not written.\n" +
                    "# Place and key of repository \"" + name +
                    "\" are those that it was opened with.\n" + config::to_yaml(config);
  const auto file = setup.working_directory / request.output;
  TRY(write_new(file, text));
  Answer answer;
  answer.body = {
      {"file", file.string()}, {"snapshot", to_json(snapshot)}, {"services", Json::array()}};
  for (const auto& service : config.services) answer.body["services"].push_back(service.name);
  return answer;
}

}  // namespace lifeboat::service
