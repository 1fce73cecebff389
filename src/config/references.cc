#include "config/references.h"

#include <fmt/format.h>

#include "base/nearest.h"
#include "config/bind_runbook.h"
#include "config/references_app.h"
#include "config/references_foreign.h"
#include "config/references_notify.h"
#include "config/references_sandbox.h"
#include "config/values.h"

namespace lifeboat::config {
namespace {

// The kinds of sources that have tables, or collections.
const std::vector<std::string_view> kDatabases{"sqlite", "mongodb"};

const std::vector<Member>& members_at(const Node& node, std::string_view key) {
  static const std::vector<Member> kNone;
  const Node* found = node.find(key);
  return found == nullptr ? kNone : found->members;
}

const std::vector<Node>& items_at(const Node& node, std::string_view key) {
  static const std::vector<Node> kNone;
  const Node* found = node.find(key);
  return found == nullptr ? kNone : found->items;
}

class ReferenceWalk {
 public:
  ReferenceWalk(const Node& root, Problems& problems) : root_(root), problems_(problems) {}

  void check() {
    for (const auto& service : members_at(root_, "services")) check_service(service.value);
    for (const auto& notifier : members_at(root_, "notifiers")) check_notifier(notifier, problems_);
  }

 private:
  void check_service(const Node& service) {
    check_names(service, "repositories", "repository", "repositories");
    check_names(service, "notify", "notifier", "notifiers");
    if (const Node* markers = service.find("markers")) check_markers(*markers, service);
    for (const auto& source : members_at(service, "sources")) {
      check_foreign(source.value, problems_);
      check_lag(source.value);
    }
    if (const Node* schedule = service.find("schedule"); schedule != nullptr && !takes(service))
      problems_.error(schedule->mark, "there is nothing to take: other tools back up all of it",
                      "write a trigger into the drill instead");
    for (const auto& drill : members_at(service, "drills")) {
      if (const Node* from = drill.value.find("from")) check_from(*from, service);
      for (const auto& check : items_at(drill.value, "checks")) check_check(check, service);
      check_runbook(drill.value, problems_);
      check_sandbox(drill.value, service, problems_);
      if (const Node* app = drill.value.find("app")) check_app(*app, service, problems_);
      if (const Node* network = drill.value.find("network")) check_network(*network);
    }
  }

  void check_markers(const Node& markers, const Node& service) {
    const auto& sources = members_at(service, "sources");
    const Node* source = markers.find("source");
    if (source == nullptr) return;
    expect_member(*source, "source", sources);
    const Node* uri = markers.find("uri");
    if (uri == nullptr) return;
    for (const auto& each : sources)
      if (each.key == source->text && kind_of_source(each.value) != "mongodb")
        problems_.error(uri->mark,
                        "\"uri\" is of a server, and the source " + each.key + " is on none",
                        "leave it out: markers are written where the source is");
  }

  void check_lag(const Node& source) {
    const Node* lag = source.find("max_lag");
    const Node* preference = source.find("read_preference");
    if (lag == nullptr || (preference != nullptr && preference->text != "primary")) return;
    problems_.error(lag->mark, "\"max_lag\" means nothing of the primary, which is read here",
                    "write read_preference: secondary beside it, or leave it out");
  }

  static bool takes(const Node& service) {
    const auto& sources = members_at(service, "sources");
    return sources.empty() || std::any_of(sources.begin(), sources.end(), [](const auto& source) {
             const Node* type = source.value.find("type");
             return type == nullptr || type->text != "foreign";
           });
  }

  void check_names(const Node& service, std::string_view key, std::string_view what,
                   std::string_view where) {
    std::vector<std::string_view> seen;
    for (const auto& name : items_at(service, key)) {
      expect_member(name, what, members_at(root_, where));
      if (std::find(seen.begin(), seen.end(), name.text) != seen.end())
        problems_.error(name.mark, fmt::format("\"{}\" is named twice", name.text));
      seen.push_back(name.text);
    }
  }

  void check_network(const Node& network) {
    for (const auto& item : items_at(network, "allow"))
      if (const auto parsed = parse_destination(item.text); !parsed)
        problems_.error(item.mark, parsed.error().message(), std::string(parsed.error().hint()));
  }

  void check_from(const Node& from, const Node& service) {
    for (const auto& name : items_at(service, "repositories"))
      if (name.text == from.text) return;
    problems_.error(from.mark,
                    fmt::format("\"{}\" is not a repository of this service", from.text));
  }

  void check_check(const Node& check, const Node& service) {
    if (const Node* blobs = check.find("blobs")) {
      if (const Node* rows = blobs->find("rows"); rows != nullptr && parse_table(rows->text))
        expect_source({rows->text.substr(0, rows->text.find('.')), rows->mark}, service,
                      kDatabases);
      if (const Node* in = blobs->find("in"))
        expect_source({in->text, in->mark}, service, {"files"});
    }
    if (const Node* command = check.find("command")) check_command(*command, service, problems_);
    for (const auto* kind : {"freshness", "migrations"}) {
      const Node* asked = check.find(kind);
      const Node* source = asked == nullptr ? nullptr : asked->find("source");
      if (source != nullptr) expect_source({source->text, source->mark}, service, kDatabases);
    }
    if (const Node* query = check.find("query")) check_query(*query, service);
  }

  // Asked in the language of its source.
  void check_query(const Node& query, const Node& service) {
    std::vector<std::string> asked;
    for (const auto* key : {"sql", "count", "aggregate"})
      if (query.find(key) != nullptr) asked.emplace_back(key);
    if (asked.size() != 1)
      return problems_.error(query.mark, "exactly one of sql, count, aggregate is needed here");
    const Node* source = query.find("source");
    if (source == nullptr) return;
    expect_source({source->text, source->mark}, service,
                  {asked[0] == "sql" ? "sqlite" : "mongodb"});
  }

  struct Mention {
    std::string name;
    Mark mark;
  };

  void expect_source(const Mention& mention, const Node& service,
                     const std::vector<std::string_view>& types) {
    const auto& sources = members_at(service, "sources");
    Node name;
    name.text = mention.name;
    name.mark = mention.mark;
    const Node* source = expect_member(name, "source", sources);
    const auto kind = source == nullptr ? "" : kind_of_source(*source);
    // A kind that is wrong in itself has been named already.
    const bool known = kind == "sqlite" || kind == "files" || kind == "mongodb";
    if (known && std::ranges::find(types, kind) == types.end())
      problems_.error(mention.mark,
                      fmt::format("\"{}\" is of type {}; this check needs one of type {}",
                                  mention.name, kind, fmt::join(types, " or ")));
  }

  const Node* expect_member(const Node& name, std::string_view what,
                            const std::vector<Member>& members) {
    std::vector<std::string_view> known;
    for (const auto& member : members) {
      if (member.key == name.text) return &member.value;
      known.push_back(member.key);
    }
    if (name.text.empty()) return nullptr;
    const auto nearest = nearest_word(name.text, known);
    auto hint = nearest.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                                : fmt::format("did you mean \"{}\"?", nearest);
    if (known.empty()) hint.clear();
    problems_.error(name.mark, fmt::format("there is no {} \"{}\"", what, name.text), hint);
    return nullptr;
  }

  const Node& root_;
  Problems& problems_;
};

}  // namespace

void check_references(const Node& root, Problems& problems) {
  ReferenceWalk(root, problems).check();
}

}  // namespace lifeboat::config
