#include "service/notice_texts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "drill/render/view.h"
#include "policy/watch.h"

namespace lifeboat::service {
namespace {

using drill::list_in;
using notify::Event;
using notify::Notice;

constexpr std::size_t kLongestReason = 400;
constexpr std::size_t kShownId = 10;

Notice notice_of(const Occasion& occasion) {
  Notice notice;
  notice.service = occasion.service;
  notice.subject = occasion.subject;
  notice.time = occasion.now;
  return notice;
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// From now on it is not good, or still not.
void mark_bad(Notice& notice, const Occasion& occasion, Event event) {
  notice.events.push_back(event);
  const bool still = occasion.before && !occasion.before->good;
  notice.since = to_the_second(still ? occasion.before->since : occasion.now);
}

void mark_good(Notice& notice, const Occasion& occasion, Event event) {
  notice.events.push_back(event);
  if (!occasion.before || occasion.before->good) return;
  notice.events.push_back(Event::recovered);
  notice.since = to_the_second(occasion.before->since);
}

std::string clean(const Occasion& occasion, std::string text) {
  return occasion.without_secrets ? occasion.without_secrets(std::move(text)) : text;
}

// Nobody finds a secret any more of which the end was cut off, or whose lines became one.
std::string shortened(const Occasion& occasion, std::string text) {
  return notify::one_line(clean(occasion, std::move(text)), kLongestReason);
}

// What a command printed is not repeated: nobody knows what it is.
std::string reason_of(const Occasion& occasion, std::string_view code, std::string message) {
  message = clean(occasion, std::move(message));
  if (code == info_of(Code::command_failed).name) {
    const auto status = message.find("ended with status");
    const auto end = message.find(':', status == std::string::npos ? 0 : status);
    message.resize(std::min(end, message.size()));
  }
  return shortened(occasion, std::move(message));
}

std::string reason_of(const Occasion& occasion, const Error& error) {
  return reason_of(occasion, info_of(error.code()).name, error.describe());
}

// "recovery took 3 h 00 min, promised 2 h 00 min"
std::string missed_text(const Json& measures) {
  std::string text;
  for (const auto& [key, what] :
       {std::pair("rto", "recovery took "), std::pair("rpo", "the restored state was old: ")}) {
    const auto found = measures.find(key);
    if (found == measures.end() || text_in(*found, "judgement") != "missed") continue;
    const auto span = [&](const char* name) {
      return describe_duration(std::chrono::milliseconds(found->value(name, std::int64_t{0})));
    };
    text += fmt::format("{}{}{}, promised {}", text.empty() ? "" : "; ", what, span("measured_ms"),
                        span("objective_ms"));
  }
  return text;
}

std::string waived_text(const Json& evidence) {
  std::string names;
  for (const auto& check : list_in(evidence, "checks"))
    if (text_in(check, "outcome") == "waived")
      names += (names.empty() ? "" : ", ") + text_in(check, "id");
  return "somebody waived " + (names.empty() ? "a check" : names);
}

std::string good_text(const Json& evidence) {
  if (text_in(evidence, "verdict") != "proven") return waived_text(evidence);
  std::size_t found = list_in(evidence, "findings").size();
  for (const auto& check : list_in(evidence, "checks"))
    if (text_in(check, "outcome") == "warned") ++found;
  return "the restored data equals what was backed up" +
         (found == 0 ? "" : ", with " + counted(found, "finding", "findings"));
}

std::string shown_id(const Json& object) { return text_in(object, "id").substr(0, kShownId); }

std::string show_command(const Json& evidence) {
  return "lifeboat drill show " + shown_id(evidence) + " --service " + text_in(evidence, "service");
}

void tell_cause(Notice& notice, const Occasion& occasion, const Json& evidence) {
  const auto& diagnoses = list_in(evidence, "diagnosis");
  notice.next = show_command(evidence);
  notice.reason = "no rule explains it: what was found is in the report";
  if (diagnoses.empty()) return;
  const auto& first = diagnoses.front();
  notice.reason = shortened(occasion, text_in(first, "subject") + ": " + text_in(first, "cause"));
  if (const auto next = text_in(first, "next"); !next.empty()) notice.next = next;
}

struct BackupSum {
  std::string places;  // of the repositories that have it
  std::string snapshot;
  std::string fault;  // the first
  bool failed = false;
  std::size_t faults = 0;
};

void add_outcome(BackupSum& sum, const Occasion& occasion, const Json& outcome) {
  const auto name = text_in(outcome, "repository");
  const auto fault = [&](const std::string& what) {
    if (sum.faults++ == 0) sum.fault = name + ": " + what;
  };
  const auto error = outcome.find("error");
  if (error != outcome.end()) {
    sum.failed = true;
    return fault(reason_of(occasion, text_in(*error, "code"), text_in(*error, "message")));
  }
  const Json& snapshot = outcome.at("snapshot");
  if (!snapshot.value("complete", false)) return fault("something could not be read");
  sum.snapshot = shown_id(snapshot);
  sum.places += (sum.places.empty() ? "" : " and ") + name;
}

std::string places_text(const Json& plan) {
  std::string text;
  for (const auto& item : list_in(plan, "items"))
    text += (text.empty() ? "" : ", ") + text_in(item, "source") + " to " + text_in(item, "place");
  return text;
}

}  // namespace

Notice drill_notice(const Occasion& occasion, const Json& evidence) {
  auto notice = notice_of(occasion);
  notice.verdict = text_in(evidence, "verdict");
  notice.owner = text_in(evidence, "owner");
  if (!policy::is_proven(notice.verdict)) {
    mark_bad(notice, occasion, notice.verdict == "failed" ? Event::failed : Event::unverified);
    tell_cause(notice, occasion, evidence);
    return notice;
  }
  mark_good(notice, occasion, Event::proven);
  notice.reason = good_text(evidence);
  const auto missed = missed_text(evidence.value("measures", Json::object()));
  if (missed.empty()) return notice;
  notice.events.push_back(Event::missed);
  notice.reason += "; " + missed;
  notice.next = show_command(evidence);
  return notice;
}

Notice drill_notice(const Occasion& occasion, const Error& error) {
  auto notice = notice_of(occasion);
  notice.verdict = "unverified";
  mark_bad(notice, occasion, Event::unverified);
  notice.reason = reason_of(occasion, error);
  notice.next = "lifeboat doctor, then lifeboat drill run " + occasion.service;
  return notice;
}

Notice backup_notice(const Occasion& occasion, const Json& answer) {
  auto notice = notice_of(occasion);
  BackupSum sum;
  for (const auto& outcome : list_in(answer, "repositories")) add_outcome(sum, occasion, outcome);
  if (sum.faults == 0 && !sum.places.empty()) {
    notice.verdict = "complete";
    mark_good(notice, occasion, Event::backup);
    notice.reason = "snapshot " + sum.snapshot + " is in " + sum.places;
    return notice;
  }
  notice.verdict = sum.failed || sum.faults == 0 ? "failed" : "incomplete";
  mark_bad(notice, occasion, Event::failed);
  notice.reason = shortened(occasion, sum.fault);
  if (sum.faults == 0) notice.reason = "no repository has it";
  if (sum.faults > 1) notice.reason += fmt::format(" (and {} more)", sum.faults - 1);
  if (!sum.places.empty()) notice.reason += "; it is in " + sum.places;
  notice.next = "lifeboat doctor, then lifeboat backup " + occasion.service;
  return notice;
}

Notice backup_notice(const Occasion& occasion, const Error& error) {
  auto notice = notice_of(occasion);
  notice.verdict = "failed";
  mark_bad(notice, occasion, Event::failed);
  notice.reason = reason_of(occasion, error);
  notice.next = "lifeboat doctor, then lifeboat backup " + occasion.service;
  return notice;
}

Notice restore_notice(const Occasion& occasion, const Json& plan, const RestoreEnd& end) {
  auto notice = notice_of(occasion);
  notice.events = {Event::restore};
  notice.verdict = !end.over ? "begins" : end.error ? "failed" : "done";
  const auto snapshot = plan.value("snapshot", Json::object());
  notice.reason = shortened(occasion, fmt::format("snapshot {} of {}: {}", shown_id(snapshot),
                                                  text_in(snapshot, "time"), places_text(plan)));
  if (!end.over) return notice;
  if (!end.error) {
    notice.reason += ", in " + describe_duration(end.elapsed);
    return notice;
  }
  notice.events.push_back(Event::failed);
  notice.reason = reason_of(occasion, *end.error);
  notice.next = end.error->hint();
  return notice;
}

Notice overdue_notice(const Occasion& occasion, const std::optional<Duration>& age) {
  auto notice = notice_of(occasion);
  notice.verdict = "overdue";
  mark_bad(notice, occasion, Event::overdue);
  const bool backup = occasion.subject == "backup";
  notice.reason = age ? "the last one is " + describe_duration(*age) + " old"
                      : std::string("there has never been one");
  notice.next = (backup ? "lifeboat backup " : "lifeboat drill run ") + occasion.service;
  return notice;
}

Notice test_notice(const Occasion& occasion) {
  auto notice = notice_of(occasion);
  notice.events = {Event::test};
  notice.verdict = "test";
  notice.reason = "somebody asked for it; nothing happened";
  return notice;
}

}  // namespace lifeboat::service
