#include <algorithm>

#include "base/median.h"
#include "drill/foreign.h"
#include "drill/history.h"
#include "drill/render/view.h"
#include "drill/step.h"
#include "policy/local_time.h"

namespace lifeboat::drill {
namespace {

using namespace std::chrono_literals;
using engine::foreign::Candidate;

constexpr std::size_t kEarlierDrills = 7;  // earlier drills that are compared with
// A file's time may be off from the day in its name by time zones and by a long night's backup.
constexpr auto kDay = 24h;
constexpr auto kSlack = 36h;

// What the name says to the minute is right; a day only bounds what the file's time says.
Result<Time> time_of_candidate(const Candidate& chosen, const Request& request, Report& report) {
  if (!chosen.stamp) return chosen.modified;
  const auto& [date, time] = *chosen.stamp;
  if (!time.empty()) return policy::parse_time(date + " " + time, request.time_zone);
  const auto day = TRY(policy::parse_time(date + " 00:00:00", request.time_zone));
  const auto end = day + kDay;
  if (chosen.modified >= day - kSlack && chosen.modified <= end + kSlack) return chosen.modified;
  report.findings.push_back({"date-unclear", chosen.name,
                             "was written " + to_the_second(chosen.modified) +
                                 ", which is not the day in its name; the older one counts",
                             false});
  return std::min<Time>(chosen.modified, end);
}

Json record_json(const ForeignBackup& backup) {
  return {{"name", backup.chosen->name},
          {"bytes", backup.chosen->bytes},
          {"written", to_rfc3339(backup.chosen->modified)}};
}

// The same backup drilled again says nothing about the next one.
bool is_another(const Json& record, const ForeignBackup& backup) {
  if (!backup.chosen) return true;
  const Json own = record_json(backup);
  return std::ranges::any_of(own.items(), [&](const auto& each) {
    const auto found = record.find(each.key());
    return found == record.end() || *found != each.value();
  });
}

// What a drill that failed found in a backup is no measure for others.
void remember(const History& history, ForeignBackup& backup) {
  const auto& records = history.records;
  for (auto each = records.rbegin(); each != records.rend(); ++each) {
    if (backup.earlier.size() == kEarlierDrills) return;
    if (text_in(each->evidence, {"verdict"}) == "failed") continue;
    for (const auto& record : list_in(each->evidence, "foreign"))
      if (text_in(record, {"source"}) == backup.source->name &&
          !object_in(record, "facts").empty() && is_another(record, backup))
        backup.earlier.push_back(record);
  }
}

void judge_age(const ForeignBackup& backup, DrillState& state) {
  const auto& within = backup.source->options.within;
  if (!within || !backup.time) return;
  const auto age = state.report.started - *backup.time;
  CheckResult result;
  result.id = "age." + backup.source->name;
  result.proves = "what makes this backup still does";
  result.outcome = age <= *within ? Outcome::passed : Outcome::failed;
  result.message = backup.chosen->name + " is " +
                   (age < 0s ? "from the future" : describe_duration(age) + " old") +
                   ", allowed are " + describe_duration(*within);
  state.report.checks.push_back(std::move(result));
}

void compare_size(const ForeignBackup& backup, Report& report) {
  std::vector<std::int64_t> sizes;
  for (const auto& record : backup.earlier) sizes.push_back(number_in(record, "bytes"));
  if (sizes.empty() || !backup.chosen || backup.chosen->bytes == 0) return;
  const auto usual = static_cast<std::uint64_t>(median_of(std::move(sizes)));
  if (backup.chosen->bytes * 2 > usual) return;
  report.findings.push_back({"backup-halved", backup.source->name,
                             backup.chosen->name + " has " + describe_size(backup.chosen->bytes) +
                                 ", usual are " + describe_size(usual),
                             false});
}

Result<void> locate(ForeignBackup& backup, DrillState& state, ForeignRecord& record) {
  const auto& options = backup.source->options;
  if (!options.restore.empty()) return {};
  const auto all = TRY(engine::foreign::candidates(options));
  backup.chosen = TRY(engine::foreign::choose_newest(all));
  backup.time = TRY(time_of_candidate(*backup.chosen, state.request, state.report));
  record.name = backup.chosen->name;
  record.bytes = backup.chosen->bytes;
  record.written = backup.chosen->modified;
  record.time = backup.time;
  return {};
}

}  // namespace

Result<void> locate_foreign(DrillState& state, const RunContext& context) {
  const auto& request = state.request;
  if (request.foreign.empty()) return {};
  const auto& history = earlier_drills(state);
  for (const auto& source : request.foreign) {
    TRY(context.check_stop());
    auto& backup = state.foreign.emplace_back();
    backup.source = &source;
    backup.manifest.name = source.name;
    plan_dump_server(backup);
    auto& record = state.report.foreign.emplace_back();
    record.source = source.name;
    TRY_CONTEXT("source " + source.name, locate(backup, state, record));
    remember(history, backup);
    judge_age(backup, state);
    compare_size(backup, state.report);
  }
  return {};
}

std::uint64_t room_for_foreign(const DrillState& state) {
  std::uint64_t room = 0;
  for (const auto& backup : state.foreign) {
    const auto packed = backup.chosen ? backup.chosen->bytes : 0;
    const auto before = backup.earlier.empty() ? 0 : number_in(backup.earlier[0], "unpacked");
    room += std::max(packed, static_cast<std::uint64_t>(std::max<std::int64_t>(before, 0)));
  }
  return room;
}

}  // namespace lifeboat::drill
