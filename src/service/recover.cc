#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/portable.h"
#include "config/resolve.h"
#include "repository/repository.h"
#include "service/exchange_place.h"
#include "service/given_key.h"
#include "service/init.h"
#include "service/json.h"
#include "service/placement.h"
#include "service/settings.h"
#include "service/write_new.h"
#include "storage/open.h"

namespace lifeboat::service {
namespace {

using config::escaped;

std::string opened_url(const Setup& setup, const RecoverRequest& request) {
  const bool is_path = request.url.find("://") == std::string::npos;
  return is_path ? (setup.working_directory / request.url).string() : request.url;
}

Result<std::unique_ptr<repository::Repository>> open_repository(const Setup& setup,
                                                                const RecoverRequest& request,
                                                                const RunContext& context) {
  const auto credential = TRY(credential_of(setup, {request.key_file, request.recipient}));
  storage::Options place;
  place.url = opened_url(setup, request);
  auto backend =
      TRY(storage::open_backend(place, storage::OpenMode::existing, context.clock, context.random));
  repository::Options options;
  options.cache = default_settings(setup.environment).cache;
  return repository::Repository::open(std::move(backend), credential, options, context);
}

// Snapshots taken before a restore carry the configuration too, but of a service nobody configured.
bool is_recovered(const repository::SnapshotInfo& snapshot, const std::string& service) {
  if (!service.empty()) return snapshot.service == service;
  return !snapshot.service.ends_with(restore::kBeforeRestore);
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

config::Node url_node(const Setup& setup, const RecoverRequest& request) {
  return text_node(escaped(opened_url(setup, request)));
}

// The same for every way to write a folder; the text of a URL that means none.
std::filesystem::path real_place(const std::string& url) {
  const auto local = local_path(url);
  return local ? real_path(*local) : std::filesystem::path(url);
}

// The repository of the configuration that was opened: the only one, else the one at its place.
// Empty when that cannot be told: another one's entry would be lost, and one copy counted twice.
std::string name_of_opened(const config::Config& config, const Setup& setup,
                           const RecoverRequest& request) {
  if (config.repositories.size() == 1) return config.repositories.front().name;
  const auto opened = real_place(opened_url(setup, request));
  const auto variables = variables_of(setup);
  const config::Resolver resolver(config, variables);
  std::vector<std::string> found;
  for (const auto& each : config.repositories) {
    // One whose variables are not set on this machine has no place that could be compared.
    const auto known = resolver.repository(each);
    if (known && real_place(known->url) == opened) found.push_back(each.name);
  }
  return found.size() == 1 ? found.front() : "";
}

// The place and the key that opened it just now: those that it was made with may be what is lost.
void write_opened(config::Node& repository, const Setup& setup, const RecoverRequest& request) {
  for (auto& member : repository.members) {
    if (member.key == "url") member.value = url_node(setup, request);
    if (member.key == "key") member.value = key_node(setup, request);
  }
}

void write_opened(config::Config& config, const std::string& name, const Setup& setup,
                  const RecoverRequest& request) {
  for (auto& section : config.document.members) {
    if (section.key != "repositories") continue;
    for (auto& entry : section.value.members)
      if (entry.key == name) write_opened(entry.value, setup, request);
  }
}

std::vector<std::string> names_of(const config::Config& config) {
  std::vector<std::string> names;
  for (const auto& each : config.repositories) names.push_back(each.name);
  return names;
}

// What the file says of the place and the key that its snapshot was read with.
std::string comment_of(const config::Config& config, const std::string& name, const Setup& setup,
                       const RecoverRequest& request) {
  if (!name.empty())
    return fmt::format("# Place and key of repository \"{}\" are those that it was opened with.\n",
                       name);
  const auto key = key_node(setup, request).members.front();
  return fmt::format(
      "# Which of its repositories was opened cannot be told, so none was changed: {}.\n"
      "# Give the one that it is this place and key, then run `lifeboat doctor`:\n"
      "#   url: {}\n"
      "#   key: {{{}: {}}}\n",
      fmt::join(names_of(config), ", "), config::yaml_quoted(url_node(setup, request).text),
      key.key, config::yaml_quoted(key.value.text));
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
  const auto name = name_of_opened(config, setup, request);
  write_opened(config, name, setup, request);
  const auto text = "# Recovered from snapshot " + snapshot.id.hex().substr(0, 10) + " of " +
                    to_the_second(snapshot.time) + "; secrets are named, not written.\n" +
                    comment_of(config, name, setup, request) + config::to_yaml(config);
  const auto file = setup.working_directory / request.output;
  TRY(write_new(file, text));
  Answer answer;
  answer.body = {
      {"file", file.string()}, {"snapshot", to_json(snapshot)}, {"services", Json::array()}};
  answer.body["repository"] = name.empty() ? Json() : Json(name);
  answer.body["repositories"] = names_of(config);
  for (const auto& service : config.services) answer.body["services"].push_back(service.name);
  return answer;
}

}  // namespace lifeboat::service
