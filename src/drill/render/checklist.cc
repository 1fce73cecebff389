#include "drill/render/checklist.h"

#include <algorithm>
#include <array>

#include "drill/render/view.h"

namespace lifeboat::drill {
namespace {

struct Answer {
  std::string outcome;
  std::string note;
};

const Json* stage_of(const Json& evidence, std::string_view name) {
  for (const auto& stage : list_in(evidence, "stages"))
    if (text_in(stage, {"name"}) == name) return &stage;
  return nullptr;
}

Answer of_stage(const Json& evidence, std::string_view name, const std::string& otherwise) {
  const Json* stage = stage_of(evidence, name);
  if (stage == nullptr) return {"not_run", otherwise};
  const auto outcome = text_in(*stage, {"outcome"});
  if (outcome == "done") return {"passed", elapsed_in(*stage, "milliseconds")};
  return outcome == "stopped" ? Answer{"failed", text_in(*stage, {"error"})}
                              : Answer{"not_run", "the drill stopped before"};
}

// The worst of several checks' outcomes counts.
int badness(const std::string& outcome) {
  static constexpr std::array<std::string_view, 5> kOrder{"passed", "warned", "waived", "not_run",
                                                          "failed"};
  const auto* found = std::find(kOrder.begin(), kOrder.end(), outcome);
  return static_cast<int>(found - kOrder.begin());
}

template <class Fits>
Answer worst_of(const Json& evidence, const std::string& otherwise, const Fits& fits) {
  Answer worst;
  for (const auto& check : list_in(evidence, "checks")) {
    if (!fits(check)) continue;
    const auto outcome = text_in(check, {"outcome"});
    if (worst.outcome.empty() || badness(outcome) > badness(worst.outcome))
      worst = {outcome, text_in(check, {"id"}) + ": " + text_in(check, {"message"})};
  }
  return worst.outcome.empty() ? Answer{"not_run", otherwise} : worst;
}

Answer of_checks(const Json& evidence, std::initializer_list<std::string_view> prefixes,
                 const std::string& otherwise) {
  return worst_of(evidence, otherwise, [&](const Json& check) {
    const auto id = text_in(check, {"id"});
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](auto prefix) { return id.starts_with(prefix); });
  });
}

Answer of_rights(const Json& evidence) {
  return worst_of(evidence, "no journey asks for a login, a role or a refusal",
                  [](const Json& check) { return text_in(check, {"rights"}) == "true"; });
}

Answer of_objective(const Json& evidence, const char* name) {
  const auto judgement = text_in(evidence, {"measures", name, "judgement"});
  const auto shown = objective_in(evidence, name);
  if (judgement == "met") return {"passed", shown};
  if (judgement == "missed") return {"failed", shown};
  return {"not_run", "no objective to judge it by; measured: " + shown};
}

Answer of_target(const Json& evidence) {
  const auto made = of_stage(evidence, "provision", "no place was made");
  if (made.outcome != "passed") return made;
  for (const auto& finding : list_in(evidence, "findings"))
    if (text_in(finding, {"code"}) == "production-unknown")
      return {"not_run", text_in(finding, {"subject"}) + ": " + text_in(finding, {"message"})};
  return {"passed", "a place of this drill's own, which nothing live is in or under"};
}

Answer of_size(const Json& evidence) {
  for (const auto& finding : list_in(evidence, "findings"))
    if (const auto code = text_in(finding, {"code"});
        code == "size-halved" || code == "backup-halved")
      return {"warned", text_in(finding, {"message"})};
  auto located = of_stage(evidence, "locate", "");
  if (located.outcome == "passed") located.note = std::to_string(bytes_in(evidence)) + " bytes";
  return located;
}

Answer of_listing(const Json& evidence) {
  auto located = of_stage(evidence, "locate", "");
  if (located.outcome == "passed") located.note = text_in(evidence, {"repository", "medium"});
  return located;
}

Answer of_tear_down(const Json& evidence) {
  const auto& proof = object_in(evidence, "tear_down");
  if (proof.empty()) return {"not_run", "nothing had been made"};
  if (text_in(proof, {"clean"}) == "true")
    return {"passed", "only what carried this run's token was removed, and it is gone"};
  if (text_in(proof, {"vanished"}) == "true")
    return {"failed", "somebody else removed or exchanged the sandbox"};
  return {"failed", "something is still there"};
}

// Written by nobody: it is this record.
Answer of_record(const Json& evidence) {
  const auto owner = text_in(evidence, {"owner"});
  const auto with = text_in(evidence, {"combined_with"});
  return {"passed", moment_in(evidence, {"started"}) + " on " + place_in(evidence) +
                        (owner.empty() ? ", no owner named" : ", owner " + owner) +
                        (with.empty() ? "" : ", together with " + with)};
}

struct Row {
  const char* step;
  const char* text;
  Answer (*answer)(const Json& evidence);
};
using E = const Json&;

constexpr const char* kNoApplication = "this drill starts no application";

constexpr std::array kRows{
    Row{"0. Pick a target", "The restore goes to a place of its own, never to production",
        of_target},
    Row{"1. Locate the backup", "The copy can be opened and listed", of_listing},
    Row{"1. Locate the backup", "The newest data is within the promised window",
        [](E e) { return of_objective(e, "rpo"); }},
    Row{"1. Locate the backup", "It is not suddenly half the usual size", of_size},
    Row{"2. Restore", "Everything was restored",
        [](E e) { return of_stage(e, "restore", "the drill stopped before"); }},
    Row{"2. Restore", "Every table, index, version and migration is there",
        [](E e) { return of_checks(e, {"catalog."}, "no database in this service"); }},
    Row{"2. Restore", "As many rows and files as at the backup",
        [](E e) { return of_checks(e, {"counts."}, "not asked"); }},
    Row{"2. Restore", "Every row and every file is the same",
        [](E e) { return of_checks(e, {"digests.", "contents."}, "not asked"); }},
    Row{"3. Boot the application", "It starts on the restored data, gets ready, logs no error",
        [](E e) { return of_checks(e, {"app."}, kNoApplication); }},
    Row{"3. Boot the application", "It runs where it can reach nothing outside",
        [](E e) { return of_checks(e, {"isolation."}, kNoApplication); }},
    Row{"4. Verify migrations", "Every migration succeeded, none is pending",
        [](E e) { return of_checks(e, {"migrations."}, "no migrations check is configured"); }},
    Row{"5. One normal journey", "What a user does works, and what must be refused is refused",
        [](E e) { return of_checks(e, {"journey."}, kNoApplication); }},
    Row{"6. Verify files", "Every row's file is there, with its size and hash",
        [](E e) { return of_checks(e, {"blobs."}, "no blobs check is configured"); }},
    Row{"7. Verify login and rights", "Login works, and each role sees what it may", of_rights},
    Row{"8. Tear down", "What the drill made is gone", of_tear_down},
    Row{"Write down", "The recovery took no longer than was promised",
        [](E e) { return of_objective(e, "rto"); }},
    Row{"Write down", "Date, environment, owner and findings are recorded", of_record},
};

}  // namespace

std::vector<ChecklistItem> checklist_of(const Json& evidence) {
  std::vector<ChecklistItem> items;
  for (const auto& row : kRows) {
    auto answer = row.answer(evidence);
    items.push_back({row.step, row.text, std::move(answer.outcome), std::move(answer.note)});
  }
  return items;
}

}  // namespace lifeboat::drill
