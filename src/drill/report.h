#pragma once
// What a drill found, as values: stages, checks, measures, tear-down, verdict. The JSON form is the
// evidence (docs/evidence.md).
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/entry.h"
#include "base/json_value.h"
#include "policy/objective.h"
#include "repository/repository.h"
#include "sandbox/sandbox.h"

namespace lifeboat::drill {

enum class Outcome : std::uint8_t { passed, warned, failed, not_run };
std::string_view name_of(Outcome outcome);

// One question with its answer.
struct CheckResult {
  std::string id;      // "counts.db", "blobs.db.images"
  std::string proves;  // one sentence, in the report
  Outcome outcome = Outcome::not_run;
  std::string
      message;  // what was found; for failures the object, expected and found; for not_run why
  std::vector<std::string> details;  // more of the same, bounded
  Duration elapsed{0};
  bool proves_data = false;  // says something about the data itself: a drill needs one that ran
  bool refused = false;      // stopped for safety
};

struct StageResult {
  std::string name;
  Duration elapsed{0};
  bool done = false;
  std::string error;  // of the stage that stopped the drill
};

enum class Verdict : std::uint8_t { proven, failed, unverified };
std::string_view name_of(Verdict verdict);

using policy::Judgement;
// As the evidence says it: "met" "missed" "not_judged".
std::string_view name_of(Judgement judgement);

struct Measures {
  Duration rto_so_far{
      0};  // from the start to data restored and checked; the application is not started yet
  std::optional<Duration> service_ready;  // to the first step of the journey that succeeded
  std::optional<Duration> rpo_age;        // age of the restored position when the drill began
  std::optional<Duration> rto_objective;
  std::optional<Duration> rpo_objective;
  Judgement rto = Judgement::not_set;
  Judgement rpo = Judgement::not_set;
  std::uint64_t bytes_restored = 0;
  std::uint64_t entries_restored = 0;
};

struct Report {
  std::string id;
  std::string service;
  std::string drill;
  std::string owner;
  std::string host;
  std::string version;
  std::string tier;
  Time started;
  Time ended;
  std::string repository;  // the medium, never a secret
  repository::RepositoryId repository_id;
  std::optional<repository::SnapshotInfo> snapshot;
  std::vector<StageResult> stages;
  std::vector<CheckResult> checks;
  std::vector<Finding> findings;
  Measures measures;
  std::optional<sandbox::TearDownProof> tear_down;
  std::optional<Error> error;  // what stopped the drill
  Verdict verdict = Verdict::unverified;
  std::string reason;  // of the verdict, in one sentence
};

struct Judged {
  Verdict verdict;
  std::string reason;
};
// Pure: failed when a check failed or a stage stopped on damage; unverified when anything could not
// be decided or no check of the data ran; proven otherwise.
Judged judge(const Report& report);

// product.md: 0 proven, 1 failed (or an objective missed with strict), 2 unverified, 4 refused for
// safety, 130 interrupted.
int exit_status(const Report& report, bool strict);

Json to_json(const Report& report);

}  // namespace lifeboat::drill
