#include <algorithm>

#include "engine/mongodb/location.h"
#include "restore/half_filled.h"
#include "restore/losses.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/notices.h"

namespace lifeboat::service {
namespace {

Failure bad_target(const std::string& message) {
  return fail(Error(Code::usage, message)
                  .with_hint("Give --to DIRECTORY for everything, or --to SOURCE=PLACE for each "
                             "source."));
}

// A directory whose name holds "=" is written with a "/" before it.
bool is_pair(const std::string& text) {
  const auto equals = text.find('=');
  return equals != std::string::npos && equals != 0 && text.find_first_of("/:") > equals;
}

Result<restore::Destination> destination_of(const Setup& setup,
                                            const std::vector<std::string>& to) {
  restore::Destination destination;
  for (const auto& text : to) {
    const auto equals = is_pair(text) ? text.find('=') : std::string::npos;
    const auto place = equals == std::string::npos ? text : text.substr(equals + 1);
    if (place.empty()) return bad_target("--to \"" + text + "\" names no place");
    const auto full = engine::mongodb::is_address(place)
                          ? place
                          : (setup.working_directory / place).lexically_normal().string();
    if (equals != std::string::npos) {
      destination.places.emplace_back(text.substr(0, equals), full);
      continue;
    }
    if (!destination.directory.empty()) return bad_target("--to names two directories");
    destination.directory = full;
  }
  if (to.empty()) return bad_target("where should it be restored to?");
  return destination;
}

Result<RestoreRequest> restore_request_of(const Setup& setup, const RestoreCall& call,
                                          const Composition& composition) {
  RestoreRequest request;
  request.service = call.choice.service;
  request.from = call.choice.repository;
  const auto& service = *TRY(composition.loaded.config.find_service(request.service));
  request.selector = TRY(selector_of(call.choice, service.tz));
  request.plan.destination = TRY(destination_of(setup, call.to));
  for (const auto& text : call.only)
    request.plan.only.push_back(TRY(restore::parse_selection(text)));
  request.plan.renames = TRY(engine::parse_renames(call.renames, "[SOURCE/]OLD=NEW"));
  request.plan.overwrite = call.overwrite;
  request.plan.delete_strangers = call.delete_strangers;
  request.plan.accept_losses = call.accept_losses;
  request.plan.with_users = call.with_users;
  request.snapshot_first = call.snapshot_first;
  return request;
}

// Something that the snapshot has is not in place.
bool lacks_something(const restore::Report& report) {
  return std::ranges::any_of(report.items, [](const auto& item) {
    return std::ranges::any_of(item.findings, &Finding::incomplete);
  });
}

Result<Answer> finish(Composition& composition, PreparedRestore& prepared, Answer answer,
                      const RunContext& context) {
  auto restored = composition.service.run_restore(prepared, context);
  if (!restored && restored.error().code() == Code::interrupted)
    return fail(
        std::move(restored).error().with_hint(restore::hint_after_interruption(prepared.plan)));
  const auto outcome = TRY(std::move(restored));
  answer.body["report"] =
      restore::record_of(prepared.plan, outcome.report, prepared.repository->description());
  if (outcome.record)
    answer.body["record"] = outcome.record->string();
  else
    answer.body["record_error"] = outcome.record.error().describe();
  if (outcome.before) {
    answer.body["before"] = to_json(*outcome.before);
    answer.body["way_back"] = composition.service.way_back(prepared, *outcome.before);
  }
  const bool is_whole = outcome.record && !lacks_something(outcome.report);
  answer.exit_status = is_whole ? 0 : 1;
  return answer;
}

// People are told that it begins, and how it ends.
Result<Answer> run_told_restore(Composition& composition, PreparedRestore& prepared, Answer answer,
                                const RunContext& context) {
  Notices notices(composition, prepared.service);
  const auto plan = answer.body;
  const auto told = notices.tell_briefly(
      "restore", [&](const Occasion& occasion) { return restore_notice(occasion, plan, {}); },
      context);
  const auto begun = context.clock.steady();
  auto finished = finish(composition, prepared, std::move(answer), context);
  RestoreEnd end{true, {}, context.clock.steady() - begun};
  if (!finished) end.error = finished.error();
  add_deliveries(finished, told, context);
  const auto make = [&](const Occasion& occasion) { return restore_notice(occasion, plan, end); };
  add_deliveries(finished, notices.tell("restore", make, context), context);
  return finished;
}

}  // namespace

Result<Answer> restore(const Setup& setup, const RestoreCall& call, const Confirm& confirm,
                       const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto request = TRY(restore_request_of(setup, call, *composition));
  auto prepared = TRY(composition->service.prepare_restore(request, context));
  Answer answer{to_json(prepared.plan), 0};
  answer.body["repository"] = prepared.repository_name;
  answer.body["snapshot_first"] = prepared.snapshot_first && !prepared.plan.occupied.empty();
  if (!call.dry_run) TRY(restore::check_losses(prepared.plan));
  TRY(confirm(answer.body));
  if (call.dry_run) return answer;
  return run_told_restore(*composition, prepared, std::move(answer), context);
}

}  // namespace lifeboat::service
