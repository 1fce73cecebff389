#include "config/portable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json_value.h"
#include "config/bind.h"
#include "config/references.h"
#include "config/schema.h"
#include "config/validate.h"

namespace lifeboat::config {
namespace {

constexpr int kPortableVersion = 1;
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kNotifierSecrets{
    {{"url", "URL"}, {"secret", "SECRET"}, {"password", "PASSWORD"}}};

std::string variable_for(const std::string& name, std::string_view what) {
  std::string variable = "LIFEBOAT_";
  for (const char letter : name)
    variable +=
        letter == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return "${" + variable + "_" + std::string(what) + "}";
}

Node* find_value(Node& node, std::string_view key) {
  for (auto& member : node.members)
    if (member.key == key) return &member.value;
  return nullptr;
}

void replace_literal(Node* secret, const std::string& variable) {
  if (secret == nullptr) return;
  const auto written = Template::parse(secret->text);
  if (written && SecretReference::is_literal(*written)) secret->text = variable;
}

// One without a user holds no secret, and helps whoever reads it later.
void replace_literal_uri(Node& place, const std::string& variable) {
  Node* uri = find_value(place, "uri");
  if (uri != nullptr && uri->text.find('@') != std::string::npos) replace_literal(uri, variable);
}

// The URIs of databases.
void replace_literal_uris(Node& service, const std::string& name) {
  if (Node* markers = find_value(service, "markers"))
    replace_literal_uri(*markers, variable_for(name + "_MARKERS", "URI"));
  if (Node* drills = find_value(service, "drills"))
    for (auto& drill : drills->members)
      if (Node* sandbox = find_value(drill.value, "sandbox"))
        replace_literal_uri(*sandbox, variable_for(name + "_" + drill.key + "_SANDBOX", "URI"));
  Node* sources = find_value(service, "sources");
  if (sources == nullptr) return;
  for (auto& source : sources->members)
    replace_literal_uri(source.value, variable_for(name + "_" + source.key, "URI"));
}

void replace_literal_secrets(Node& document) {
  if (Node* services = find_value(document, "services"))
    for (auto& service : services->members) replace_literal_uris(service.value, service.key);
  if (Node* repositories = find_value(document, "repositories"))
    for (auto& repository : repositories->members)
      if (Node* key = find_value(repository.value, "key"))
        replace_literal(find_value(*key, "passphrase"), variable_for(repository.key, "PASSPHRASE"));
  if (Node* notifiers = find_value(document, "notifiers"))
    for (auto& notifier : notifiers->members)
      for (const auto& [key, what] : kNotifierSecrets)
        replace_literal(find_value(notifier.value, key), variable_for(notifier.key, what));
}

Json to_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::scalar:
      return node.text;
    case Node::Kind::list: {
      auto list = Json::array();
      for (const auto& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case Node::Kind::map: {
      auto map = Json::object();
      for (const auto& member : node.members) map[member.key] = to_json(member.value);
      return map;
    }
  }
  return nullptr;
}

Result<Node> from_json(const Json& json, std::size_t level) {
  if (level > kMostLevels) return fail(Code::corrupt, "a configuration nested too deeply");
  Node node;
  if (json.is_string()) {
    node.kind = Node::Kind::scalar;
    node.text = json.get<std::string>();
  } else if (json.is_null()) {
    node.kind = Node::Kind::null;
  } else if (json.is_array()) {
    node.kind = Node::Kind::list;
    for (const auto& item : json) node.items.push_back(TRY(from_json(item, level + 1)));
  } else if (json.is_object()) {
    node.kind = Node::Kind::map;
    for (const auto& [key, value] : json.items())
      node.members.push_back({key, {}, TRY(from_json(value, level + 1))});
  } else {
    return fail(Code::corrupt, "a configuration with a value that is no text");
  }
  return node;
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.front() == '-' || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
           letter == '-' || letter == '/' || letter == '.' || letter == '@';
  });
}

// Words that YAML readers take for something else than a text.
bool is_special_word(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords{"true", "false", "null", "yes",
                                                          "no",   "on",    "off",  "~"};
  return std::any_of(kWords.begin(), kWords.end(), [&](auto word) { return word == text; });
}

std::string scalar_text(const Node& node, const Row* row) {
  if (node.kind == Node::Kind::null) return "null";
  const bool word = row != nullptr && (row->type == Type::flag || row->type == Type::choice);
  if (word || (is_plain(node.text) && !is_special_word(node.text))) return node.text;
  return yaml_quoted(node.text);
}

const Row* row_below(const Row* row, std::string_view key) {
  if (row == nullptr) return nullptr;
  if (row->type == Type::names) return find_row(child_path(*row, "*"));
  if (row->type == Type::list) return find_row(child_path(*row, "[]"));
  return find_row(child_path(*row, key));
}

// A block's keys as the schema lists them; names as they came.
std::vector<const Member*> ordered_members(const Node& node, const Row* row) {
  std::vector<const Member*> members;
  for (const auto& member : node.members) members.push_back(&member);
  if (row == nullptr || row->type == Type::names) return members;
  const auto rank = [&](const Member* member) { return find_row(child_path(*row, member->key)); };
  std::stable_sort(members.begin(), members.end(),
                   [&](const auto* a, const auto* b) { return std::less<>()(rank(a), rank(b)); });
  return members;
}

class YamlText {
 public:
  std::string take() { return std::move(text_); }

  void write(const Node& node, const Row* row, std::size_t indent) {
    for (const auto* member : ordered_members(node, row)) {
      const Row* below = row_below(row, member->key);
      text_ += std::string(indent, ' ') + member->key + ":";
      write_value(member->value, below, indent + 2);
    }
  }

 private:
  void write_value(const Node& node, const Row* row, std::size_t indent) {
    if (node.kind == Node::Kind::map) {
      text_ += "\n";
      write(node, row, indent);
    } else if (node.kind == Node::Kind::list) {
      text_ += node.items.empty() ? " []\n" : "\n";
      for (const auto& item : node.items) write_item(item, row, indent);
    } else {
      text_ += " " + scalar_text(node, row) + "\n";
    }
  }

  void write_item(const Node& item, const Row* row, std::size_t indent) {
    text_ += std::string(indent, ' ') + "-";
    if (item.kind != Node::Kind::map) return write_value(item, row, indent + 2);
    // The first key stands beside the dash.
    const auto begin = text_.size();
    write(item, row_below(row, "[]"), indent + 2);
    text_.replace(begin, indent + 2, " ");
  }

  std::string text_;
};

}  // namespace

std::string escaped(std::string_view text) {
  std::string doubled;
  for (const char letter : text) doubled += letter == '$' ? "$$" : std::string(1, letter);
  return doubled;
}

std::string yaml_quoted(std::string_view text) {
  std::string result = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\')
      result += {'\\', letter};
    else if (letter == '\n')
      result += "\\n";
    else if (static_cast<unsigned char>(letter) < 0x20)
      result += fmt::format("\\x{:02x}", static_cast<unsigned>(letter));
    else
      result += letter;
  }
  return result + "\"";
}

Json portable_json(const Config& config) {
  Node document = config.document;
  replace_literal_secrets(document);
  Json json;
  json["version"] = kPortableVersion;
  json["directory"] = config.directory.string();
  json["document"] = to_json(document);
  return json;
}

Result<Config> from_portable_json(const Json& json) {
  if (TRY(number_at(json, "version")) != kPortableVersion)
    return fail(Code::unsupported_format, "a configuration carried in a newer form");
  const auto directory = TRY(text_at(json, "directory"));
  auto document = TRY(from_json(*TRY(member(json, "document")), 0));
  Problems problems;
  check_against_schema(document, Variables(), problems);
  check_references(document, problems);
  if (problems.has_errors()) return fail(problems.as_error("the carried configuration"));
  auto config = TRY(bind_config(std::move(document), {}));
  config.directory = directory;
  return config;
}

std::string to_yaml(const Config& config) {
  YamlText text;
  text.write(config.document, find_row(""), 0);
  return text.take();
}

}  // namespace lifeboat::config
