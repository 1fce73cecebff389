#include "engine/mongodb/recreate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kExpiry = "expireAfterSeconds";
constexpr std::int32_t kHeldOff = std::numeric_limits<std::int32_t>::max();

const std::set<std::string_view> kOptionsNotToldAgain{"autoIndexId", "recordIdsReplicated", "temp",
                                                      kExpiry};
const std::set<std::string_view> kValidatorOptions{"validator", "validationLevel",
                                                   "validationAction"};
const std::set<std::string_view> kFieldsNotToldAgain{"v", "ns", "background"};

bool expires_after_nan(DocumentView document) {
  const auto expiry = document.find(kExpiry);
  return expiry && std::isnan(expiry->number().value_or(0));
}

Failure refuse_nan(const std::string& object) {
  return fail(Error(Code::refused, object + ": documents expire after NaN seconds, which some "
                                            "servers take for 0 and delete all of them")
                  .with_hint("set expireAfterSeconds of this index at the source, or leave the "
                             "collection out"));
}

bool is_simple(std::optional<DocumentView> collation) {
  return !collation || collation->text_at("locale") == "simple";
}

bool is_made_by_itself(DocumentView index) {
  return index.is_true_at("clustered") || is_keyed_by_id(index);
}

// v:1 indexes know no collation, yet some servers list the simple one for them.
bool is_told_again(const Element& field, DocumentView index) {
  if (kFieldsNotToldAgain.contains(field.key)) return false;
  const auto version = index.find("v");
  const bool first_version = version && version->integer() == 1;
  return field.key != "collation" || !first_version || !is_simple(field.document());
}

Bytes index_spec(DocumentView index, bool collection_has_collation) {
  DocumentBuilder builder;
  for (const auto& field : index) {
    if (field.key == kExpiry)
      builder.int32(kExpiry, kHeldOff);
    else if (is_told_again(field, index))
      builder.element(field);
  }
  if (collection_has_collation && !index.find("collation"))
    builder.document("collation", DocumentBuilder().text("locale", "simple").take());
  return builder.take();
}

Bytes index_expiry_command(const Collection& collection, std::string_view name,
                           const Element& expiry) {
  DocumentBuilder index;
  index.text("name", name).element(expiry);
  DocumentBuilder command;
  return command.text("collMod", collection.name).document("index", index.take()).take();
}

Result<IndexPlan> plan_index(const Collection& collection, DocumentView index) {
  IndexPlan plan;
  plan.name = *index.text_at("name");
  if (expires_after_nan(index))
    return refuse_nan(fmt::format("{}, index {}", collection.name, plan.name));
  plan.spec = index_spec(index, !is_simple(collection.options().document_at("collation")));
  if (const auto expiry = index.find(kExpiry))
    plan.set_expiry = index_expiry_command(collection, plan.name, *expiry);
  return plan;
}

// Depth first, iterative in the one direction there is: a view is on one thing.
class ViewOrder {
 public:
  explicit ViewOrder(const Catalog& catalog) {
    for (const auto& each : catalog.collections)
      if (each.kind == CollectionKind::view) views_[each.name] = &each;
  }

  Result<std::vector<const Collection*>> run() {
    for (const auto& [name, view] : views_) TRY(add(view));
    return std::move(ordered_);
  }

 private:
  Result<void> add(const Collection* view) {
    std::vector<const Collection*> chain;
    std::set<std::string> in_chain;
    while (view != nullptr && !done_.contains(view->name)) {
      if (!in_chain.insert(view->name).second)
        return fail(Code::corrupt, view->name + ": the view is on itself, by way of others");
      chain.push_back(view);
      view = below(*view);
    }
    for (auto each = chain.rbegin(); each != chain.rend(); ++each) {
      done_.insert((*each)->name);
      ordered_.push_back(*each);
    }
    return {};
  }

  const Collection* below(const Collection& view) const {
    const auto found = views_.find(std::string(view.options().text_at("viewOn").value_or("")));
    return found == views_.end() ? nullptr : found->second;
  }

  std::map<std::string, const Collection*> views_;
  std::set<std::string> done_;
  std::vector<const Collection*> ordered_;
};

void add_expiry_finding(const std::string& object, DocumentView document,
                        std::vector<Finding>& findings) {
  const auto expiry = document.find(kExpiry);
  if (expiry && expiry->number() == 0)
    findings.push_back({"expires-at-once", object,
                        "documents expire 0 seconds after their time: a restored server begins to "
                        "delete them as soon as it may"});
}

// Without a validator the level and the action that a server takes by itself say nothing; some
// servers refuse all three, whatever they say.
bool says_nothing(const Element& option, bool has_validator) {
  if (has_validator) return false;
  return option.key == "validator" ||
         (option.key == "validationLevel" && option.text() == "strict") ||
         (option.key == "validationAction" && option.text() == "error");
}

}  // namespace

bool is_held_off(DocumentView index) {
  const auto expiry = index.find(kExpiry);
  return expiry && expiry->number() == kHeldOff;
}

bool is_validator_option(std::string_view name) { return kValidatorOptions.contains(name); }

Bytes without_validator(DocumentView command) {
  DocumentBuilder rest;
  for (const auto& field : command)
    if (!is_validator_option(field.key)) rest.element(field);
  return rest.take();
}

Result<Bytes> create_command(const Collection& collection, Validators validators) {
  const auto options = collection.options();
  const bool has_validator = validator_command(collection).has_value();
  const bool without = validators == Validators::set_aside && has_validator;
  if (expires_after_nan(options)) return refuse_nan(collection.name);
  DocumentBuilder command;
  command.text("create", collection.name);
  for (const auto& option : options) {
    const bool aside =
        (without && is_validator_option(option.key)) || says_nothing(option, has_validator);
    if (!aside && !kOptionsNotToldAgain.contains(option.key)) command.element(option);
  }
  return command.take();
}

std::optional<Bytes> validator_command(const Collection& collection) {
  const auto options = collection.options();
  const auto validator = options.document_at("validator");
  if (!validator || validator->empty()) return std::nullopt;
  DocumentBuilder command;
  command.text("collMod", collection.name);
  for (const auto& option : options)
    if (is_validator_option(option.key)) command.element(option);
  return command.take();
}

Bytes without_own_indexes_command(const Collection& series) {
  return DocumentBuilder().text("dropIndexes", series.name).text("index", "*").take();
}

std::optional<Bytes> expiry_command(const Collection& collection) {
  const auto expiry = collection.options().find(kExpiry);
  if (!expiry) return std::nullopt;
  DocumentBuilder command;
  return command.text("collMod", collection.name).element(*expiry).take();
}

Result<std::vector<IndexPlan>> index_plans(const Collection& collection) {
  std::vector<IndexPlan> plans;
  for (const auto& each : collection.indexes) {
    const auto index = view_document(each);
    if (!is_made_by_itself(index)) plans.push_back(TRY(plan_index(collection, index)));
  }
  return plans;
}

Result<std::vector<const Collection*>> views_in_order(const Catalog& catalog) {
  return ViewOrder(catalog).run();
}

std::vector<Finding> expiry_findings(const Catalog& catalog) {
  std::vector<Finding> findings;
  for (const auto& collection : catalog.collections) {
    const auto object = catalog.database + "." + collection.name;
    add_expiry_finding(object, collection.options(), findings);
    for (const auto& each : collection.indexes) {
      const auto index = view_document(each);
      const auto name = index.text_at("name").value_or("");
      add_expiry_finding(fmt::format("{}, index {}", object, name), index, findings);
    }
  }
  return findings;
}

}  // namespace lifeboat::engine::mongodb
