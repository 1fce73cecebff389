#include "repository/collected.h"

#include "repository/collect_object.h"
#include "repository/fields.h"
#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

constexpr std::string_view kKind = "collected";

std::string key_of(const Statement& said) { return "statements/collected/" + said.id; }

}  // namespace

Result<Collected> read_collected(const Store& store) {
  auto list = TRY(load_statements(store, std::string(kKind)));
  Collected collected;
  collected.findings = std::move(list.findings);
  const Statement* last = nullptr;
  for (const auto& said : list.statements) {
    const auto number = TRY(count_at(said.body, "number"));
    const bool newer = last == nullptr || number > collected.last;
    const auto* earlier = newer ? last : &said;
    if (earlier != nullptr) collected.earlier.push_back(key_of(*earlier));
    if (!newer) continue;
    collected.last = number;
    last = &said;
  }
  if (last != nullptr) collected.sparse = TRY(segments_at(last->body, "sparse"));
  return collected;
}

Result<void> end_collection(const Store& store, std::uint64_t number, const SegmentSet& sparse,
                            const RunContext& context) {
  const Json body{{"number", number}, {"sparse", segments_json(sparse)}};
  TRY(store_statement(store, std::string(kKind), body, context));
  for (const auto& key : TRY(read_collected(store)).earlier) {
    const auto removed = store.backend->remove(key);
    if (!removed) context.log.warning(key + " stays: " + removed.error().describe());
  }
  return {};
}

}  // namespace lifeboat::repository
