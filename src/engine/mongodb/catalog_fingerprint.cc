#include "engine/mongodb/catalog_fingerprint.h"

#include <algorithm>
#include <map>

#include "engine/mongodb/document_digest.h"

namespace lifeboat::engine::mongodb {
namespace {

enum class Rule : std::uint8_t {
  verbatim,
  dropped,
  flag,  // false is the default
  number,
  number_fields,  // a document of numbers whose order counts: a key
  named_numbers,  // one whose order does not: weights
  not_empty,      // {} is the default
  enabled,        // {enabled: false} is the default
  collation,
  time_series,
  clustered,
};

// `standard` is the text that a server takes when nothing is said.
struct FieldRule {
  Rule rule = Rule::verbatim;
  std::string_view standard = {};
};

using FieldRules = std::map<std::string_view, FieldRule>;

const FieldRules kOptionRules{
    {"autoIndexId", {Rule::dropped}},
    {"recordIdsReplicated", {Rule::dropped}},
    {"temp", {Rule::dropped}},
    {"flags", {Rule::dropped}},
    {"capped", {Rule::flag}},
    {"size", {Rule::number}},
    {"max", {Rule::number}},
    {"expireAfterSeconds", {Rule::number}},
    {"validator", {Rule::not_empty}},
    {"validationLevel", {Rule::verbatim, "strict"}},
    {"validationAction", {Rule::verbatim, "error"}},
    {"collation", {Rule::collation}},
    {"storageEngine", {Rule::not_empty}},
    {"indexOptionDefaults", {Rule::not_empty}},
    {"changeStreamPreAndPostImages", {Rule::enabled}},
    {"timeseries", {Rule::time_series}},
    {"clusteredIndex", {Rule::clustered}},
};

const FieldRules kIndexRules{
    {"v", {Rule::dropped}},
    {"ns", {Rule::dropped}},
    {"background", {Rule::dropped}},
    {"key", {Rule::number_fields}},
    {"unique", {Rule::flag}},
    {"sparse", {Rule::flag}},
    {"hidden", {Rule::flag}},
    {"clustered", {Rule::flag}},
    {"prepareUnique", {Rule::flag}},
    {"expireAfterSeconds", {Rule::number}},
    {"weights", {Rule::named_numbers}},
    {"default_language", {Rule::verbatim, "english"}},
    {"language_override", {Rule::verbatim, "language"}},
    {"textIndexVersion", {Rule::number}},
    {"2dsphereIndexVersion", {Rule::number}},
    {"bits", {Rule::number}},
    {"min", {Rule::number}},
    {"max", {Rule::number}},
    {"bucketSize", {Rule::number}},
    {"collation", {Rule::collation}},
    {"storageEngine", {Rule::not_empty}},
};

// A granularity implies both spans; later servers list them, earlier ones do not.
const FieldRules kTimeSeriesRules{
    {"bucketMaxSpanSeconds", {Rule::number}},
    {"bucketRoundingSeconds", {Rule::number}},
};
const FieldRules kGranularityRules{
    {"bucketMaxSpanSeconds", {Rule::dropped}},
    {"bucketRoundingSeconds", {Rule::dropped}},
};

// The version is that of the server's ICU library.
const FieldRules kCollationRules{{"version", {Rule::dropped}}, {"strength", {Rule::number}}};

void put_number(DocumentBuilder& to, const Element& element) {
  if (const auto integer = element.integer())
    to.int64(element.key, *integer);
  else
    to.element(element);
}

Bytes with_numbers(DocumentView document) {
  DocumentBuilder builder;
  for (const auto& element : document) put_number(builder, element);
  return builder.take();
}

Bytes sorted_numbers(DocumentView document) {
  DocumentBuilder builder;
  for (const auto& element : fields_by_name(document)) put_number(builder, element);
  return builder.take();
}

Bytes with_rules(DocumentView document, const FieldRules& rules);

void put_collation(DocumentBuilder& to, const Element& element) {
  const auto collation = *element.document();
  if (collation.text_at("locale") != "simple")
    to.document(element.key, with_rules(collation, kCollationRules));
}

void put_document(DocumentBuilder& to, const Element& element, Rule rule) {
  const auto inner = *element.document();
  switch (rule) {
    case Rule::number_fields:
      to.document(element.key, with_numbers(inner));
      return;
    case Rule::named_numbers:
      to.document(element.key, sorted_numbers(inner));
      return;
    case Rule::not_empty:
      if (!inner.empty()) to.element(element);
      return;
    case Rule::enabled:
      if (inner.is_true_at("enabled")) to.element(element);
      return;
    case Rule::collation:
      return put_collation(to, element);
    case Rule::time_series:
      to.document(element.key, with_rules(inner, inner.find("granularity") ? kGranularityRules
                                                                           : kTimeSeriesRules));
      return;
    case Rule::clustered:
      to.document(element.key, with_rules(inner, kIndexRules));
      return;
    default:
      to.element(element);
  }
}

void put_field(DocumentBuilder& to, const Element& element, const FieldRule& rule) {
  if (rule.rule == Rule::dropped) return;
  if (!rule.standard.empty() && element.text() == rule.standard) return;
  if (rule.rule == Rule::flag) {
    if (element.is_true()) to.boolean(element.key, true);
    return;
  }
  if (rule.rule == Rule::number) return put_number(to, element);
  if (element.document()) return put_document(to, element, rule.rule);
  to.element(element);
}

Bytes with_rules(DocumentView document, const FieldRules& rules) {
  DocumentBuilder builder;
  for (const auto& element : fields_by_name(document)) {
    const auto found = rules.find(element.key);
    put_field(builder, element, found == rules.end() ? FieldRule() : found->second);
  }
  return builder.take();
}

std::string index_name(const Bytes& index) {
  return std::string(view_document(index).text_at("name").value_or(""));
}

std::map<std::string, Bytes> normalised_indexes(const Collection& collection) {
  std::map<std::string, Bytes> indexes;
  for (const auto& index : collection.indexes)
    indexes[index_name(index)] = with_rules(view_document(index), kIndexRules);
  return indexes;
}

std::string_view kind_text(CollectionKind kind) {
  if (kind == CollectionKind::view) return "view";
  return kind == CollectionKind::time_series ? "timeseries" : "collection";
}

std::map<std::string, const Collection*> collections_by_name(const Catalog& catalog) {
  std::map<std::string, const Collection*> by_name;
  for (const auto& each : catalog.collections) by_name[each.name] = &each;
  return by_name;
}

using Changes = std::vector<CatalogChange>;

// Two maps by name: tells what is in one only, and gives pairs to `compare`.
template <class Map, class Compare>
void compare_by_name(const Map& before, const Map& after, Compare compare) {
  for (const auto& [name, each] : before) {
    const auto found = after.find(name);
    compare(name, &each, found == after.end() ? nullptr : &found->second);
  }
  for (const auto& [name, each] : after)
    if (!before.contains(name)) compare(name, nullptr, &each);
}

void compare_indexes(const Collection& before, const Collection& after, Changes& changes) {
  compare_by_name(
      normalised_indexes(before), normalised_indexes(after),
      [&](const std::string& name, const Bytes* old, const Bytes* now) {
        if (old != nullptr && now != nullptr && *old == *now) return;
        const auto* change = old == nullptr ? "appeared" : now == nullptr ? "vanished" : "changed";
        changes.push_back({before.name + ", index " + name, change});
      });
}

void compare_collections(const Collection& before, const Collection& after, Changes& changes) {
  const auto same = [](ByteView left, ByteView right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
  };
  if (!same(before.uuid(), after.uuid())) {
    changes.push_back({before.name, "was made anew"});
    return;
  }
  if (before.kind != after.kind ||
      with_rules(before.options(), kOptionRules) != with_rules(after.options(), kOptionRules))
    changes.push_back({before.name, "changed"});
  compare_indexes(before, after, changes);
}

}  // namespace

Bytes normalised(const Collection& collection) {
  ArrayBuilder indexes;
  for (const auto& [name, index] : normalised_indexes(collection)) indexes.document(index);
  DocumentBuilder builder;
  builder.text("type", kind_text(collection.kind));
  builder.document("options", with_rules(collection.options(), kOptionRules));
  return builder.array("indexes", indexes.take()).take();
}

crypto::Digest fingerprint_of(const Collection& collection) {
  return crypto::sha256(normalised(collection));
}

crypto::Digest fingerprint_of(const Catalog& catalog) {
  ByteWriter writer;
  for (const auto& [name, collection] : collections_by_name(catalog))
    writer.sized(name).raw(fingerprint_of(*collection).view());
  return crypto::sha256(writer.bytes());
}

std::vector<CatalogChange> differences(const Catalog& before, const Catalog& after) {
  Changes changes;
  using Pointer = const Collection*;
  compare_by_name(collections_by_name(before), collections_by_name(after),
                  [&](const std::string& name, const Pointer* old, const Pointer* now) {
                    if (old == nullptr)
                      changes.push_back({name, "appeared"});
                    else if (now == nullptr)
                      changes.push_back({name, "vanished"});
                    else
                      compare_collections(**old, **now, changes);
                  });
  return changes;
}

}  // namespace lifeboat::engine::mongodb
