#pragma once
// The verb "restore": carries out a plan, in parallel and in the order of packs, and says what it
// did. One call at a time for each target.
#include "base/run_context.h"
#include "restore/plan.h"
#include "restore/stages.h"

namespace lifeboat::restore {

struct ItemReport {
  std::string source;
  std::string place;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;          // content that is now in place
  std::uint64_t bytes_fetched = 0;  // of it, what came from the repository
  Duration elapsed{0};
  std::vector<Finding> findings;
  // Where a log was replayed: what must be true now (see engine::TargetReport) …
  std::optional<Json> facts = {};
  std::string last_applied = {};  // … and the last entry that was applied
  std::uint64_t log_entries = 0;
};

struct Report {
  std::vector<ItemReport> items;
  // In their order; what they took together is what the restore took. Who does something before it
  // puts that in front.
  std::vector<Stage> stages;
  std::uint64_t bytes() const;
};

// Nothing is reported done before it is durable; any missing or damaged chunk is an error.
Result<Report> run_restore(const Plan& plan, repository::Repository& repository,
                           repository::SnapshotReader& snapshot, const RunContext& context);

// Puts back what interrupted restores to the same places had set aside, before what is there is
// saved or changed; says what.
Result<std::vector<Finding>> recover_targets(const Plan& plan);

// The record that every restore leaves: what, from where, to where, how long. No contents, no
// secrets.
Json record_of(const Plan& plan, const Report& report, const std::string& repository);

}  // namespace lifeboat::restore
