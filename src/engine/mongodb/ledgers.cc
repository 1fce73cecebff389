#include "engine/mongodb/ledgers.h"

#include <algorithm>
#include <array>

#include "base/json_value.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kMostListed = 100'000;

// What a tool keeps for each migration, by databases.md D.5; a field that is empty it does not
// have.
struct LedgerRule {
  std::string_view tool;
  std::string_view collection;
  std::string_view name;
  std::string_view order;
  std::string_view checksum = {};
  std::string_view state = {};  // where it is there and has another value than these, it failed
  std::array<std::string_view, 2> good = {};
  std::string_view lock = {};             // a document of this name is the lock
  std::string_view lock_collection = {};  // or one in this collection,
  std::string_view lock_state = {};       // with this status
};

// clang-format off
constexpr LedgerRule kLedgerRules[] = {
    {.tool = "davepi", .collection = "_migrations", .name = "name", .order = "name",
     .state = "status", .good = {"succeeded"}, .lock = "__lock"},
    {.tool = "migrate-mongo", .collection = "changelog", .name = "fileName", .order = "appliedAt",
     .checksum = "fileHash", .lock_collection = "changelog_lock"},
    {.tool = "golang-migrate", .collection = "schema_migrations", .name = "version",
     .order = "version", .state = "dirty", .good = {"false"},
     .lock_collection = "migrate_advisory_lock"},
    {.tool = "mongock", .collection = "mongockChangeLog", .name = "changeId", .order = "timestamp",
     .state = "state", .good = {"EXECUTED", "IGNORED"}, .lock_collection = "mongockLock",
     .lock_state = "LOCK_HELD"},
};
// clang-format on

std::string ledger_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : canonical_json(value);
}

std::string field_of(DocumentView document, std::string_view field) {
  const auto element = field.empty() ? std::nullopt : document.find(field);
  return element ? ledger_text(json_of(*element)) : std::string();
}

bool has_failed(const LedgerRule& rule, DocumentView document) {
  const auto state = field_of(document, rule.state);
  return !state.empty() && std::ranges::find(rule.good, state) == rule.good.end();
}

void add(const LedgerRule& rule, DocumentView document, Ledger& ledger) {
  auto name = field_of(document, rule.name);
  if (!rule.lock.empty() && name == rule.lock)
    ledger.locked = true;
  else if (has_failed(rule, document))
    ledger.failed.push_back(std::move(name));
  else
    ledger.applied.push_back({std::move(name), field_of(document, rule.checksum)});
}

Result<bool> is_locked(const Asked& asked, const LedgerRule& rule, const RunContext& context) {
  if (rule.lock_collection.empty()) return false;
  bool locked = false;
  const auto look = [&](DocumentView document) -> Result<bool> {
    locked = rule.lock_state.empty() || field_of(document, "status") == rule.lock_state;
    return !locked;
  };
  const auto command = DocumentBuilder().text("find", rule.lock_collection).take();
  TRY(each_document(asked, command, look, context));
  return locked;
}

Result<Ledger> read_ledger(const Asked& asked, const LedgerRule& rule, const RunContext& context) {
  Ledger ledger;
  ledger.table = std::string(rule.collection);
  ledger.tool = std::string(rule.tool);
  const auto visit = [&](DocumentView document) -> Result<bool> {
    add(rule, document, ledger);
    if (ledger.applied.size() + ledger.failed.size() <= kMostListed) return true;
    return fail(Code::check_failed, "it lists more than " + std::to_string(kMostListed));
  };
  const auto command = DocumentBuilder()
                           .text("find", rule.collection)
                           .document("sort", DocumentBuilder().int32(rule.order, 1).take())
                           .take();
  TRY(each_document(asked, command, visit, context));
  ledger.locked = ledger.locked || TRY(is_locked(asked, rule, context));
  return ledger;
}

bool holds(const Catalog& catalog, std::string_view collection) {
  return std::ranges::any_of(catalog.collections,
                             [&](const auto& each) { return each.name == collection; });
}

// An application may have a collection of that name for something else.
Result<bool> is_ledger(const Asked& asked, const LedgerRule& rule, const RunContext& context) {
  bool fits = true;
  const auto look = [&](DocumentView document) -> Result<bool> {
    fits = document.find(rule.name).has_value();
    return false;
  };
  const auto command = DocumentBuilder().text("find", rule.collection).int32("limit", 1).take();
  TRY(each_document(asked, command, look, context));
  return fits;
}

}  // namespace

std::string first_ledger(const Catalog& catalog) {
  const auto* found = std::ranges::find_if(
      kLedgerRules, [&](const auto& rule) { return holds(catalog, rule.collection); });
  return found == std::end(kLedgerRules) ? std::string() : std::string(found->collection);
}

Result<std::vector<Ledger>> list_ledgers(const Asked& asked, const Catalog& catalog,
                                         const RunContext& context) {
  std::vector<Ledger> ledgers;
  for (const auto& rule : kLedgerRules)
    if (holds(catalog, rule.collection) && TRY(is_ledger(asked, rule, context)))
      ledgers.push_back(TRY_CONTEXT("the ledger " + std::string(rule.collection),
                                    read_ledger(asked, rule, context)));
  return ledgers;
}

}  // namespace lifeboat::engine::mongodb
