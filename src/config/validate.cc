#include "config/validate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "config/schema.h"
#include "config/secret_reference.h"
#include "config/values.h"

namespace lifeboat::config {
namespace {

class SchemaWalk {
 public:
  SchemaWalk(const Variables& variables, Problems& problems)
      : variables_(variables), problems_(problems) {}

  void check(const Node& node, const Row& row) {
    switch (row.type) {
      case Type::block:
      case Type::one_of:
        return check_block(node, row);
      case Type::names:
        return check_names(node, row);
      case Type::list:
        return check_list(node, row);
      case Type::name_list:
      case Type::text_list:
      case Type::choice_list:
        return check_scalars(node, row);
      case Type::json:
        return check_json(node, row);
      default:
        return check_scalar(node, row);
    }
  }

 private:
  bool expect_kind(const Node& node, const Row& row, Node::Kind kind) {
    if (node.kind == kind) return true;
    const auto subject = row.path.empty() ? "the file" : fmt::format("\"{}\"", row.key());
    problems_.error(node.mark,
                    fmt::format("{} must be {}, not {}", subject,
                                kind == Node::Kind::scalar ? std::string(info_of(row.type).form)
                                                           : std::string(describe(kind)),
                                describe(node.kind)),
                    node.kind == Node::Kind::null ? "fill it in or remove it" : "");
    return false;
  }

  void check_block(const Node& node, const Row& row) {
    if (!expect_kind(node, row, Node::Kind::map)) return;
    if (skips_unknown_kind(node, row)) return;
    for (const auto& member : node.members) check_member(node, row, member);
    if (row.type == Type::one_of && node.members.size() != 1)
      problems_.error(node.mark, fmt::format("exactly one of {} is needed here", known_keys(row)));
    if (row.type == Type::one_of) return;
    for (const auto* child : children_of(row))
      if (child->required && applies(*child, node) && node.find(child->key()) == nullptr)
        problems_.error(node.mark, fmt::format("\"{}\" is missing", child->key()),
                        std::string(child->about));
  }

  static bool applies(const Row& row, const Node& node) {
    const Node* kind = node.find("type");
    return kind == nullptr || config::is_for(row, kind->text);
  }

  // A source of a planned kind has keys of its own: one message about the kind is enough.
  bool skips_unknown_kind(const Node& node, const Row& row) {
    const Row* kind_row = find_row(child_path(row, "type"));
    const Node* kind = node.find("type");
    if (kind_row == nullptr || kind_row->type != Type::choice || kind == nullptr) return false;
    const auto before = problems_.errors();
    check(*kind, *kind_row);
    return problems_.errors() != before;
  }

  void check_member(const Node& node, const Row& row, const Member& member) {
    const Row* child = find_row(child_path(row, member.key));
    if (child == nullptr || member.key == "*" || member.key == "[]")
      return report_unknown(row, member);
    if (child->type == Type::planned)
      return problems_.error(member.mark, fmt::format("\"{}\" is not in this version", member.key),
                             "remove it: what it promises would not be done");
    const Node* kind = node.find("type");
    if (kind != nullptr && !is_for(*child, kind->text))
      return problems_.error(
          member.mark, fmt::format("\"{}\" is only for {} of type {}", member.key, kinds_in(row),
                                   fmt::join(split_choices(child->only_for), " or ")));
    check(member.value, *child);
  }

  static std::string_view kinds_in(const Row& row) {
    if (row.key() == "sandbox") return "sandboxes";
    return row.path == "notifiers.*" ? "notifiers" : "sources";
  }

  static std::string known_keys(const Row& row) {
    std::vector<std::string_view> keys;
    for (const auto* child : children_of(row))
      if (child->type != Type::planned) keys.push_back(child->key());
    return fmt::format("{}", fmt::join(keys, ", "));
  }

  void report_unknown(const Row& row, const Member& member) {
    std::vector<std::string_view> known;
    for (const auto* child : children_of(row))
      if (child->type != Type::planned) known.push_back(child->key());
    const auto nearest = nearest_word(member.key, known);
    problems_.error(member.mark, fmt::format("unknown key \"{}\"", member.key),
                    nearest.empty() ? fmt::format("known here: {}", fmt::join(known, ", "))
                                    : fmt::format("did you mean \"{}\"?", nearest));
  }

  void check_names(const Node& node, const Row& row) {
    if (!expect_kind(node, row, Node::Kind::map)) return;
    if (node.members.empty() && row.required)
      problems_.error(node.mark, fmt::format("\"{}\" is empty", row.key()));
    const Row* named = find_row(child_path(row, "*"));
    for (const auto& member : node.members) {
      if (!is_name(member.key))
        problems_.error(member.mark, fmt::format("\"{}\" cannot be a name", member.key),
                        "letters, digits, - and _, at most 64");
      check(member.value, *named);
    }
  }

  void check_list(const Node& node, const Row& row) {
    if (!expect_kind(node, row, Node::Kind::list)) return;
    const Row* item_row = find_row(child_path(row, "[]"));
    for (const auto& item : node.items) check(item, *item_row);
  }

  void check_scalars(const Node& node, const Row& row) {
    if (!expect_kind(node, row, Node::Kind::list)) return;
    if (node.items.empty() && row.required)
      problems_.error(node.mark, fmt::format("\"{}\" is empty", row.key()));
    for (const auto& item : node.items) check_scalar(item, row);
  }

  // Any value; a text at the top is JSON itself.
  void check_json(const Node& node, const Row& row) {
    if (const auto json = json_of(node); !json)
      return problems_.error(node.mark,
                             fmt::format("\"{}\": {}", row.key(), json.error().message()),
                             std::string(json.error().hint()));
    check_templates(node);
  }

  void check_templates(const Node& node) {
    const auto parsed = Template::parse(node.text);
    if (!parsed)
      problems_.error(node.mark, parsed.error().message(), std::string(parsed.error().hint()));
    for (const auto& item : node.items) check_templates(item);
    for (const auto& member : node.members) check_templates(member.value);
  }

  void check_scalar(const Node& node, const Row& row) {
    if (!expect_kind(node, row, Node::Kind::scalar)) return;
    if (!info_of(row.type).variables) return check_text(node, row, node.text);
    const auto parsed = Template::parse(node.text);
    if (!parsed)
      return problems_.error(node.mark, parsed.error().message(),
                             std::string(parsed.error().hint()));
    if (row.type == Type::secret) return check_secret(node, row, *parsed);
    // Unset is no mistake of the file: the command that needs the value says so.
    if (const auto value = parsed->resolve(variables_)) check_text(node, row, *value);
  }

  void check_text(const Node& node, const Row& row, std::string_view text) {
    const bool open = !info_of(row.type).variables && text.find("${") != std::string_view::npos;
    if (open)
      return problems_.error(node.mark, fmt::format("\"{}\" cannot hold variables", row.key()),
                             "write the value itself");
    const auto checked = check_value(row, text);
    if (!checked)
      problems_.error(node.mark, fmt::format("\"{}\": {}", row.key(), checked.error().message()),
                      std::string(checked.error().hint()));
  }

  void check_secret(const Node& node, const Row& row, const Template& text) {
    if (text.empty()) return check_text(node, row, "");
    if (SecretReference::is_literal(text))
      problems_.warning(node.mark, fmt::format("\"{}\" stands here as plain text", row.key()),
                        "write ${VARIABLE}, file:/path or command:… instead");
  }

  const Variables& variables_;
  Problems& problems_;
};

}  // namespace

void check_against_schema(const Node& root, const Variables& variables, Problems& problems) {
  SchemaWalk(variables, problems).check(root, *find_row(""));
}

}  // namespace lifeboat::config
