#include "drill/check.h"

namespace lifeboat::drill {

std::optional<CheckResult> judge_gridfs(const std::string& source, const Json& facts) {
  const auto buckets = facts.find("gridfs");
  if (buckets == facts.end() || buckets->empty()) return std::nullopt;
  CheckResult result;
  result.id = "gridfs." + source;
  result.proves = "every file in GridFS has all of its chunks, each once and of its size";
  std::uint64_t files = 0;
  std::uint64_t damaged = 0;
  for (const auto& [name, bucket] : buckets->items()) {
    files += bucket.at("files").get<std::uint64_t>();
    damaged += bucket.at("damaged").get<std::uint64_t>();
    for (const auto& each : bucket.at("first"))
      result.details.push_back(name + ": " + each.get<std::string>());
  }
  result.outcome = damaged == 0 ? Outcome::passed : Outcome::failed;
  result.message = damaged == 0 ? counted(files, "file is whole", "files are whole")
                                : counted(damaged, "file is not whole", "files are not whole") +
                                      "; first " + result.details[0];
  result.details.resize(std::min(result.details.size(), kMaxDetails));
  return result;
}

}  // namespace lifeboat::drill
