#include "drill/forecast.h"

#include <algorithm>

#include "base/clock.h"
#include "base/counted.h"
#include "base/median.h"
#include "drill/render/view.h"
#include "drill/report.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kDrills = 5;     // earlier ones that are looked at
constexpr std::int64_t kLikeSize = 4;  // times larger or smaller

bool is_like(const Json& evidence, const Ahead& ahead) {
  if (!ahead.drill.empty() && text_in(evidence, {"drill"}) != ahead.drill) return false;
  if (text_in(evidence, {"tier"}) != ahead.tier) return false;
  if (evidence.contains("error")) return false;
  const auto bytes = bytes_in(evidence);
  const auto own = static_cast<std::int64_t>(ahead.bytes);
  return bytes / kLikeSize <= own && own / kLikeSize <= bytes;
}

bool grows_with_bytes(const std::string& stage) { return stage == "restore" || stage == "check"; }

// How long a person thinks about an answer says nothing about the next one.
bool waits_for_people(const std::string& stage) { return stage == kManualStage; }

std::int64_t scaled(std::int64_t milliseconds, std::int64_t from, std::uint64_t to) {
  if (from <= 0) return milliseconds;
  return static_cast<std::int64_t>(static_cast<double>(milliseconds) * static_cast<double>(to) /
                                   static_cast<double>(from));
}

std::int64_t milliseconds_for(const Json& stage, const Json& evidence, std::uint64_t bytes) {
  const auto taken = number_in(stage, "milliseconds");
  return grows_with_bytes(text_in(stage, {"name"})) ? scaled(taken, bytes_in(evidence), bytes)
                                                    : taken;
}

// The middle one of the sums over the stages that `fits`.
template <class Fits>
std::optional<TimeForecast> middle_of(const std::vector<Json>& like, const Ahead& ahead,
                                      const Fits& fits) {
  if (like.empty()) return std::nullopt;
  std::vector<std::int64_t> times;
  for (const auto& evidence : like) {
    auto& sum = times.emplace_back(0);
    for (const auto& stage : list_in(evidence, "stages"))
      if (fits(text_in(stage, {"name"}))) sum += milliseconds_for(stage, evidence, ahead.bytes);
  }
  return TimeForecast{std::chrono::milliseconds(median_of(std::move(times))), like.size()};
}

std::string memory_sentence(const MemoryForecast& memory) {
  const auto said = [](const std::optional<std::uint64_t>& bytes) {
    return bytes ? describe_size(*bytes) : std::string("not known yet");
  };
  // A drill that boots none needs none for it.
  const auto application =
      memory.application == 0U ? "" : said(memory.application) + " for the application and ";
  return "memory " + application + said(memory.own) + " for Lifeboat of " +
         describe_size(memory.room.bytes) + " that " + memory.room.where + " has";
}

Json memory_forecast_json(const MemoryForecast& memory) {
  Json json{{"available", memory.room.bytes}, {"where", memory.room.where}};
  if (memory.application) json["application"] = *memory.application;
  if (memory.own) json["own"] = *memory.own;
  return json;
}

}  // namespace

std::vector<Json> like_drills(const std::vector<SignedRecord>& records, const Ahead& ahead) {
  std::vector<Json> like;
  for (auto each = records.rbegin(); each != records.rend() && like.size() < kDrills; ++each)
    if (is_like(each->evidence, ahead)) like.push_back(each->evidence);
  return like;
}

std::optional<TimeForecast> forecast_time(const std::vector<Json>& like, const Ahead& ahead) {
  return middle_of(like, ahead, [](const std::string& name) { return !waits_for_people(name); });
}

std::optional<TimeForecast> forecast_stage(const std::vector<Json>& like, const std::string& stage,
                                           const Ahead& ahead) {
  return middle_of(like, ahead, [&](const std::string& name) { return name == stage; });
}

std::optional<std::uint64_t> peak_of(const std::vector<Json>& like, const char* what) {
  std::int64_t peak = 0;
  for (const auto& evidence : like)
    peak = std::max(peak, number_in(object_in(object_in(evidence, "measures"), "memory"), what));
  return peak == 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(peak));
}

Result<void> judge_time(const std::optional<TimeForecast>& foretold,
                        const std::optional<Duration>& within) {
  if (!foretold || !within || foretold->whole <= *within) return {};
  return fail(
      Error(Code::timed_out, "it is foretold to take " + describe_duration(foretold->whole) +
                                 ", which is longer than the drill may take, " +
                                 describe_duration(*within))
          .with_hint("Give the drill more time with within: …, or leave checks out of it."));
}

std::string sentence_of(const Forecast& forecast) {
  std::string text = "This drill will take ";
  text += forecast.time ? "about " + describe_duration(forecast.time->whole) + ", foretold by " +
                              counted(forecast.time->drills, "earlier drill", "earlier drills")
                        : std::string("a time that no earlier drill tells");
  if (forecast.disk)
    text += "; disk " + describe_size(forecast.disk->needed) + " of " +
            describe_size(forecast.disk->free) + " free in " + forecast.disk->where;
  if (forecast.memory) text += "; " + memory_sentence(*forecast.memory);
  return text + ".";
}

Json to_json(const Forecast& forecast, Duration taken) {
  Json json = Json::object();
  if (forecast.disk)
    json["disk"] = {{"needed", forecast.disk->needed},
                    {"free", forecast.disk->free},
                    {"where", forecast.disk->where}};
  if (forecast.memory) json["memory"] = memory_forecast_json(*forecast.memory);
  json["time"] = {{"taken_ms", whole_milliseconds(taken)}};
  if (!forecast.time) return json;
  json["time"]["predicted_ms"] = whole_milliseconds(forecast.time->whole);
  json["time"]["drills"] = forecast.time->drills;
  return json;
}

}  // namespace lifeboat::drill
