#include "drill/render/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/counted.h"

namespace lifeboat::drill {
namespace {

const Json* found_in(const Json& json, const char* key) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(key);
  return found == json.end() ? nullptr : &*found;
}

// A record that says proven beside a check that is not passed contradicts itself.
bool nothing_contradicts(const Json& evidence, bool waivers) {
  const auto& checks = list_in(evidence, "checks");
  const auto fits = [&](const Json& check) {
    const auto outcome = text_in(check, {"outcome"});
    return outcome == "passed" || outcome == "warned" || (waivers && outcome == "waived");
  };
  return !checks.empty() && std::all_of(checks.begin(), checks.end(), fits) &&
         !evidence.contains("error") && text_in(evidence, {"tear_down", "clean"}) == "true";
}

std::string size_in(const Json& json, const char* key) {
  if (found_in(json, key) == nullptr) return "not known yet";
  return describe_size(static_cast<std::uint64_t>(std::max<std::int64_t>(number_in(json, key), 0)));
}

std::string time_foretold(const Json& time) {
  const auto taken = elapsed_in(time, "taken_ms") + " taken";
  if (!time.contains("predicted_ms"))
    return taken + "; not known before: no earlier drill is like it";
  return elapsed_in(time, "predicted_ms") + " foretold by " +
         counted(static_cast<std::uint64_t>(number_in(time, "drills")), "earlier drill",
                 "earlier drills") +
         ", " + taken;
}

std::string memory_foretold(const Json& foretold, const Json& taken) {
  const bool boots = !foretold.contains("application") || number_in(foretold, "application") > 0;
  auto text = (boots ? "application " + size_in(foretold, "application") + ", " : "") +
              "Lifeboat " + size_in(foretold, "own") + "; " + size_in(foretold, "available") +
              " available on " + text_in(foretold, {"where"}) + "; taken by Lifeboat " +
              size_in(taken, "own");
  if (taken.contains("application"))
    text += ", by the application " + size_in(taken, "application");
  return text;
}

}  // namespace

std::string text_in(const Json& json, std::initializer_list<const char*> path) {
  const Json* at = &json;
  for (const char* key : path) {
    at = found_in(*at, key);
    if (at == nullptr) return "";
  }
  return at->is_string() ? at->get<std::string>() : canonical_json(*at);
}

std::string place_in(const Json& evidence) {
  const auto name = text_in(evidence, {"environment", "name"});
  return text_in(evidence, {"environment", "host"}) + (name.empty() ? "" : " (" + name + ")");
}

std::string moment_in(const Json& json, std::initializer_list<const char*> path) {
  const auto written = text_in(json, path);
  const auto time = parse_rfc3339(written);
  return time ? to_the_second(*time) : written;
}

std::int64_t number_in(const Json& json, const char* key) {
  const auto* found = found_in(json, key);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

const Json& list_in(const Json& json, const char* key) {
  static const Json kEmpty = Json::array();
  const auto* found = found_in(json, key);
  return found != nullptr && found->is_array() ? *found : kEmpty;
}

const Json& object_in(const Json& json, const char* key) {
  static const Json kEmpty = Json::object();
  const auto* found = found_in(json, key);
  return found != nullptr && found->is_object() ? *found : kEmpty;
}

std::string elapsed_in(const Json& json, const char* key) {
  if (found_in(json, key) == nullptr) return "–";
  return describe_duration(std::chrono::milliseconds(number_in(json, key)));
}

std::vector<std::string> subjects_in(const Json& evidence) {
  std::vector<std::string> subjects;
  const auto& snapshot = object_in(evidence, "snapshot");
  if (!snapshot.empty())
    subjects.push_back(text_in(snapshot, {"id"}).substr(0, 10) + " of " +
                       moment_in(snapshot, {"time"}));
  for (const auto& backup : list_in(evidence, "foreign")) {
    const auto name = text_in(backup, {"name"});
    const auto time = moment_in(backup, {"time"});
    subjects.push_back(text_in(backup, {"source"}) + ": " +
                       (name.empty() ? "brought by a program" : name) +
                       (time.empty() ? "" : " of " + time) + " (made by another tool)");
  }
  return subjects;
}

std::int64_t bytes_in(const Json& evidence) {
  auto bytes = number_in(object_in(evidence, "snapshot"), "bytes");
  for (const auto& backup : list_in(evidence, "foreign")) bytes += number_in(backup, "unpacked");
  return bytes;
}

Tone tone_of(const Json& evidence) {
  const auto verdict = text_in(evidence, {"verdict"});
  if (verdict == "failed") return Tone::bad;
  if (verdict == "proven" && nothing_contradicts(evidence, false)) return Tone::good;
  if (verdict == "proven with waivers" && nothing_contradicts(evidence, true)) return Tone::waived;
  return Tone::open;
}

Headline headline_of(const Json& evidence) {
  static constexpr std::array<const char*, 4> kMeanings{
      "This backup can be recovered", "Recovered, but for what somebody waived",
      "This backup cannot be relied on", "Not decided: this is not a pass"};
  const auto tone = tone_of(evidence);
  return {tone, text_in(evidence, {"verdict"}), kMeanings[static_cast<std::size_t>(tone)]};
}

std::string objective_in(const Json& evidence, const char* name) {
  const auto& measure = object_in(object_in(evidence, "measures"), name);
  if (!measure.contains("measured_ms")) return "not measured";
  auto shown = elapsed_in(measure, "measured_ms");
  if (!measure.contains("objective_ms")) return shown;
  const auto judgement = text_in(measure, {"judgement"});
  return shown + " of " + elapsed_in(measure, "objective_ms") + ": " +
         (judgement == "not_judged" ? "not judged" : judgement);
}

std::string projection_in(const Json& evidence) {
  const auto& rto = object_in(object_in(evidence, "measures"), "rto");
  const auto& projected = object_in(rto, "projected");
  if (projected.empty()) return "";
  if (text_in(projected, {"outcome"}) != "projected")
    return "not known: " + text_in(projected, {"reason"});
  return elapsed_in(projected, "milliseconds") + " projected, not measured: comparing everything " +
         "took " + elapsed_in(projected, "check_ms") + " at this size in " +
         counted(static_cast<std::uint64_t>(number_in(projected, "drills")), "earlier drill",
                 "earlier drills") +
         " of tier full";
}

std::string runbook_word(const Json& line) {
  const auto outcome = text_in(line, {"outcome"});
  return outcome == "not_reached" ? "not reached" : outcome;
}

std::vector<Foretold> forecast_in(const Json& evidence) {
  const auto& forecast = object_in(evidence, "forecast");
  if (forecast.empty()) return {};
  const auto& disk = object_in(forecast, "disk");
  std::vector<Foretold> rows{{"The drill's time", time_foretold(object_in(forecast, "time"))}};
  if (!disk.empty())
    rows.push_back({"The drill's disk", size_in(disk, "needed") + " foretold, " +
                                            size_in(disk, "free") + " free in " +
                                            text_in(disk, {"where"})});
  if (forecast.contains("memory"))
    rows.push_back({"The drill's memory",
                    memory_foretold(object_in(forecast, "memory"),
                                    object_in(object_in(evidence, "measures"), "memory"))});
  return rows;
}

std::string lost_writes_in(const Json& evidence) {
  const auto& rpo = object_in(object_in(evidence, "measures"), "rpo");
  const auto& lost = object_in(rpo, "lost_writes");
  if (text_in(lost, {"outcome"}) != "measured") return "not run: " + text_in(lost, {"reason"});
  const auto markers =
      lost.contains("markers")
          ? counted(static_cast<std::uint64_t>(number_in(lost, "markers")), "marker", "markers") +
                ", "
          : "";
  return markers + elapsed_in(lost, "window_ms");
}

}  // namespace lifeboat::drill
