#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/words.h"
#include "service/calls.h"

namespace lifeboat::cli {
namespace {

Style style_of(const std::string& outcome) {
  if (outcome == "proven" || outcome == "passed" || outcome == "met" || outcome == "done")
    return Style::good;
  if (outcome == "failed" || outcome == "missed" || outcome == "stopped") return Style::bad;
  return outcome == "not_judged" ? Style::plain : Style::caution;
}

std::string capitals(std::string text) {
  for (char& letter : text)
    letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return text;
}

void say_checks(Session& session, const Json& evidence) {
  Table table({{"CHECK"}, {"RESULT"}, {"WHAT WAS FOUND", Align::left, true}});
  for (const auto& check : list_of(evidence, "checks")) {
    const auto outcome = text_of(check, "outcome");
    table.add({text_of(check, "id"), outcome == "not_run" ? "not run" : outcome,
               text_of(check, "message")},
              outcome == "passed" ? Style::plain : style_of(outcome));
  }
  if (!table.empty()) session.say("\n" + table.text(session.terminal()));
  for (const auto& check : list_of(evidence, "checks")) {
    if (text_of(check, "outcome") == "passed") continue;
    for (const auto& detail : list_of(check, "details"))
      session.say("  " + text_of(check, "id") + ": " +
                  (detail.is_string() ? printable(detail.get<std::string>()) : detail.dump()));
  }
}

void say_stages(Session& session, const Json& evidence) {
  std::string line;
  for (const auto& stage : list_of(evidence, "stages")) {
    const auto outcome = text_of(stage, "outcome");
    line += (line.empty() ? "" : " · ") + text_of(stage, "name") + " " +
            (outcome == "done"      ? milliseconds_of(stage)
             : outcome == "not_run" ? "–"
                                    : outcome);
  }
  session.say("Stages: " + wrapped(line, session.terminal().width, 8));
}

// What the runbook says that the drill did not do, or not in time.
void say_runbook(Session& session, const Json& evidence) {
  const auto& list = list_of(evidence, "runbook");
  std::size_t done = 0;
  for (const auto& line : list) done += text_of(line, "outcome") == "done" ? 1 : 0;
  if (!list.empty())
    session.say(
        fmt::format("Runbook {} of {} done in time", done, counted(list.size(), "step", "steps")));
}

std::string judged(const Json& measure) {
  if (!measure.contains("measured_ms")) return "not measured";
  auto text = milliseconds_of(measure, "measured_ms");
  if (measure.contains("objective_ms"))
    text +=
        fmt::format(" (objective {}: {})", milliseconds_of(measure, "objective_ms"),
                    text_of(measure, "judgement") == "not_judged" ? "not judged"
                                                                  : text_of(measure, "judgement"));
  return text;
}

// As markers tell it, where there are any.
std::string lost_writes(const Json& rpo) {
  const auto lost = rpo.find("lost_writes");
  if (lost == rpo.end() || text_of(*lost, "outcome") != "measured") return "";
  const auto count = lost->contains("markers")
                         ? counted(number_of(*lost, "markers"), "marker", "markers") + ", "
                         : "";
  return " · lost writes " + count + milliseconds_of(*lost, "window_ms");
}

// What a drill of less than everything would have taken with it, never measured.
std::string projected(const Json& rto) {
  const auto found = rto.find("projected");
  if (found == rto.end()) return "";
  if (text_of(*found, "outcome") != "projected")
    return "With tier full: not known, " + text_of(*found, "reason");
  return "With tier full: " + milliseconds_of(*found) + " projected, not measured";
}

// The foretold time beside the one it took.
std::string foretold(const Json& evidence) {
  const auto forecast = evidence.find("forecast");
  if (forecast == evidence.end()) return "";
  const auto& time = (*forecast)["time"];
  return "The drill took " + milliseconds_of(time, "taken_ms") + "; " +
         (time.contains("predicted_ms") ? "foretold were " + milliseconds_of(time, "predicted_ms")
                                        : "no earlier drill could foretell it");
}

void say_measures(Session& session, const Json& evidence) {
  const auto measures = evidence.find("measures");
  if (measures == evidence.end()) return;
  const auto& rto = (*measures)["rto"];
  session.say("Recovery time " + judged(rto) + ": " + text_of(rto, "covers"));
  if (const auto line = projected(rto); !line.empty()) session.say(line);
  session.say("Data loss " + judged((*measures)["rpo"]) + lost_writes((*measures)["rpo"]));
  if (const auto line = foretold(evidence); !line.empty()) session.say(line);
}

void say_tear_down(Session& session, const Json& evidence) {
  const auto proof = evidence.find("tear_down");
  if (proof == evidence.end()) return;
  if (const auto kept = list_of(*proof, "kept"); !kept.empty())
    return session.say("The sandbox is kept for a day: " + join_words(kept));
  if (flag_of(*proof, "clean")) return session.say("The sandbox is gone.");
  if (list_of(*proof, "remaining").empty())
    return session.say(session.colour("Somebody else removed the sandbox.", Style::bad));
  session.say(
      session.colour("Not removed: " + join_words(list_of(*proof, "remaining")), Style::bad));
}

void say_diagnosis(Session& session, const Json& evidence) {
  const auto& list = list_of(evidence, "diagnosis");
  if (!list.empty()) session.say("");
  for (const auto& each : list) {
    const auto line = [&](std::string_view label, const std::string& text) {
      session.say(
          wrapped(session.colour(label, Style::bold) + " " + text, session.terminal().width, 2));
    };
    line("Cause:", text_of(each, "cause"));
    line("  seen in", text_of(each, "subject") + ": " + text_of(each, "grounds"));
    line("  next:", text_of(each, "next") + " (" + text_of(each, "owner") + ")");
  }
}

std::string snapshot_words(const Json& snapshot) {
  return short_id(snapshot) + " of " + moment_of(snapshot);
}

// The most that is listed of what changed; the rest is in `snapshots diff`.
constexpr std::size_t kShownChanges = 10;

void say_changes(Session& session, const Json& walk) {
  std::size_t shown = 0;
  for (const auto& fact : list_of(walk, "facts")) {
    if (++shown > kShownChanges) break;
    session.say(
        wrapped(fmt::format("  {} {}: {} → {}", text_of(fact, "source"), text_of(fact, "fact"),
                            text_of(fact, "before"), text_of(fact, "after")),
                session.terminal().width, 4));
  }
  if (const auto contents = walk.find("contents"); contents != walk.end())
    session.say(fmt::format("  {} added, {} removed, {} changed: lifeboat snapshots diff {} {}",
                            list_of(*contents, "added").size(),
                            list_of(*contents, "removed").size(),
                            list_of(*contents, "changed").size(), short_id(walk["newest_good"]),
                            short_id(walk["first_bad"])));
}

void say_walk_back(Session& session, const Json& walk) {
  session.say("\nWalking back:");
  if (const auto error = walk.find("error"); error != walk.end()) return say_error(session, *error);
  for (const auto& trial : list_of(walk, "trials")) {
    const auto verdict = text_of(trial, "verdict");
    session.say(
        wrapped(fmt::format("  {}: {}, {}", snapshot_words(trial["snapshot"]),
                            session.colour(verdict, style_of(verdict)), text_of(trial, "reason")),
                session.terminal().width, 4));
  }
  if (const auto why = text_of(walk, "undecided"); !why.empty())
    return session.say(wrapped("It ended there: " + why, session.terminal().width, 2));
  if (walk["newest_good"].is_null())
    return session.say("No older snapshot that was drilled is good.");
  session.say(
      session.colour("The newest good one is " + snapshot_words(walk["newest_good"]), Style::bold) +
      "; the one after it is " + snapshot_words(walk["first_bad"]) + ". Between them:");
  say_changes(session, walk);
}

void say_record_files(Session& session, const Json& body) {
  if (body.contains("unsigned")) return session.say("Evidence none: " + text_of(body, "unsigned"));
  if (text_of(body, "file").empty()) return session.say("Evidence is in the repository only.");
  session.say("Report   " + text_of(body, "page"));
  session.say("Evidence " + text_of(body, "file"));
}

void say_drill(Session& session, const Json& body) {
  if (body.contains("backup"))
    for (const auto& outcome : list_of(body["backup"], "repositories"))
      session.say(fmt::format("Backed up to {}: {}", text_of(outcome, "repository"),
                              outcome.contains("error")
                                  ? session.colour("FAILED", Style::bad)
                                  : "snapshot " + short_id(outcome["snapshot"])));
  const Json& evidence = body["evidence"];
  const auto verdict = text_of(evidence, "verdict");
  session.say(wrapped(fmt::format("Drill {} of {}: {}, {}", text_of(evidence, "drill"),
                                  text_of(evidence, "service"),
                                  session.colour(capitals(verdict), style_of(verdict)),
                                  text_of(evidence, "reason")),
                      session.terminal().width, 0));
  if (const auto with = text_of(evidence, "combined_with"); !with.empty())
    session.say("Together with " + with);
  if (const auto snapshot = evidence.find("snapshot"); snapshot != evidence.end())
    session.say(fmt::format("Snapshot {} of {}, {} in {}", short_id(*snapshot),
                            moment_of(*snapshot), size_of(*snapshot, "bytes"),
                            counted(number_of(*snapshot, "entries"), "entry", "entries")));
  say_checks(session, evidence);
  say_findings(session, list_of(evidence, "findings"));
  say_diagnosis(session, evidence);
  session.say("");
  say_stages(session, evidence);
  say_runbook(session, evidence);
  say_measures(session, evidence);
  say_tear_down(session, evidence);
  if (const auto error = evidence.find("error"); error != evidence.end())
    session.say(wrapped(session.colour("hint:", Style::bold) + " " + text_of(*error, "hint"),
                        session.terminal().width, 6));
  say_record_files(session, body);
  say_notices(session, body);
  if (const auto walk = body.find("walk_back"); walk != body.end()) say_walk_back(session, *walk);
}

// `drill run shop nightly` is what one writes first.
Result<std::vector<std::string>> services_to_drill(const Session& session) {
  const auto given = session.arguments().list("SERVICE");
  auto names = service::service_names(session.setup(), given);
  if (names || given.size() < 2 || names.error().code() != Code::config_invalid) return names;
  auto hint = std::string(names.error().hint()) + " A drill is chosen with --drill NAME.";
  return fail(std::move(names).error().with_hint(std::move(hint)));
}

struct DueOf {
  std::string service;
  service::DueDrill due;
};

Result<std::vector<DueOf>> due_of(Session& session, const std::vector<std::string>& services) {
  std::vector<DueOf> all;
  for (const auto& name : services)
    for (auto& due : TRY(service::due_drills(session.setup(), name, session.context())))
      all.push_back({name, std::move(due)});
  return all;
}

// What a drill will take is worth knowing before it takes it.
service::TellPerson teller(Session& session) {
  return [&](const std::string& sentence) {
    session.note(wrapped(sentence, session.terminal().width, 2));
  };
}

// Each drill that is due, and what is overdue all the same is told. A service that is in use is for
// the next run.
Result<int> run_due(Session& session, const std::vector<std::string>& services) {
  for (const auto* option :
       {"drill", "snapshot", "at", "from", "take-backup", "walk-back", "cold-start"})
    if (session.arguments().has(option))
      return fail(Error(Code::usage, fmt::format("--{} does not go with --due", option))
                      .with_hint("What is due says itself which drill, and of what."));
  const auto all = TRY(due_of(session, services));
  std::vector<std::string> numbers;
  for (std::size_t at = 0; at < all.size(); ++at) numbers.push_back(std::to_string(at));
  const auto ask = [&](const std::string& number) -> Result<service::Answer> {
    const auto& [name, due] = all[std::stoul(number)];
    session.note(fmt::format("Drill {} of {} is due: {}.", due.drill, name, due.reason));
    service::DrillCall call;
    call.choice = {name, due.repository, due.snapshot, ""};
    call.drill = due.drill;
    call.strict = session.arguments().has("strict");
    call.keep = session.arguments().has("keep");
    call.due = true;
    call.tell = teller(session);
    auto answer = service::run_drill(session.setup(), call, session.context());
    if (!answer && answer.error().code() == Code::busy)
      return service::Answer{
          {{"service", name}, {"drill", due.drill}, {"busy", answer.error().describe()}}, 0};
    if (answer) answer->body["due"] = due.reason;
    return answer;
  };
  const auto say = [&](const Json& body) {
    if (!body.contains("busy")) return say_drill(session, body);
    session.say(text_of(body, "busy") + ". The next run looks again.");
  };
  if (all.empty()) session.say("No drill is due.");
  const auto status = TRY(answer_each(session, numbers, ask, say));
  for (const auto& name : services)
    say_notices(session, TRY(service::tell_overdue(session.setup(), name, session.context())).body);
  return status;
}

std::string word_of(const std::optional<std::string>& answer) {
  if (answer == "yes" || answer == "y") return "passed";
  return answer == "no" || answer == "n" ? "failed" : "not_run";
}

// Who answers is asked for, since an account may be shared.
Json ask_person(Session& session, const Json& question, const std::stop_token& stop) {
  const auto owner = text_of(question, "owner");
  session.note("For a person" + (owner.empty() ? "" : " (" + owner + ")") + ": " +
               text_of(question, "ask"));
  session.note("The restored data is in " + text_of(question, "directory"));
  const auto answer = session.ask("Is it right? yes, no, or anything else for cannot say:", stop);
  const auto words = session.ask("What did you see?", stop);
  const auto who = session.ask("Your name:", stop);
  return Json{
      {"outcome", word_of(answer)}, {"who", who.value_or("")}, {"words", words.value_or("")}};
}

Result<int> run_drill(Session& session) {
  const auto& arguments = session.arguments();
  const auto names = TRY(services_to_drill(session));
  if (arguments.has("due")) return run_due(session, names);
  service::DrillCall call;
  call.drill = arguments.text("drill");
  call.strict = arguments.has("strict");
  call.keep = arguments.has("keep");
  call.take_backup = arguments.has("take-backup");
  call.walk_back = arguments.has("walk-back");
  call.cold_start = arguments.has("cold-start");
  call.key_file = arguments.text("key-file");
  call.recipient = arguments.text("recipient");
  if (session.can_ask())
    call.ask = [&](const Json& question, const std::stop_token& stop) {
      return ask_person(session, question, stop);
    };
  call.tell = teller(session);
  call.choice.repository = arguments.text("from");
  call.choice.snapshot = arguments.text("snapshot");
  call.choice.at = arguments.text("at");
  const auto ask = [&](const std::string& name) {
    call.choice.service = name;
    return service::run_drill(session.setup(), call, session.context());
  };
  return answer_each(session, names, ask, [&](const Json& body) { say_drill(session, body); });
}

Result<int> run_list_drills(Session& session) {
  const auto answer =
      TRY(service::list_drills(session.setup(), session.arguments().text("SERVICE")));
  Table table(
      {{"DRILL"}, {"STARTED"}, {"SERVICE"}, {"NAME"}, {"VERDICT"}, {"WHY", Align::left, true}});
  for (const auto& row : list_of(answer.body, "drills")) {
    const auto verdict = text_of(row, "verdict");
    table.add({short_id(row), moment_of(row, "started"), text_of(row, "service"),
               text_of(row, "drill"), verdict, text_of(row, "reason")},
              verdict == "proven" ? Style::plain : style_of(verdict));
  }
  session.say(table.empty() ? "No drill has run on this machine yet: `lifeboat drill run`."
                            : table.text(session.terminal()));
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<service::Answer> one_drill(Session& session) {
  const auto id = session.arguments().text("ID");
  return service::show_drill(session.setup(), session.arguments().text("service"),
                             id.empty() ? "latest" : id);
}

Result<int> run_show_drill(Session& session) {
  const auto answer = TRY(one_drill(session));
  say_drill(session, answer.body);
  session.result(answer.body, answer.exit_status);
  return answer.exit_status;
}

Result<int> run_report(Session& session) {
  const auto& arguments = session.arguments();
  if (arguments.has("format")) {
    const auto id = arguments.text("ID");
    session.print(TRY(service::render_drill(
        session.setup(),
        {arguments.text("service"), id.empty() ? "latest" : id, arguments.text("format")},
        session.context())));
    return 0;
  }
  const auto answer = TRY(one_drill(session));
  session.say(text_of(answer.body, "page"));
  session.result({{"page", text_of(answer.body, "page")}, {"file", text_of(answer.body, "file")}},
                 answer.exit_status);
  return answer.exit_status;
}

CommandSpec drill_spec() {
  CommandSpec spec;
  spec.name = "drill";
  spec.summary = "Restore into a sandbox and prove that it equals what was backed up.";
  spec.about =
      "A drill restores a snapshot into a sandbox of its own, compares counts, digests and files "
      "with the facts recorded in the backup, measures, removes the sandbox, and signs what it "
      "found.";
  return spec;
}

CommandSpec run_spec() {
  CommandSpec spec;
  spec.name = "drill run";
  spec.summary = "Run a drill: verdict proven (0), failed (1) or unverified (2).";
  spec.about = "Needs no source and no variable of a source. Nothing of the sandbox stays.";
  spec.positionals = {{"SERVICE", "Which services; else all of the configuration.", false, true}};
  spec.options = {
      {"drill", "NAME", "Which of its drills; else the first of the configuration."},
      {"snapshot", "ID", "An id, its beginning, latest, first or latest-proven; else latest."},
      {"at", "TIME", "The snapshot of this moment, such as 2026-11-21T09:45:00Z."},
      {"from", "REPOSITORY", "From this one; else as the drill says."},
      {"take-backup", "", "Take a backup first, and drill exactly its snapshot."},
      {"due", "", "Only drills that are due: by their time, after a backup, on a change."},
      {"keep", "", "Keep the sandbox for a day, to look at what was restored."},
      {"walk-back", "", "When it fails, drill older snapshots to find the newest good one."},
      {"cold-start", "",
       "Use only the repository and one key: no configuration, variable or cache."},
      {"key-file", "FILE", "The key of a cold start; else LIFEBOAT_PASSPHRASE."},
      {"recipient", "FILE", "The key from the safe, of a cold start."},
      {"strict", "", "Exit status 1 also when a recovery objective is missed."}};
  spec.examples = {
      {"lifeboat drill run shop", "prove the newest snapshot"},
      {"lifeboat drill run shop --snapshot first --strict", "and the oldest"},
      {"lifeboat drill run shop --take-backup", "prove that a backup made now works"},
      {"lifeboat drill run --due", "every hour, from cron or a timer"},
      {"lifeboat drill run shop --walk-back", "since when is it bad, and what changed"},
      {"lifeboat drill run shop --cold-start --recipient /media/safe/key",
       "as on the day when only the repository and the key in the safe are left"}};
  spec.run = run_drill;
  return spec;
}

CommandSpec list_drills_spec() {
  CommandSpec spec;
  spec.name = "drill list";
  spec.summary = "List the drills that ran on this machine.";
  spec.positionals = {{"SERVICE", "Only of this service.", false}};
  spec.examples = {{"lifeboat drill list", "all of them, oldest first"}};
  spec.run = run_list_drills;
  return spec;
}

CommandSpec of_one(std::string_view name, std::string_view summary, Example example, Run run) {
  CommandSpec spec;
  spec.name = name;
  spec.summary = summary;
  spec.positionals = {{"ID", "The drill's id or its beginning; else the latest.", false}};
  spec.options = {{"service", "NAME", "Only of this service."}};
  spec.examples = {example};
  spec.run = run;
  return spec;
}

}  // namespace

std::vector<CommandSpec> drill_commands() {
  auto report =
      of_one("drill report", "Print the report of a drill, or where it is.",
             {"lifeboat drill report", "where the page of the latest drill is"}, run_report);
  report.options.push_back({"format", "FORM", "Print it as md, junit, html or json."});
  return {drill_spec(), run_spec(), list_drills_spec(),
          of_one("drill show", "Show what a drill found.",
                 {"lifeboat drill show", "the latest one"}, run_show_drill),
          std::move(report)};
}

}  // namespace lifeboat::cli
