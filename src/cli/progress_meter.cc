#include "cli/progress_meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "base/json_value.h"

namespace lifeboat::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs that are over sooner leave no trace of their progress.
constexpr Duration kShown = seconds(2);
constexpr std::size_t kBarWidth = 20;
// Weight of the newest interval in the smoothed rate.
constexpr double kNewest = 0.3;

double seconds_of(Duration time) { return static_cast<double>(time.count()) / 1e6; }

// An estimate that turned out too small is none.
std::uint64_t total_of(const ProgressState& state) {
  return state.about && state.bytes > state.total ? 0 : state.total;
}

// Whole seconds: a tenth more or less says nothing here.
std::string about_time(std::int64_t left) {
  return left < 60 ? fmt::format("{} s", left) : describe_duration(seconds(left));
}

std::string eta(const ProgressState& state) {
  if (total_of(state) <= state.bytes || state.rate < 1) return {};
  const auto left = static_cast<double>(state.total - state.bytes) / state.rate;
  return "  ETA " + about_time(static_cast<std::int64_t>(std::min(left, 1e9)) + 1);
}

unsigned percent(const ProgressState& state) {
  const double share = static_cast<double>(state.bytes) / static_cast<double>(state.total);
  return static_cast<unsigned>(std::min(share, 1.0) * 100);
}

std::string amounts(const ProgressState& state) {
  auto text = describe_size(state.bytes);
  if (total_of(state) != 0)
    text += fmt::format(" of {}{}  {} %", state.about ? "about " : "", describe_size(state.total),
                        percent(state));
  if (total_of(state) == 0 && state.items != 0) text += fmt::format("  {} items", state.items);
  if (state.rate >= 1)
    text += fmt::format("  {}/s", describe_size(static_cast<std::uint64_t>(state.rate)));
  return text + eta(state);
}

std::string event_line(const ProgressState& state) {
  Json event;
  event["event"] = "progress";
  event["stage"] = state.stage;
  event["bytes"] = state.bytes;
  event["items"] = state.items;
  if (state.total != 0) event["total"] = state.total;
  return canonical_json(event);
}

}  // namespace

std::string describe(const ProgressState& state) { return state.stage + "  " + amounts(state); }

std::string bar_line(const ProgressState& state, std::size_t width) {
  auto line = state.stage + "  ";
  if (total_of(state) != 0) {
    const auto filled = kBarWidth * percent(state) / 100;
    line += "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '.') + "]  ";
  }
  return cut_to(line + amounts(state), width);
}

ProgressMeter::ProgressMeter(Form form, std::ostream& stream, const Terminal& terminal,
                             const Clock& clock)
    : form_(form), stream_(stream), terminal_(terminal), clock_(clock), begun_(clock.steady()) {}

ProgressMeter::~ProgressMeter() { clear(); }

void ProgressMeter::stage(std::string_view name, std::uint64_t total_bytes) {
  const std::scoped_lock lock(mutex_);
  state_ = {};
  state_.stage = name;
  state_.total = total_bytes;
  stage_begun_ = painted_ = clock_.steady();
  painted_bytes_ = 0;
}

void ProgressMeter::total(std::uint64_t total_bytes) {
  const std::scoped_lock lock(mutex_);
  state_.total = total_bytes;
  state_.about = true;
}

void ProgressMeter::advance(std::uint64_t bytes, std::uint64_t items) {
  const std::scoped_lock lock(mutex_);
  state_.bytes += bytes;
  state_.items += items;
  paint_if_due();
}

void ProgressMeter::clear() {
  const std::scoped_lock lock(mutex_);
  clear_locked();
}

Duration ProgressMeter::interval() const {
  if (form_ == Form::bar) return milliseconds(100);
  return form_ == Form::events ? seconds(1) : seconds(10);
}

void ProgressMeter::paint_if_due() {
  if (form_ == Form::none) return;
  const auto now = clock_.steady();
  const auto since = now - painted_;
  if (now - begun_ < kShown || since < interval()) return;
  const auto newest = static_cast<double>(state_.bytes - painted_bytes_) / seconds_of(since);
  state_.rate = state_.rate < 1 ? newest : state_.rate * (1 - kNewest) + newest * kNewest;
  state_.elapsed = now - stage_begun_;
  painted_ = now;
  painted_bytes_ = state_.bytes;
  paint();
}

void ProgressMeter::paint() {
  if (form_ == Form::events) {
    stream_ << event_line(state_) << std::endl;
  } else if (form_ == Form::lines) {
    stream_ << describe(state_) << std::endl;
  } else {
    stream_ << "\r\x1b[K" << bar_line(state_, terminal_.width - 1) << std::flush;
    on_screen_ = true;
  }
}

void ProgressMeter::clear_locked() {
  if (!on_screen_) return;
  stream_ << "\r\x1b[K" << std::flush;
  on_screen_ = false;
}

}  // namespace lifeboat::cli
