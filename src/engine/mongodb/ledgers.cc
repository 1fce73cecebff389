#include "engine/mongodb/ledgers.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>

#include "base/json_value.h"
#include "engine/mongodb/object_names.h"
#include "engine/mongodb/utf8.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kMostListed = 100'000;
constexpr std::size_t kMostFailedNamed = 100;
constexpr std::size_t kLongestNamed = 200;

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

bool is_lock(const LedgerRule& rule, DocumentView document) {
  return rule.lock_state.empty() || field_of(document, "status") == rule.lock_state;
}

Result<bool> is_locked(const Asked& asked, const LedgerRule& rule, const RunContext& context) {
  if (rule.lock_collection.empty()) return false;
  bool locked = false;
  const auto look = [&](DocumentView document) -> Result<bool> {
    locked = is_lock(rule, document);
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

bool holds(const Catalog& catalog, std::string_view collection,
           std::optional<CollectionKind> kind = {}) {
  return std::ranges::any_of(catalog.collections, [&](const auto& each) {
    return each.name == collection && (!kind || each.kind == *kind);
  });
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

class LedgerFacts::Notes {
 public:
  explicit Notes(const Catalog& catalog) {
    for (std::size_t i = 0; i < std::size(kLedgerRules); ++i)
      if (holds(catalog, kLedgerRules[i].collection, CollectionKind::collection))
        ledgers_[std::string(kLedgerRules[i].collection)].rule = i;
  }

  static Watch watch(const std::shared_ptr<Notes>& notes, const std::string& collection) {
    if (const auto own = notes->ledgers_.find(collection); own != notes->ledgers_.end())
      return [notes, &ledger = own->second](DocumentView document) -> Result<void> {
        const std::scoped_lock lock(notes->mutex_);
        see(kLedgerRules[ledger.rule], document, ledger);
        return {};
      };
    for (auto& [name, ledger] : notes->ledgers_)
      if (kLedgerRules[ledger.rule].lock_collection == collection)
        return [notes, &ledger](DocumentView document) -> Result<void> {
          const std::scoped_lock lock(notes->mutex_);
          ledger.locked = ledger.locked || is_lock(kLedgerRules[ledger.rule], document);
          return {};
        };
    return {};
  }

  Json facts() {
    const std::scoped_lock lock(mutex_);
    Json all = Json::object();
    for (const auto& [name, ledger] : ledgers_)
      if (!ledger.is_other) all[escape_name(name)] = facts_of(ledger);
    return all;
  }

 private:
  struct Noticed {
    std::size_t rule = 0;
    std::uint64_t applied = 0;
    std::pair<Json, Json> last;    // by the tool's order, then by name
    std::set<std::string> failed;  // the first of them by name
    bool locked = false;
    bool is_other = false;  // than a ledger
  };

  static void see(const LedgerRule& rule, DocumentView document, Noticed& ledger) {
    const auto name = first_characters(field_of(document, rule.name), kLongestNamed);
    ledger.is_other = ledger.is_other || !document.find(rule.name);
    if (!rule.lock.empty() && name == rule.lock) {
      ledger.locked = true;
    } else if (has_failed(rule, document)) {
      ledger.failed.insert(name);
      if (ledger.failed.size() > kMostFailedNamed)
        ledger.failed.erase(std::prev(ledger.failed.end()));
    } else {
      ++ledger.applied;
      const auto order = document.find(rule.order);
      std::pair<Json, Json> now(order ? json_of(*order) : Json(), name);
      if (ledger.last < now) ledger.last = std::move(now);
    }
  }

  static Json facts_of(const Noticed& ledger) {
    return {{"tool", kLedgerRules[ledger.rule].tool},
            {"applied", ledger.applied},
            {"last", ledger.last.second},
            {"failed", ledger.failed},
            {"dirty", !ledger.failed.empty()},
            {"locked", ledger.locked}};
  }

  std::mutex mutex_;  // a ledger and its lock are read at the same time
  std::map<std::string, Noticed> ledgers_;
};

LedgerFacts::LedgerFacts(const Catalog& catalog) : notes_(std::make_shared<Notes>(catalog)) {}

Watch LedgerFacts::watch(const std::string& collection) const {
  return Notes::watch(notes_, collection);
}

Json LedgerFacts::finish() const { return notes_->facts(); }

bool is_ledger_name(std::string_view collection) {
  return std::ranges::find(kLedgerRules, collection, &LedgerRule::collection) !=
         std::end(kLedgerRules);
}

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
