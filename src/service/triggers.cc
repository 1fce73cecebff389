#include "service/triggers.h"

#include "config/portable.h"
#include "crypto/hash.h"
#include "policy/schedule.h"
#include "service/memory_file.h"
#include "service/version.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kLargestMemory = 1U << 20U;
constexpr std::size_t kHashLetters = 16;
constexpr std::size_t kShownSnapshotId = 10;

std::string hash_of(const Json& json) {
  return crypto::sha256(view_of(canonical_json(json))).hex().substr(0, kHashLetters);
}

Json part_of(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? Json() : *found;
}

// What changed since: "sources and keys". A part that was not known then, or is not now, did not
// change.
std::string changes(const Fingerprint& before, const Fingerprint& now) {
  std::string text;
  for (const auto& [part, hash] : now) {
    const auto known = before.find(part);
    if (known != before.end() && known->second != hash)
      text += (text.empty() ? "" : " and ") + part;
  }
  return text;
}

std::optional<Queued> queued_in(const Json& json) {
  const auto found = json.find("queued");
  if (found == json.end()) return std::nullopt;
  const auto time = remembered_time(*found, "time");
  const auto snapshot = found->is_object() ? text_at(*found, "snapshot") : fail(Code::corrupt, "");
  if (!time || !snapshot) return std::nullopt;
  const auto repository = text_at(*found, "repository").value_or("");
  return Queued{*snapshot, repository, *time, remembered_time(*found, "since").value_or(*time)};
}

}  // namespace

Fingerprint fingerprint_of(const config::Config& config, const config::Service& service,
                           const std::optional<Json>& keys) {
  const auto document = config::portable_json(config).at("document");
  const auto own = part_of(part_of(document, "services"), service.name);
  Json places = Json::array();
  Json references = Json::array();
  for (const auto& name : service.repositories) {
    auto repository = part_of(part_of(document, "repositories"), name);
    references.push_back(part_of(repository, "key"));
    if (repository.is_object()) repository.erase("key");
    places.push_back({name, std::move(repository)});
  }
  Fingerprint fingerprint{
      {"sources", hash_of(part_of(own, "sources"))},
      {"repositories", hash_of(places)},
      {"schedules", hash_of({part_of(own, "schedule"), part_of(own, "tz")})},
      {"versions", hash_of(std::string(kVersion))},
  };
  if (keys) fingerprint["keys"] = hash_of({references, *keys});
  return fingerprint;
}

TriggerMemory::TriggerMemory(const std::filesystem::path& state, const std::string& service)
    : file_(state / "triggers" / (service + ".json")), all_(read_memory(file_, kLargestMemory)) {}

DrillMemory TriggerMemory::of(const std::string& drill) const {
  DrillMemory memory;
  const auto json = part_of(all_, drill);
  if (!json.is_object()) return memory;
  memory.ran = remembered_time(json, "ran");
  const auto fingerprint = part_of(json, "fingerprint");
  for (const auto& [part, hash] : fingerprint.items())
    if (hash.is_string()) memory.fingerprint[part] = hash.get<std::string>();
  memory.queued = queued_in(json);
  return memory;
}

void TriggerMemory::queue(const std::string& drill, const Queued& queued) {
  const auto before = of(drill).queued;
  if (!all_[drill].is_object()) all_[drill] = Json::object();
  all_[drill]["queued"] = {{"snapshot", queued.snapshot},
                           {"repository", queued.repository},
                           {"time", to_rfc3339(queued.time)},
                           {"since", to_rfc3339(before ? before->since : queued.time)}};
}

void TriggerMemory::ran(const std::string& drill, const Run& run, const Fingerprint& fingerprint) {
  auto& json = all_[drill];
  if (!json.is_object()) json = Json::object();
  json["ran"] = to_rfc3339(run.began);
  json["fingerprint"] = fingerprint;
  // Another one that somebody drilled, or none, leaves it to be drilled.
  const auto queued = queued_in(json);
  if (queued && queued->snapshot == run.snapshot) json.erase("queued");
}

Result<void> TriggerMemory::write() const { return write_memory(file_, all_); }

Result<std::optional<DueDrill>> due_now(const DueNow& what) {
  const auto& drill = what.drill;
  const auto& memory = what.memory;
  DueDrill due{drill.options.name, {}, {}, {}};
  if (drill.after_backup && memory.queued) {
    due.snapshot = memory.queued->snapshot;
    due.repository = memory.queued->repository;
    due.reason = "backup " + due.snapshot.substr(0, kShownSnapshotId) + " was taken";
    return due;
  }
  if (drill.cron.empty() && !drill.on_change) return std::nullopt;
  if (!memory.ran) {
    due.reason = "it never ran on this machine";
    return due;
  }
  if (const auto changed = changes(memory.fingerprint, what.fingerprint);
      drill.on_change && !changed.empty()) {
    due.reason = changed + " changed since it last ran";
    return due;
  }
  if (drill.cron.empty()) return std::nullopt;
  const auto schedule = TRY(policy::Schedule::parse(drill.cron, what.tz));
  const auto next = schedule.next_after(*memory.ran);
  if (next > what.now) return std::nullopt;
  due.reason = "it was due at " + to_the_second(next);
  return due;
}

}  // namespace lifeboat::service
