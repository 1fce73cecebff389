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

// One that the configuration no longer has, nobody can run again.
bool is_configured(const config::Service& service, const std::string& drill) {
  if (service.drills.empty()) return drill == service.drill_name("");
  return std::ranges::any_of(service.drills,
                             [&](const auto& each) { return each.options.name == drill; });
}

using SnapshotTimes = std::map<std::string, Time>;  // by their ids

SnapshotTimes times_of(const Snapshots& own) {
  SnapshotTimes times;
  for (const auto& each : own) times[each.id.hex()] = each.time;
  return times;
}

// Older statements name no drill.
policy::DrillRecord record_of(const Statement& statement, const config::Service& service,
                              const SnapshotTimes& taken) {
  policy::DrillRecord drill{statement.time, text_at(statement.body, "verdict").value_or("")};
  drill.drill = service.drill_name(text_at(statement.body, "drill").value_or(""));
  const auto found = taken.find(text_at(statement.body, "snapshot").value_or(""));
  if (found != taken.end()) drill.state = found->second;
  return drill;
}

// Takes those of this repository out of what this machine knows: it has the ones too that the
// repository could not keep. They ended before their statements were made.
std::vector<policy::DrillRecord> take_of(const std::string& id,
                                         std::vector<policy::DrillRecord>& here) {
  const auto others = std::stable_partition(
      here.begin(), here.end(), [&](const auto& drill) { return drill.repository != id; });
  std::vector<policy::DrillRecord> taken(others, here.end());
  here.erase(others, here.end());
  return taken;
}

// What is known of one service, while its repositories are asked.
struct Looking {
  const config::Service& service;
  std::vector<policy::DrillRecord> here;  // drills of this machine, by the ids of repositories
};

void add_drill(policy::CopyRecord& copy, policy::DrillRecord drill) {
  drill.repository = copy.repository;
  auto& drills = copy.drills;
  const auto known = drills.find(drill.drill);
  auto last = known == drills.end() ? std::nullopt : std::optional(known->second);
  if (last && drill.time < last->time) return;
  policy::follow(last, std::move(drill));
  drills[last->drill] = *last;
}

Result<void> watch(RepositoryStatus& status, repository::Repository& repository,
                   const Snapshots& own, Looking& looking) {
  const auto& service = looking.service;
  const auto drills = TRY(repository.statements("proven"));  // by time
  const auto taken = times_of(own);
  for (const auto& each : drills)
    if (is_of(each, service.name)) add_drill(status.watch, record_of(each, service, taken));
  for (auto& each : take_of(repository.id().hex(), looking.here))
    add_drill(status.watch, std::move(each));
  std::erase_if(status.watch.drills,
                [&](const auto& drill) { return !is_configured(service, drill.first); });
  // A restore that reached its end has opened the data as a drill does, whatever the service.
  auto proofs = TRY(repository.statements("restored"));
  std::erase_if(proofs, [](const Statement& each) {
    return text_at(each.body, "outcome").value_or("restored") != "restored";
  });
  std::ranges::copy_if(drills, std::back_inserter(proofs), [](const Statement& drill) {
    return policy::is_proven(text_at(drill.body, "verdict").value_or(""));
  });
  const auto slots = TRY(repository.keys());
  for (const auto& slot : slots) status.watch.keys.push_back(record_of(slot, slots, proofs));
  return {};
}

Result<void> look(RepositoryStatus& status, repository::Repository& repository, Looking& looking,
                  const RunContext& context) {
  auto list = TRY(repository.snapshots(context));
  status.findings = std::move(list.findings);
  status.watch.damage = static_cast<std::size_t>(std::ranges::count_if(status.findings, is_damage));
  std::erase_if(list.snapshots,
                [&](const auto& each) { return each.service != looking.service.name; });
  fill(status, list.snapshots);
  return watch(status, repository, list.snapshots, looking);
}

bool is_silent(const RepositoryStatus& status) { return !status.watch.answers; }

// Of what is left when all that answer have taken theirs: where one is silent it may be of that
// one, else it is of one that the service no longer has. A record that cannot be read may be of
// any.
std::vector<policy::DrillRecord> drills_left(const Looking& looking, bool silent) {
  std::map<std::string, std::optional<policy::DrillRecord>> last;
  for (const auto& each : looking.here) {
    const bool readable = !each.drill.empty();
    if (readable && !(silent && is_configured(looking.service, each.drill))) continue;
    policy::follow(last[each.repository + " " + each.drill], each);
  }
  std::vector<policy::DrillRecord> left;
  for (auto& [of, drill] : last) {
    drill->repository.clear();  // its name is not known
    left.push_back(std::move(*drill));
  }
  return left;
}

}  // namespace

Result<ServiceStatus> Service::status(const std::string& service_name, const RunContext& context) {
  const auto& service = *TRY(config_.find_service(service_name));
  ServiceStatus status;
  status.service = service.name;
  status.takes = service.takes();
  Looking looking{service, drills_in(drill_reports(service.name), context.clock)};
  for (const auto& name : service.repositories) {
    TRY(context.check_stop());
    RepositoryStatus each;
    each.name = each.watch.repository = name;
    const auto looked = [&]() -> Result<void> {
      const auto repository = TRY(open_repository(name, context));
      return look(each, *repository, looking, context);
    }();
    if (!looked && looked.error().code() == Code::interrupted) return fail(looked.error());
    if (!looked) each.error = looked.error();
    each.watch.answers = looked.has_value();
    status.repositories.push_back(std::move(each));
  }
  status.drills_here = drills_left(looking, std::ranges::any_of(status.repositories, is_silent));
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
  record.drills_here = drills_here;
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
