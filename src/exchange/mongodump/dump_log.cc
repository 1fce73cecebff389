#include "exchange/mongodump/dump_log.h"

#include <algorithm>

#include "engine/losses.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/object_names.h"

namespace lifeboat::exchange::mongodump {
namespace {

using engine::mongodb::CollectionKind;
using engine::mongodb::LogReplay;
using engine::mongodb::ReplayRequest;
using engine::mongodb::WindowEnd;

// A dump does not say whose log it is. What only FerretDB writes, a whole document with its own _id
// in `$set`, no MongoDB does: the words of both are told apart by themselves.
constexpr auto kDialect = engine::mongodb::Dialect::ferretdb;

Json recorded_facts(const DumpPlan& plan) {
  Json collections = Json::object();
  for (const auto& [name, each] : plan.collections) {
    auto facts = engine::mongodb::catalog_facts(each.wanted);
    engine::mongodb::add_facts(facts, {each.sum, std::nullopt});
    collections[engine::mongodb::escape_name(name)] = std::move(facts);
  }
  return {{"collections", std::move(collections)}};
}

engine::mongodb::Catalog restored_catalog(const LogOfRestored& log) {
  engine::mongodb::Catalog catalog{log.plan.database, log.plan.views.collections};
  for (const auto& [name, each] : log.plan.collections)
    catalog.collections.push_back(engine::mongodb::without_lost(each.wanted, log.plan.offered));
  std::ranges::sort(catalog.collections, {}, &engine::mongodb::Collection::name);
  return catalog;
}

Result<ExpectedDump> after_replay(const LogReplay& replay, const DumpPlan& plan) {
  const auto facts = TRY(replay.expected(recorded_facts(plan)));
  ExpectedDump expected{replay.catalog(), {}};
  for (const auto& each : expected.catalog.collections) {
    if (each.kind == CollectionKind::view) continue;
    const auto& one = facts["collections"][engine::mongodb::escape_name(each.name)];
    auto& sum = expected.sums[each.name];
    if (!one["documents"].is_null()) sum = TRY(engine::mongodb::recorded_sum(one));
  }
  return expected;
}

bool is_told(const Finding& finding, const DumpReport& report) {
  return std::ranges::any_of(report.findings, [&](const Finding& each) {
    return each.subject == finding.subject && each.message == finding.message;
  });
}

// The plan names what the dump itself needs; what its log makes is only known now.
Result<void> tell_losses(const LogReplay& replay, const DumpPlan& plan, const DumpOptions& options,
                         DumpReport& report) {
  if (!options.accept_losses)
    return engine::refuse_losses(engine::mongodb::lost_features(replay.catalog(), plan.offered),
                                 plan.product + " cannot do what the log of the dump makes",
                                 "--accept-losses leaves it out, --without-oplog the whole log.");
  for (auto& lost : replay.lost())
    if (!is_told(lost, report)) report.findings.push_back(std::move(lost));
  return {};
}

Result<ExpectedDump> replay_entries(const LogOfRestored& log, const DumpOptions& options,
                                    DumpReport& report, const RunContext& context) {
  const WindowEnd end{log.plan.database, kDialect, true, {}, log.plan.log->last};
  TRY(log.entries.append(encode_window_end(end)));
  TRY(log.entries.close());
  ReplayRequest request{log.to, log.validators, restored_catalog(log), {}};
  if (options.accept_losses) request.offered = log.plan.offered;
  LogReplay replay(std::move(request), end);
  TRY(replay.replay_window(log.entries, context));
  TRY(replay.finish());
  TRY(tell_losses(replay, log.plan, options, report));
  report.log_applied = replay.applied();
  report.log_until = engine::mongodb::moment_text(end.last);
  return after_replay(replay, log.plan);
}

}  // namespace

ExpectedDump expected_of(const DumpPlan& plan) {
  ExpectedDump expected{plan.views, {}};
  for (const auto& [name, each] : plan.collections) {
    expected.catalog.collections.push_back(each.wanted);
    expected.sums[name] = each.sum;
  }
  return expected;
}

Result<ExpectedDump> replay_log(const LogOfRestored& log, const DumpOptions& options,
                                DumpReport& report, const RunContext& context) {
  auto replayed = replay_entries(log, options, report, context);
  if (!replayed && replayed.error().code() == Code::unsupported_format)
    return fail(Error(Code::refused,
                      "the log of the dump cannot be replayed: " + replayed.error().describe())
                    .with_hint("mongorestore --oplogReplay may do it; --without-oplog leaves it "
                               "out, and each collection is then as of another moment."));
  return TRY_CONTEXT("the log of the dump", std::move(replayed));
}

}  // namespace lifeboat::exchange::mongodump
