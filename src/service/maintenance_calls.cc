#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

using repository::CheckDepth;

Result<CheckDepth> depth_of(const std::string& name) {
  if (name == "objects") return CheckDepth::objects;
  if (name == "hashes") return CheckDepth::hashes;
  if (name == "contents") return CheckDepth::contents;
  return fail(Error(Code::usage, "--depth: there is no \"" + name + "\"")
                  .with_hint("Write objects, hashes or contents."));
}

}  // namespace

Result<Answer> verify(const Setup& setup, const std::string& name, const std::string& depth,
                      const RunContext& context) {
  const auto chosen = TRY(depth_of(depth));
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(name, context));
  const auto report = TRY(repository->check(chosen, context));
  Answer answer;
  answer.body = {{"repository", name},
                 {"medium", repository->description()},
                 {"depth", depth},
                 {"packs", report.packs},
                 {"segments", report.segments},
                 {"chunks", report.chunks},
                 {"bytes", report.bytes},
                 {"snapshots", report.snapshots},
                 {"findings", to_json(report.findings)},
                 {"damaged_snapshots", report.damaged_snapshots},
                 {"recorded", report.recorded}};
  answer.exit_status = report.findings.empty() && report.damaged_snapshots.empty() ? 0 : 1;
  return answer;
}

Result<Answer> prune(const Setup& setup, const PruneCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto repository = TRY(composition->service.open_repository(call.repository, context));
  repository::PruneOptions options;
  options.dry_run = call.dry_run;
  options.despite_missing = call.despite_missing;
  options.wait = call.wait;
  const auto report = TRY(repository->prune(options, context));
  Answer answer;
  answer.body = {
      {"repository", call.repository},         {"dry_run", call.dry_run},
      {"packs_removed", report.packs_removed}, {"packs_moved", report.packs_moved},
      {"bytes_freed", report.bytes_freed},     {"bytes_moved", report.bytes_moved},
      {"bytes_kept", report.bytes_kept},       {"sessions_voided", report.sessions_voided},
      {"findings", to_json(report.findings)}};
  return answer;
}

}  // namespace lifeboat::service
