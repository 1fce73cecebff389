#include "config/references_app.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/references_foreign.h"

namespace lifeboat::config {
namespace {

constexpr std::array<std::string_view, 6> kMethodKeys{"get",   "post",   "put",
                                                      "patch", "delete", "head"};
constexpr std::array<std::string_view, 4> kBodies{"json", "form", "multipart", "body"};

template <std::size_t N>
std::size_t count_of(const Node& step, const std::array<std::string_view, N>& keys) {
  return static_cast<std::size_t>(
      std::count_if(keys.begin(), keys.end(), [&](auto key) { return step.find(key) != nullptr; }));
}

bool is_filled(const Node* node) {
  return node != nullptr && !(node->text.empty() && node->items.empty() && node->members.empty());
}

// `errors` only says what may go wrong.
bool expects_something(const Node* expect) {
  return expect != nullptr && std::ranges::any_of(expect->members, [](const Member& member) {
           return member.key != "errors" && is_filled(&member.value);
         });
}

// ${sandbox.…} that would never be filled in.
class NameCheck {
 public:
  NameCheck(const Node& service, bool has_port, Problems& problems)
      : service_(service), has_port_(has_port), problems_(problems) {}

  void check(const Node& node) {
    for (auto at = node.text.find("${sandbox."); at != std::string::npos;
         at = node.text.find("${sandbox.", at + 1)) {
      const auto end = node.text.find('}', at);
      if (end != std::string::npos)
        expect_name(node.text.substr(at + 10, end - at - 10), node.mark);
    }
    for (const auto& item : node.items) check(item);
    for (const auto& member : node.members) check(member.value);
  }

 private:
  void expect_name(const std::string& name, const Mark& mark) {
    const Node* sources = service_.find("sources");
    std::vector<std::string> there;
    for (const auto& source : sources == nullptr ? std::vector<Member>{} : sources->members) {
      if (kind_of_source(source.value) != "mongodb") {
        there.push_back(source.key + ".path");
        continue;
      }
      for (const auto* part : {".uri", ".user", ".password"}) there.push_back(source.key + part);
    }
    if (has_port_) there.emplace_back("port");
    if (std::ranges::find(there, name) != there.end()) return;
    for (auto& each : there) each = "${sandbox." + each + "}";
    problems_.error(mark, fmt::format("there is no ${{sandbox.{}}}", name),
                    fmt::format("there is {}", fmt::join(there, ", ")));
  }

  const Node& service_;
  const bool has_port_;
  Problems& problems_;
};

class AppCheck {
 public:
  AppCheck(const Node& app, const Node& service, Problems& problems)
      : app_(app), service_(service), problems_(problems) {}

  void check() {
    NameCheck(service_, true, problems_).check(app_);
    const Node* journey = app_.find("journey");
    if (journey == nullptr) return;
    bool expects = false;
    for (const auto& step : journey->items) {
      check_step(step);
      expects |= is_filled(step.find("fields")) || expects_something(step.find("expect"));
    }
    if (!expects)
      problems_.error(journey->mark, "a journey that expects nothing proves nothing",
                      "give a step expect: {status: …}, expect: {jq: …} or fields: …");
  }

 private:
  void check_step(const Node& step) {
    if (count_of(step, kMethodKeys) != 1)
      problems_.error(
          step.mark, fmt::format("exactly one of {} is needed here", fmt::join(kMethodKeys, ", ")));
    if (count_of(step, kBodies) > 1)
      problems_.error(step.mark,
                      fmt::format("only one of {} can be sent", fmt::join(kBodies, ", ")));
    for (const auto method : kMethodKeys) check_path(step.find(method));
    if (const Node* role = step.find("as")) expect_role(role->text, role->mark);
    if (const Node* fields = step.find("fields"))
      for (const auto& member : fields->members) expect_role(member.key, member.mark);
  }

  void check_path(const Node* path) {
    if (path != nullptr && !path->text.starts_with("/"))
      problems_.error(path->mark, fmt::format("\"{}\" is not a path", path->text),
                      "write one such as /health: requests go to the application only");
  }

  void expect_role(const std::string& name, const Mark& mark) {
    const Node* roles = app_.find("roles");
    if (roles != nullptr && roles->find(name) != nullptr) return;
    problems_.error(mark, fmt::format("there is no role \"{}\"", name), "say who it is in roles");
  }

  const Node& app_;
  const Node& service_;
  Problems& problems_;
};

}  // namespace

void check_app(const Node& app, const Node& service, Problems& problems) {
  AppCheck(app, service, problems).check();
}

void check_command(const Node& command, const Node& service, Problems& problems) {
  NameCheck(service, false, problems).check(command);
}

}  // namespace lifeboat::config
