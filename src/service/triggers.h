#pragma once
// Which drills of a service are due, and why: a time that has come, a backup that was taken,
// something that changed since the last one. What is remembered is in the state directory of this
// machine; one process at a time for each service.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_value.h"
#include "config/config.h"
#include "service/calls.h"

namespace lifeboat::service {

// What a drill depends on besides the data, each part as a short hash: "sources", "repositories",
// "schedules", "keys", "versions".
using Fingerprint = std::map<std::string, std::string>;

// Of the configuration as it is written: variables count by their names. `keys` are the key slots
// of the repositories that answered, and are left out when none did.
Fingerprint fingerprint_of(const config::Config& config, const config::Service& service,
                           const std::optional<Json>& keys);

// A snapshot that a drill waits for.
struct Queued {
  std::string snapshot;
  std::string repository;
  Time time;
  Time since = {};  // of the first that waits for the same run; queue() sets it
};

// What is known of one drill.
struct DrillMemory {
  std::optional<Time> ran;  // the last one that left evidence
  Fingerprint fingerprint;  // at that time
  std::optional<Queued> queued;
};

class TriggerMemory {
 public:
  // What cannot be read is as if nothing ever ran: then everything with a trigger is due.
  TriggerMemory(const std::filesystem::path& state, const std::string& service);
  DrillMemory of(const std::string& drill) const;
  // The newest alone stays.
  void queue(const std::string& drill, const Queued& queued);
  // The drill left evidence: what has changed was seen, and the snapshot that it drilled, when it
  // found one, waits no longer.
  struct Run {
    Time began;
    std::string snapshot = {};
  };
  void ran(const std::string& drill, const Run& run, const Fingerprint& fingerprint);
  Result<void> write() const;

 private:
  std::filesystem::path file_;
  Json all_ = Json::object();
};

// Whether the drill is due now: the reason in a few words, or nothing. Pure. `config_invalid` for a
// schedule that cannot be read.
struct DueNow {
  const config::Drill& drill;
  const std::string& tz;
  const DrillMemory& memory;
  const Fingerprint& fingerprint;
  Time now;
};
Result<std::optional<DueDrill>> due_now(const DueNow& what);

}  // namespace lifeboat::service
