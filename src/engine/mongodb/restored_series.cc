#include "engine/mongodb/restored_series.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_value.h"
#include "engine/mongodb/object_names.h"

namespace lifeboat::engine::mongodb {
namespace {

Result<CollectionFacts> read_all(const Location& location, const Collection& series, ReadAs how,
                                 const RunContext& context) {
  auto scan = TRY(CollectionScan::begin(*location.server, location.database, series, how));
  while (!TRY(scan.next()).empty()) TRY(context.check_stop());
  return scan.finish();
}

Failure not_the_recorded(const std::string& name, std::uint64_t wanted, std::uint64_t there) {
  return fail(
      Error(Code::check_failed,
            fmt::format("the time series {} was restored from {} documents, and {} are "
                        "there{}",
                        name, wanted, there, there == wanted ? ", not all of them the same" : ""))
          .with_hint("Let nobody else write into that database while it is restored."));
}

}  // namespace

Result<Json> facts_of_series(const Location& location,
                             const std::map<std::string, std::string>& series, Json recorded,
                             const RunContext& context) {
  if (series.empty()) return recorded;
  const auto there = TRY(read_catalog(location.server->connect(), location.database));
  for (const auto& [name, recorded_name] : series) {
    const auto found = std::ranges::find(there.collections, name, &Collection::name);
    if (found == there.collections.end())
      return fail(Code::io_error, name + " was made and is not there");
    const auto key = escape_name(recorded_name);
    const auto* facts = TRY(member(*TRY(member(recorded, "collections")), key));
    const auto wanted = TRY(recorded_sum(*facts));
    const auto read = TRY(read_all(location, *found, {}, context)).sum;
    if (read != wanted) return not_the_recorded(name, wanted.count, read.count);
    if (found->has_buckets())
      add_facts(recorded["collections"][key],
                TRY(read_all(location, *found, {.stored = true}, context)));
  }
  return recorded;
}

}  // namespace lifeboat::engine::mongodb
