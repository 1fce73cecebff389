#include "drill/history.h"

#include <algorithm>

#include "base/file.h"
#include "drill/chain.h"
#include "drill/envelope.h"
#include "drill/render/view.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kShownDrills = 12;  // drills

// A drill that stopped half-way measured no recovery; older records have a number all the same.
std::optional<std::int64_t> recovery_of(const Json& evidence) {
  const auto& rto = object_in(object_in(evidence, "measures"), "rto");
  if (evidence.contains("error") || !rto.contains("measured_ms")) return std::nullopt;
  return number_in(rto, "measured_ms");
}

class Gathering {
 public:
  Gathering(std::string service, repository::Repository& repository)
      : service_(std::move(service)), repository_(repository) {}

  void take_statements() {
    const auto statements = repository_.statements("proven");
    if (!statements) return note("history-unreadable", "statements", statements.error().describe());
    for (const auto& each : *statements)
      if (each.body.value("service", "") == service_)
        take(each.body.value("evidence", Json()), "statement " + each.id.substr(0, 16));
  }

  void take_words() {
    const auto waived = repository_.statements("waived");
    const auto resolved = repository_.statements("resolved");
    // Without them nothing is waived and nothing is closed: a drill may only look worse.
    if (waived) found_.waivers = waivers_of(*waived, service_);
    if (!resolved) return;
    for (const auto& said : *resolved)
      if (said.body.value("service", "") == service_)
        found_.resolutions.push_back({said.body.value("finding", ""), said.time});
  }

  void take_files(const std::filesystem::path& folder) {
    for (const auto& file : record_files(folder)) {
      const auto bytes = read_file(file, kMaxEnvelope);
      auto sealed = bytes ? parse_json(to_text(*bytes)) : fail(bytes.error());
      if (sealed) {
        take(*sealed, file.filename().string());
      } else {
        note("evidence-unreadable", file.filename().string(), sealed.error().describe());
      }
    }
  }

  History history() && {
    const auto order = [](const SignedRecord& record) {
      const auto place = place_of(record.evidence);
      return std::pair(place ? place->position : 0, record.evidence.value("started", ""));
    };
    auto& records = found_.records;
    std::sort(records.begin(), records.end(),
              [&](const auto& one, const auto& other) { return order(one) < order(other); });
    look_at_chain();
    return std::move(found_);
  }

 private:
  void note(std::string code, std::string subject, std::string message) {
    found_.findings.push_back({std::move(code), std::move(subject), std::move(message), false});
  }

  void take(const Json& sealed, const std::string& where) {
    auto record = verify_evidence(sealed, root());
    // This machine may keep records of the service's other repositories too.
    if (!record && record.error().defect == Defect::other_key) return;
    if (!record)
      return note("evidence-" + std::string(name_of(record.error().defect)), where,
                  record.error().message);
    if (record->evidence.value("service", "") != service_)
      return note("evidence-other_service", where,
                  "a record of " + record->evidence.value("service", "") + " stands among those");
    const bool known = std::any_of(found_.records.begin(), found_.records.end(),
                                   [&](const auto& each) { return each.digest == record->digest; });
    if (!known) found_.records.push_back(std::move(*record));
  }

  void look_at_chain() {
    std::vector<SignedRecord> chained;
    for (const auto& record : found_.records)
      if (place_of(record.evidence)) chained.push_back(record);
    if (chained.empty()) return;
    if (const auto place = place_of(chained[0].evidence); place->position != 1)
      note("evidence-gap", "chain",
           "the records before number " + std::to_string(place->position) + " are missing");
    if (const auto whole = verify_chain(chained); !whole)
      note("evidence-" + std::string(name_of(whole.error().defect)), "chain",
           whole.error().message);
  }

  std::optional<crypto::VerifyKey> root() const {
    const auto key = crypto::VerifyKey::from(repository_.root_public());
    return key ? std::optional(*key) : std::nullopt;
  }

  std::string service_;
  repository::Repository& repository_;
  History found_;
};

}  // namespace

History load_history(const std::string& service, const std::filesystem::path& folder,
                     repository::Repository& repository) {
  Gathering gathering(service, repository);
  gathering.take_statements();
  gathering.take_words();
  gathering.take_files(folder);
  return std::move(gathering).history();
}

std::vector<TrendPoint> trend_of(const History& history) {
  const auto& records = history.records;
  std::vector<TrendPoint> points;
  for (auto i = records.size() > kShownDrills ? records.size() - kShownDrills : 0;
       i < records.size(); ++i) {
    const Json& evidence = records[i].evidence;
    points.push_back({text_in(evidence, {"id"}), text_in(evidence, {"started"}),
                      text_in(evidence, {"verdict"}), recovery_of(evidence), bytes_in(evidence)});
  }
  return points;
}

std::vector<std::filesystem::path> record_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace lifeboat::drill
