#include <algorithm>
#include <array>

#include "base/file.h"
#include "service/drill_records.h"
#include "service/service.h"

namespace lifeboat::service {
namespace {

using repository::KeySlotInfo;
using repository::Role;
using repository::SnapshotInfo;
using repository::Statement;
using Snapshots = std::vector<SnapshotInfo>;

template <class Accept>
const SnapshotInfo* newest_where(const Snapshots& all, const Accept& accept) {
  const SnapshotInfo* newest = nullptr;
  for (const auto& each : all)
    if (accept(each) && (newest == nullptr || newest->time < each.time)) newest = &each;
  return newest;
}

bool is_damage(const Finding& finding) {
  static constexpr std::array<std::string_view, 3> kOnlyOdd{"session-unfinished", "clock-backwards",
                                                            "strange-object"};
  return std::ranges::find(kOnlyOdd, std::string_view(finding.code)) == kOnlyOdd.end();
}

void fill(RepositoryStatus& status, const Snapshots& own) {
  status.snapshots = own.size();
  if (const auto* found = newest_where(own, [](const auto& each) { return each.complete; })) {
    status.newest = *found;
    status.watch.newest = found->time;
  }
  if (const auto* found = newest_where(own, [](const auto& each) { return !each.complete; }))
    status.watch.newest_incomplete = found->time;
  if (const auto* found =
          newest_where(own, [](const auto& each) { return each.proven_at.has_value(); }))
    status.last_proven = *found;
}

bool is_of(const Statement& statement, const std::string& service) {
  return text_at(statement.body, "service").value_or("") == service;
}

// A key is known by its role and name; two of the same cannot be told apart, so neither counts.
bool has_proven(const Statement& statement, const KeySlotInfo& slot,
                const std::vector<KeySlotInfo>& slots) {
  const auto same = [](const KeySlotInfo& one, const KeySlotInfo& other) {
    return one.role == other.role && one.name == other.name;
  };
  const auto twins =
      std::ranges::count_if(slots, [&](const auto& other) { return same(slot, other); });
  return twins == 1 && statement.signer_role == slot.role && statement.signer_name == slot.name;
}

policy::KeyRecord record_of(const KeySlotInfo& slot, const std::vector<KeySlotInfo>& slots,
                            const std::vector<Statement>& proofs) {
  policy::KeyRecord key;
  key.name = slot.name;
  key.reads = slot.role == Role::admin || slot.role == Role::reader;
  key.damaged = slot.kind == "damaged";
  key.proven = std::ranges::any_of(
      proofs, [&](const auto& proof) { return has_proven(proof, slot, slots); });
  return key;
}

// By time, so the last one is the newest.
std::optional<policy::DrillRecord> last_of(const std::vector<Statement>& drills,
                                           const std::string& service) {
  std::optional<policy::DrillRecord> last;
  for (const auto& each : drills)
    if (is_of(each, service))
      last = policy::DrillRecord{each.time, text_at(each.body, "verdict").value_or("")};
  return last;
}

// Older statements name no drill.
std::map<std::string, Time> times_of(const std::vector<Statement>& drills,
                                     const std::string& service) {
  std::map<std::string, Time> times;
  for (const auto& each : drills)
    if (const auto name = text_at(each.body, "drill"); name && is_of(each, service))
      times[*name] = std::max(times[*name], each.time);
  return times;
}

Result<void> watch(RepositoryStatus& status, repository::Repository& repository,
                   const std::string& service) {
  const auto drills = TRY(repository.statements("proven"));
  status.watch.last_drill = last_of(drills, service);
  status.watch.drills = times_of(drills, service);
  // A restore that reached its end has opened the data as a drill does, whatever the service.
  auto proofs = TRY(repository.statements("restored"));
  std::ranges::copy_if(drills, std::back_inserter(proofs), [](const Statement& drill) {
    return policy::is_proven(text_at(drill.body, "verdict").value_or(""));
  });
  const auto slots = TRY(repository.keys());
  for (const auto& slot : slots) status.watch.keys.push_back(record_of(slot, slots, proofs));
  return {};
}

Result<void> look(RepositoryStatus& status, repository::Repository& repository,
                  const std::string& service, const RunContext& context) {
  auto list = TRY(repository.snapshots(context));
  status.findings = std::move(list.findings);
  status.watch.damage = static_cast<std::size_t>(std::ranges::count_if(status.findings, is_damage));
  std::erase_if(list.snapshots, [&](const auto& each) { return each.service != service; });
  fill(status, list.snapshots);
  return {};
}

}  // namespace

Result<ServiceStatus> Service::status(const std::string& service_name, bool watched,
                                      const RunContext& context) {
  const auto& service = *TRY(config_.find_service(service_name));
  ServiceStatus status;
  status.service = service.name;
  status.takes = service.takes();
  for (const auto& name : service.repositories) {
    TRY(context.check_stop());
    RepositoryStatus each;
    each.name = each.watch.repository = name;
    const auto looked = [&]() -> Result<void> {
      const auto repository = TRY(open_repository(name, context));
      TRY(look(each, *repository, service.name, context));
      return watched ? watch(each, *repository, service.name) : Result<void>{};
    }();
    if (!looked && looked.error().code() == Code::interrupted) return fail(looked.error());
    if (!looked) each.error = looked.error();
    each.watch.answers = looked.has_value();
    status.repositories.push_back(std::move(each));
  }
  if (watched) status.last_drill_here = last_drill_in(drill_reports(service.name), context.clock);
  if (const auto newest = policy::newest_backup(status.watch()))
    status.age = context.clock.now() - *newest;
  status.objective =
      policy::Objective({service.objectives.rpo, std::nullopt}).judge({status.age, std::nullopt});
  return status;
}

policy::WatchRecord ServiceStatus::watch() const {
  policy::WatchRecord record;
  record.takes = takes;
  for (const auto& each : repositories) record.copies.push_back(each.watch);
  record.last_drill_here = last_drill_here;
  return record;
}

// A copy that is missing or cannot be seen is never "fine".
int ServiceStatus::exit_status() const {
  const auto unknown = [](const RepositoryStatus& each) { return each.error.has_value(); };
  const auto empty = [&](const RepositoryStatus& each) {
    return takes && !each.error && !each.newest;
  };
  if (std::any_of(repositories.begin(), repositories.end(), unknown)) return 2;
  if (objective.missed() || std::any_of(repositories.begin(), repositories.end(), empty)) return 1;
  return 0;
}

}  // namespace lifeboat::service
