#pragma once
// How people read what the service answers: short ids, moments, ages, amounts, findings. Pure but
// for what is said through the session.
#include <functional>
#include <string>
#include <vector>

#include "base/counted.h"
#include "base/json_value.h"
#include "cli/session.h"

namespace lifeboat::cli {

// The beginning of an id, long enough to name it: "4f2a81c09b".
std::string short_id(const Json& object, const char* key = "id");
// "2026-11-21T09:45:00Z", without the fraction of the second; empty when there is none.
std::string moment_of(const Json& object, const char* key = "time");
// "3 min 20 s ago" or "in 5 min", as seen from `now`; empty when there is no time.
std::string age_of(const Json& object, const char* key, Time now);
std::string size_of(const Json& object, const char* key);
std::string milliseconds_of(const Json& object, const char* key = "milliseconds");
// "a, b and c"
std::string join_words(const Json& list);
std::string table_indented(const std::string& text, std::size_t indent);

// The findings of an answer, at most twenty of them. Returns how many there are.
std::size_t say_findings(Session& session, const Json& findings);
// What came of the notices of an answer: a line for each notifier.
void say_notices(Session& session, const Json& body);
// What was archived of logs, by repository: as service::follow_log() says it.
void say_log_round(Session& session, const Json& round);
// An error within an answer, one of several: "error: …" and "hint: …" in the result's own place.
void say_error(Session& session, const Json& error);

// One of so many that failed: its exit status, when it is said and the others go on. What is alone,
// or was stopped, is the command's own error.
Result<int> failed_one(Session& session, const Error& error, std::size_t of);

// Asks for one answer a name, says each as soon as it is there, and goes on after one that failed.
// The worst exit status decides; --json prints one result {what: [answers]}.
using Ask = std::function<Result<service::Answer>(const std::string& name)>;
using Say = std::function<void(const Json& body)>;
Result<int> answer_each(Session& session, const std::vector<std::string>& names, const Ask& ask,
                        const Say& say);

}  // namespace lifeboat::cli
