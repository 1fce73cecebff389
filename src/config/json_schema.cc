#include "base/json_value.h"
#include "config/generate.h"
#include "config/schema.h"

namespace lifeboat::config {
namespace {

constexpr const char* kNamePattern = "^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$";

Json schema_of(const Row& row);

// YAML writes some texts as numbers and flags: "10" and 10 are the same here.
Json scalar_schema(const Row& row) {
  const auto& info = info_of(row.type);
  Json json;
  if (row.type == Type::flag) {
    json["type"] = "boolean";
  } else if (row.type == Type::choice || row.type == Type::choice_list) {
    auto choices = Json::array();
    for (const auto choice : split_choices(row.choices)) {
      choices.push_back(std::string(choice));
      if (choice == "1") choices.push_back(1);
    }
    json["enum"] = choices;
  } else {
    json["type"] = Json::array({"string", "number"});
    if (!info.pattern.empty()) json["pattern"] = std::string(info.pattern);
  }
  return json;
}

// Keys that only some kinds of source have are forbidden for the others, and needed only there.
void add_kind_rules(const Row& row, Json& json) {
  const Row* kind = find_row(child_path(row, "type"));
  if (kind == nullptr || kind->type != Type::choice) return;
  auto rules = Json::array();
  for (const auto choice : split_choices(kind->choices)) {
    auto forbidden = Json::object();
    for (const auto* child : children_of(row))
      if (!is_for(*child, choice)) forbidden[std::string(child->key())] = false;
    auto needed = Json::array();
    for (const auto* child : children_of(row))
      if (child->required && !child->only_for.empty() && is_for(*child, choice))
        needed.push_back(std::string(child->key()));
    if (forbidden.empty() && needed.empty()) continue;
    Json rule;
    rule["if"]["properties"]["type"]["const"] = std::string(choice);
    rule["if"]["required"] = Json::array({"type"});
    rule["then"]["properties"] = forbidden;
    if (!needed.empty()) rule["then"]["required"] = needed;
    rules.push_back(rule);
  }
  if (!rules.empty()) json["allOf"] = rules;
}

Json block_schema(const Row& row) {
  Json json;
  json["type"] = "object";
  json["additionalProperties"] = false;
  auto required = Json::array();
  for (const auto* child : children_of(row)) {
    if (child->type == Type::planned) continue;
    json["properties"][std::string(child->key())] = schema_of(*child);
    if (child->required && child->only_for.empty()) required.push_back(std::string(child->key()));
  }
  if (row.type == Type::one_of) json["minProperties"] = json["maxProperties"] = 1;
  if (!required.empty()) json["required"] = required;
  add_kind_rules(row, json);
  return json;
}

Json names_schema(const Row& row) {
  Json json;
  json["type"] = "object";
  json["propertyNames"]["pattern"] = kNamePattern;
  json["additionalProperties"] = schema_of(*find_row(child_path(row, "*")));
  if (row.required) json["minProperties"] = 1;
  return json;
}

Json list_schema(const Row& row, Json items) {
  Json json;
  json["type"] = "array";
  json["items"] = std::move(items);
  if (row.required) json["minItems"] = 1;
  return json;
}

Json shape_of(const Row& row) {
  switch (row.type) {
    case Type::block:
    case Type::one_of:
      return block_schema(row);
    case Type::names:
      return names_schema(row);
    case Type::list:
      return list_schema(row, schema_of(*find_row(child_path(row, "[]"))));
    case Type::name_list:
      return list_schema(row, {{"type", "string"}, {"pattern", kNamePattern}});
    case Type::text_list:
      return list_schema(row, {{"type", "string"}});
    case Type::choice_list:
      return list_schema(row, scalar_schema(row));
    case Type::json:
      return Json::object();
    default:
      return scalar_schema(row);
  }
}

Json schema_of(const Row& row) {
  auto json = shape_of(row);
  json["description"] = std::string(row.about);
  if (!row.fallback.empty())
    json["description"] = std::string(row.about) + " Default: " + std::string(row.fallback) + ".";
  return json;
}

}  // namespace

std::string json_schema() {
  auto json = schema_of(*find_row(""));
  json["$schema"] = "http://json-schema.org/draft-07/schema#";
  json["title"] = "lifeboat.yaml";
  json["description"] = "The configuration of Lifeboat.";
  return pretty_json(json) + "\n";
}

}  // namespace lifeboat::config
