#include "config/bind_app.h"

#include <array>

#include "config/values.h"

namespace lifeboat::config {
namespace {

using Texts = std::map<std::string, std::string>;

// The methods that a step may have, and the names of their keys.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kMethods{{
    {"get", "GET"},
    {"post", "POST"},
    {"put", "PUT"},
    {"patch", "PATCH"},
    {"delete", "DELETE"},
    {"head", "HEAD"},
}};

Texts texts_of(const Place& place) {
  Texts texts;
  for (const auto& member : place.node.members) texts[member.key] = member.value.text;
  return texts;
}

std::vector<std::string> list_of(const Node& node) {
  std::vector<std::string> list;
  for (const auto& item : node.items) list.push_back(item.text);
  return list;
}

Result<void> read_count(const Place& place, unsigned& into) {
  if (!place.absent()) into = TRY(parse_count(place.text()));
  return {};
}

Result<std::optional<Duration>> optional_duration(const Place& place) {
  if (place.absent()) return std::nullopt;
  return std::optional(TRY(parse_duration(place.text())));
}

Result<drill::RoleOptions> bind_role(const Place& place) {
  drill::RoleOptions role;
  role.bearer = place["bearer"].text();
  const auto jwt = place["jwt"];
  if (jwt.absent()) return role;
  role.jwt.emplace();
  role.jwt->key = jwt["key"].text();
  role.jwt->claims = TRY(json_of(jwt["claims"].node));
  TRY(read_duration(jwt["lifetime"], role.jwt->lifetime));
  return role;
}

Result<drill::ExpectOptions> bind_step_expect(const Place& place) {
  drill::ExpectOptions expect;
  unsigned status = 0;
  TRY(read_count(place["status"], status));
  if (status != 0) expect.status = status;
  if (!place["jq"].absent()) expect.jq.push_back(place["jq"].text());
  expect.headers = texts_of(place["headers"]);
  expect.body = place["body"].text();
  expect.sha256 = place["sha256"].text();
  expect.within = TRY(optional_duration(place["within"]));
  expect.p95 = TRY(optional_duration(place["p95"]));
  if (!place["errors"].absent()) expect.error_rate = TRY(parse_percent(place["errors"].text()));
  return expect;
}

void bind_body(const Place& place, drill::StepOptions& step) {
  step.form = texts_of(place["form"]);
  step.text = place["body"].text();
  const auto parts = place["multipart"];
  for (const auto& member : parts.node.members) {
    const auto part = parts[member.key];
    step.multipart[member.key] = {part["text"].text(), part["filename"].text(),
                                  part["type"].text()};
  }
}

Result<drill::StepOptions> bind_step(const Place& place) {
  drill::StepOptions step;
  for (const auto& [key, method] : kMethods) {
    if (place[key].absent()) continue;
    step.method = method;
    step.path = place[key].text();
  }
  step.name = place["name"].text();
  step.headers = texts_of(place["headers"]);
  step.bearer = place["bearer"].text();
  step.role = place["as"].text();
  if (!place["json"].absent()) step.json = TRY(json_of(place["json"].node));
  bind_body(place, step);
  step.capture = texts_of(place["capture"]);
  step.expect = TRY(bind_step_expect(place["expect"]));
  for (const auto& member : place["fields"].node.members)
    step.fields[member.key] = list_of(member.value);
  TRY(read_count(place["repeat"], step.repeat));
  TRY(read_count(place["concurrency"], step.concurrency));
  return step;
}

}  // namespace

Result<drill::AppOptions> bind_app(const Place& place) {
  drill::AppOptions app;
  for (const auto& item : place["processes"].node.items) {
    const Place process{item, place.path + ".processes"};
    app.processes.push_back({process["name"].text(), process["start"].text()});
  }
  app.processes.push_back({"app", place["start"].text()});
  app.directory = place["directory"].text();
  if (const auto copy = place["working_copy"]; !copy.absent())
    app.working_copy = TRY(parse_flag(copy.text()));
  app.visible = list_of(place["visible"].node);
  app.environment = texts_of(place["environment"]);
  app.ready.log = place["ready"]["log"].text();
  app.ready.http = place["ready"]["http"].text();
  TRY(read_duration(place["ready"]["within"], app.ready.within));
  app.fail_on_log = place["fail_on_log"].text();
  TRY(read_duration(place["stop_within"], app.stop_within));
  const auto memory = place["limits"]["memory"];
  app.names_memory = !memory.absent();
  if (app.names_memory) app.limits.memory = TRY(parse_size(memory.text()));
  TRY(read_count(place["limits"]["processes"], app.limits.processes));
  TRY(read_duration(place["limits"]["time"], app.time));
  for (const auto& member : place["roles"].node.members)
    app.roles[member.key] = TRY(bind_role(place["roles"][member.key]));
  for (const auto& item : place["journey"].node.items)
    app.journey.push_back(TRY(bind_step({item, place.path + ".journey"})));
  return app;
}

}  // namespace lifeboat::config
