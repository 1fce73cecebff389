#include "service/exchange_calls.h"

#include "exchange/jsonl/export.h"
#include "service/exchange_place.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

namespace jsonl = exchange::jsonl;

Json exported_json(const jsonl::ExportedCollection& collection) {
  return {{"name", collection.name},
          {"file", collection.file},
          {"count", collection.sum.count},
          {"bytes", collection.sum.bytes},
          {"escaped", collection.escaped},
          {"sample_hash", collection.sample_hash},
          {"digest", collection.sum.digest.hex()}};
}

Json export_json(const jsonl::ExportReport& report) {
  Json collections = Json::array();
  for (const auto& each : report.collections) collections.push_back(exported_json(each));
  return {{"time", to_rfc3339(report.moment)},    {"folder", report.folder.string()},
          {"archive", report.archive.string()},   {"archive_bytes", report.archive_bytes},
          {"documents", report.sum().count},      {"bytes", report.sum().bytes},
          {"escaped", report.escaped()},          {"views", report.views},
          {"findings", to_json(report.findings)}, {"collections", collections}};
}

}  // namespace

Result<Answer> export_jsonl(const Setup& setup, const ExportJsonlCall& call,
                            const RunContext& context) {
  const auto from = TRY(database_of(setup, call.database));
  jsonl::ExportOptions options;
  options.out_dir = exchange_path(setup, call.out_dir, kDefaultOutDir);
  if (!call.csv.empty()) options.csv = exchange_path(setup, call.csv, "");
  if (call.pretty) options.layout = engine::mongodb::JsonLayout::pretty;
  if (call.gzip) options.packing = engine::foreign::Packing::tar_gz;
  if (call.escape) options.lossy = engine::mongodb::Lossy::escaped;
  auto exported = jsonl::export_jsonl(from, options, context);
  if (!exported && exported.error().code() == Code::incomplete)
    return fail(std::move(exported).error().with_hint(
        "Nothing was written. With --escape such documents are written in a form that only "
        "lifeboat import jsonl reads back."));
  Answer answer{export_json(TRY(std::move(exported))), 0};
  answer.body["database"] = from.database;
  answer.body["server"] = from.server->address();
  return answer;
}

}  // namespace lifeboat::service
