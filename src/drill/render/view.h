#pragma once
// Reads evidence for those who render it: what is absent or of another shape is empty, so that a
// page is written even of odd evidence. Pure.
#include <string>
#include <vector>

#include "drill/evidence.h"

namespace lifeboat::drill {

// What is rendered: the record, and what people said of it since.
struct Dossier {
  SignedRecord record;
  // Null when nobody could be asked; else a list of {"name", "role", "comment", "time", "key",
  // "verdict", "revoked"}.
  Json sign_offs = Json::array();
};

// A text member however deep; numbers and flags as JSON writes them. Not escaped.
std::string text_in(const Json& json, std::initializer_list<const char*> path);
// Where it ran: the host, and what people call it: "db7 (staging)".
std::string place_in(const Json& evidence);
// A time to the second: more is for the evidence. What is no time is shown as it is.
std::string moment_in(const Json& json, std::initializer_list<const char*> path);
std::int64_t number_in(const Json& json, const char* key);
// The member when it is a list or object; else an empty one.
const Json& list_in(const Json& json, const char* key);
const Json& object_in(const Json& json, const char* key);
// "3 min 20 s" of a member in milliseconds, "–" when there is none.
std::string elapsed_in(const Json& json, const char* key);

// What was drilled: "abc of 2026-…" of a snapshot, "shop-2026-11-20.tar of …" of other tools'
// backups. Not escaped.
std::vector<std::string> subjects_in(const Json& evidence);
// Bytes of the snapshot and of other tools' backups, unpacked.
std::int64_t bytes_in(const Json& evidence);

enum class Tone : std::uint8_t { good, waived, bad, open };
// "good" only for a verdict of proven that the rest of the record does not contradict: the one
// place that decides what may be green.
Tone tone_of(const Json& evidence);

struct Headline {
  Tone tone;
  std::string verdict;  // "proven", "proven with waivers", "failed", "unverified"
  std::string meaning;  // what it means for whoever needs the backup
};
Headline headline_of(const Json& evidence);

// "4.2 s of 2 h 00 min: met", "4.2 s", "not measured".
std::string objective_in(const Json& evidence, const char* name);
// "3 markers, 2 min 10 s", "not run: no markers are configured".
std::string lost_writes_in(const Json& evidence);

// "9.0 s projected …" where a drill left something out; else empty.
std::string projection_in(const Json& evidence);

// How a step of the runbook went: "done", "not reached".
std::string runbook_word(const Json& line);

// What was said before anything was fetched, beside what was found: one for each of time,
// disk and memory. Empty for a record that has none. Not escaped.
struct Foretold {
  std::string what;
  std::string text;
};
std::vector<Foretold> forecast_in(const Json& evidence);

}  // namespace lifeboat::drill
