#include <algorithm>
#include <functional>

#include "engine/mongodb/bson_layout.h"
#include "engine/mongodb/test_stand_in_model.h"

namespace lifeboat::engine::mongodb::testing {
namespace {

using Condition = bool (*)(const std::optional<Element>& value, const Element& wanted);

bool equals(const std::optional<Element>& value, const Element& wanted) {
  if (!value) return wanted.holds(BsonType::null);
  return compare_values(*value, wanted) == std::strong_ordering::equal;
}

template <class Compare>
bool in_order(const std::optional<Element>& value, const Element& wanted) {
  const auto order = value ? compare_values(*value, wanted) : std::nullopt;
  return order && Compare()(static_cast<int>(*order < 0 ? -1 : *order > 0), 0);
}

bool is_one_of(const std::optional<Element>& value, const Element& wanted) {
  for (const auto& each : wanted.inside())
    if (equals(value, each)) return true;
  return false;
}

const std::map<std::string_view, Condition> kConditions{
    {"$eq", equals},
    {"$ne", [](const auto& value, const auto& wanted) { return !equals(value, wanted); }},
    {"$gt", in_order<std::greater<>>},
    {"$gte", in_order<std::greater_equal<>>},
    {"$lt", in_order<std::less<>>},
    {"$lte", in_order<std::less_equal<>>},
    {"$in", is_one_of},
    {"$nin", [](const auto& value, const auto& wanted) { return !is_one_of(value, wanted); }},
    {"$exists",
     [](const auto& value, const auto& wanted) { return value.has_value() == wanted.is_true(); }},
};

bool holds_condition(const std::optional<Element>& value, const Element& wanted) {
  const auto operators = wanted.inside();
  if (!wanted.holds(BsonType::document) || operators.empty() ||
      !operators.begin()->key.starts_with('$'))
    return equals(value, wanted);
  for (const auto& each : operators) {
    const auto known = kConditions.find(each.key);
    if (known == kConditions.end())
      throw Refusal{2, "BadValue", "unknown operator: " + std::string(each.key)};
    if (!known->second(value, each)) return false;
  }
  return true;
}

std::size_t matching(DocumentView document, const Element& filters) {
  std::size_t count = 0;
  for (const auto& each : filters.inside()) count += matches(document, each.inside()) ? 1 : 0;
  return count;
}

std::size_t count_of(const Element& list) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : list.inside()) ++count;
  return count;
}

}  // namespace

std::optional<std::strong_ordering> compare_values(const Element& left, const Element& right) {
  const auto one = left.number();
  const auto other = right.number();
  if (one && other) {
    if (*one == *other) return std::strong_ordering::equal;
    return *one < *other ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (left.type != right.type) return std::nullopt;
  if (const auto moment = left.timestamp()) return *moment <=> *right.timestamp();
  if (left.holds(BsonType::date))
    return static_cast<std::int64_t>(little_endian_64(left.value)) <=>
           static_cast<std::int64_t>(little_endian_64(right.value));
  if (const auto text = left.text()) return *text <=> *right.text();
  return std::lexicographical_compare_three_way(left.value.begin(), left.value.end(),
                                                right.value.begin(), right.value.end());
}

std::optional<Element> value_at(DocumentView document, std::string_view path) {
  const auto dot = std::min(path.find('.'), path.size());
  const auto element = document.find(path.substr(0, dot));
  if (!element || dot == path.size()) return element;
  return value_at(element->inside(), path.substr(dot + 1));
}

bool matches(DocumentView document, DocumentView filter) {
  for (const auto& each : filter) {
    bool holds = false;
    if (each.key == "$and")
      holds = matching(document, each) == count_of(each);
    else if (each.key == "$or")
      holds = matching(document, each) > 0;
    else if (each.key == "$nor")
      holds = matching(document, each) == 0;
    else if (each.key.starts_with('$'))
      throw Refusal{2, "BadValue", "unknown top level operator: " + std::string(each.key)};
    else
      holds = holds_condition(value_at(document, each.key), each);
    if (!holds) return false;
  }
  return true;
}

// [{$match: …}, {$count: name}] and nothing else.
DocumentBuilder StandInModel::aggregate(const Request& request) {
  std::vector<Bytes> stages;
  if (const auto pipeline = request.command.find("pipeline"))
    for (const auto& each : pipeline->inside()) stages.push_back(to_bytes(each.inside().bytes()));
  const auto filter =
      stages.size() == 2 ? view_document(stages[0]).document_at("$match") : std::nullopt;
  const auto name = stages.size() == 2 ? view_document(stages[1]).text_at("$count") : std::nullopt;
  if (!filter || !name) throw Refusal{40324, "Location40324", "unrecognized pipeline"};
  std::int32_t number = 0;
  for (const auto& each : documents_in(request.database, request.collection))
    number += matches(view_document(each), *filter) ? 1 : 0;
  if (number == 0) return give(request, {});
  return give(request, {DocumentBuilder().int32(*name, number).take()});
}

}  // namespace lifeboat::engine::mongodb::testing
