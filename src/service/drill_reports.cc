#include "service/drill_reports.h"

#include <algorithm>

#include "base/file.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kLargestEvidence = 64U << 20U;

Result<policy::DrillRecord> record_of(const fs::path& file) {
  const auto row = TRY(drill_row(file));
  return policy::DrillRecord{TRY(parse_rfc3339(TRY(text_at(row, "started")))),
                             TRY(text_at(row, "verdict"))};
}

}  // namespace

// Their names begin with their times.
std::vector<fs::path> evidence_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

Result<Json> read_evidence(const fs::path& file) {
  return parse_json(to_text(TRY(read_file(file, kLargestEvidence))));
}

Result<Json> drill_row(const fs::path& file) {
  const auto sealed = TRY(read_evidence(file));
  const Json& evidence = *TRY(member(sealed, "evidence"));
  Json row;
  for (const auto* key : {"id", "service", "drill", "started", "verdict", "reason"})
    row[key] = TRY(text_at(evidence, key));
  if (const auto snapshot = evidence.find("snapshot"); snapshot != evidence.end())
    row["snapshot"] = TRY(text_at(*snapshot, "id"));
  row["file"] = file.string();
  row["page"] = fs::path(file).replace_extension(".html").string();
  return row;
}

std::optional<policy::DrillRecord> last_drill_in(const fs::path& folder, const Clock& clock) {
  const auto files = evidence_files(folder);
  if (files.empty()) return std::nullopt;
  return record_of(files.back()).value_or(policy::DrillRecord{clock.now(), "unreadable"});
}

}  // namespace lifeboat::service
