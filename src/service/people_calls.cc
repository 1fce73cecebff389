#include "service/people_calls.h"

#include "base/file.h"
#include "crypto/key_text.h"
#include "drill/action_items.h"
#include "drill/people.h"
#include "drill/render/view.h"
#include "drill/waivers.h"
#include "service/drill_records.h"
#include "service/json.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kLargestSigningKey = 4096;

Result<crypto::SigningKey> signing_key_of(const std::filesystem::path& file) {
  auto bytes = TRY(read_file(file, kLargestSigningKey));
  auto text = to_text(bytes);
  auto key = crypto::parse_signing_key(text);
  wipe(text);
  wipe(bytes);
  if (!key) return fail(std::move(key).error().add_context(file.string()));
  return key;
}

Result<void> require(const std::string& value, const std::string& what) {
  if (!value.empty()) return {};
  return fail(Error(Code::usage, what + " is missing")
                  .with_hint("It is kept for whoever reads the record: say who and why."));
}

// "2026-12-01" is the beginning of that day in UTC.
Result<Time> moment_of(const std::string& text, Time now) {
  constexpr std::size_t kDay = 10;
  if (auto length = parse_duration(text)) return now + *length;
  if (text.size() == kDay) return parse_rfc3339(text + "T00:00:00Z");
  return parse_rfc3339(text);
}

// The same statement into every repository of the service that answers.
struct Word {
  std::string kind;
  Json body;
};
struct Told {
  std::vector<std::string> repositories;
  std::vector<Error> errors;
};

Told tell_all(Composition& composition, const config::Service& service, const Word& word,
              const RunContext& context) {
  Told told;
  for (const auto& name : service.repositories) {
    auto opened = composition.service.open_repository(name, context);
    auto added =
        opened ? (*opened)->add_statement(word.kind, word.body, context) : fail(opened.error());
    if (added) {
      told.repositories.push_back(name);
    } else {
      told.errors.push_back(std::move(added).error());
    }
  }
  return told;
}

Json errors_json(const std::vector<Error>& errors) {
  Json list = Json::array();
  for (const auto& error : errors) list.push_back(to_json(error));
  return list;
}

Result<Answer> answer_of(Told told, Json body) {
  if (told.repositories.empty() && !told.errors.empty()) return fail(std::move(told.errors[0]));
  body["repositories"] = told.repositories;
  body["errors"] = errors_json(told.errors);
  return Answer{std::move(body), told.errors.empty() ? 0 : 2};
}

struct OpenItems {
  std::string repository;
  std::vector<drill::ActionItem> items;
};

// Of each repository that answers; its chain has a newest record of its own.
std::vector<OpenItems> open_items_of(Composition& composition, const config::Service& service,
                                     const RunContext& context, std::vector<Error>& errors) {
  std::vector<OpenItems> all;
  for (const auto& name : service.repositories) {
    const auto opened = composition.service.open_repository(name, context);
    if (!opened) {
      errors.push_back(opened.error());
      continue;
    }
    const auto history = drill::load_history(
        service.name, composition.service.drill_reports(service.name), **opened);
    if (history.records.empty()) continue;
    all.push_back({name, drill::open_items(history.records.back(), history.resolutions)});
  }
  return all;
}

std::optional<drill::ActionItem> item_meant(const std::vector<OpenItems>& all,
                                            const std::string& id) {
  if (id.size() < kShortestId) return std::nullopt;
  for (const auto& open : all)
    for (const auto& item : open.items)
      if (item.id.starts_with(id)) return item;
  return std::nullopt;
}

}  // namespace

Result<Answer> sign_off(const Setup& setup, const SignOffCall& call, const RunContext& context) {
  TRY(require(call.key.string(), "--key"));
  TRY(require(call.name, "--name"));
  TRY(require(call.role, "--role"));
  const auto composition = TRY(compose(setup));
  const auto found = TRY(find_drill(*composition, call.service, call.id));
  const auto key = TRY(signing_key_of(setup.working_directory / call.key));
  const auto verdict = drill::text_in(found.record.evidence, {"verdict"});
  const auto sealed =
      TRY(drill::make_sign_off({found.record.digest, call.name, call.role, call.comment, verdict,
                                context.clock.now(), "", call.revoke},
                               key));
  const auto service = drill::text_in(found.record.evidence, {"service"});
  const auto repository = TRY(repository_of(*composition, found.record, context));
  TRY(repository->add_statement(
      "signed-off", {{"service", service}, {"record", found.record.digest}, {"envelope", sealed}},
      context));
  // Beside the record, for whoever takes it away.
  auto file = found.file;
  file.replace_extension("." + key.verify_key().hex().substr(0, 8) +
                         (call.revoke ? ".revoked" : ".signed"));
  TRY(write_file(file, view_of(pretty_json(sealed))));
  return Answer{{{"service", service},
                 {"drill", drill::text_in(found.record.evidence, {"id"})},
                 {"record", found.record.digest},
                 {"verdict", verdict},
                 {"name", call.name},
                 {"role", call.role},
                 {"key", key.verify_key().hex()},
                 {"revoked", call.revoke},
                 {"file", file.string()}},
                0};
}

Result<Answer> waive(const Setup& setup, const WaiveCall& call, const RunContext& context) {
  TRY(require(call.reason, "--reason"));
  TRY(require(call.who, "--who"));
  TRY(require(call.until, "--until"));
  const auto until = TRY(moment_of(call.until, context.clock.now()));
  if (until > context.clock.now() && !drill::is_waivable(call.check))
    return fail(Error(Code::usage, call.check + " cannot be waived: without it nothing was asked")
                    .with_hint("Name what may be reached in network: {allow: …}, or run a drill "
                               "without an application."));
  const auto composition = TRY(compose(setup));
  const auto& service = *TRY(composition->loaded.config.find_service(call.service));
  const Json body{{"service", service.name},
                  {"check", call.check},
                  {"reason", call.reason},
                  {"who", call.who},
                  {"until", to_rfc3339(until)}};
  return answer_of(tell_all(*composition, service, {"waived", body}, context), body);
}

Result<Answer> list_open_findings(const Setup& setup, const std::string& service,
                                  const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto& named = *TRY(composition->loaded.config.find_service(service));
  std::vector<Error> errors;
  Answer answer{{{"service", service}, {"findings", Json::array()}}, 0};
  for (const auto& open : open_items_of(*composition, named, context, errors))
    for (const auto& item : open.items) {
      auto row = drill::to_json(item);
      row["repository"] = open.repository;
      row["overdue"] = item.due <= context.clock.now();
      if (row["overdue"]) answer.exit_status = 1;
      answer.body["findings"].push_back(std::move(row));
    }
  answer.body["errors"] = errors_json(errors);
  if (!errors.empty()) answer.exit_status = 2;
  return answer;
}

Result<Answer> close_finding(const Setup& setup, const CloseCall& call, const RunContext& context) {
  TRY(require(call.reason, "--reason"));
  TRY(require(call.who, "--who"));
  const auto composition = TRY(compose(setup));
  std::vector<Error> errors;
  for (const auto& service : composition->loaded.config.services) {
    if (!call.service.empty() && service.name != call.service) continue;
    const auto item = item_meant(open_items_of(*composition, service, context, errors), call.id);
    if (!item) continue;
    Json body{{"service", service.name},
              {"finding", item->id},
              {"reason", call.reason},
              {"who", call.who}};
    auto told = tell_all(*composition, service, {"resolved", body}, context);
    body["cause"] = item->diagnosis.cause;
    return answer_of(std::move(told), std::move(body));
  }
  if (!errors.empty()) return fail(std::move(errors[0]));
  return fail(Error(Code::not_found, "no open finding has the id " + call.id)
                  .with_hint("`lifeboat findings` lists what is open."));
}

}  // namespace lifeboat::service
