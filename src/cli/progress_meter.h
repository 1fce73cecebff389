#pragma once
// How far a run is: a bar on a terminal, now and then a line elsewhere, events with --json.
// Thread-safe.
#include <iosfwd>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/log.h"
#include "cli/terminal.h"

namespace lifeboat::cli {

struct ProgressState {
  std::string stage;
  std::uint64_t total = 0;  // bytes; 0 = unknown
  bool about = false;       // the total is an estimate
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;
  double rate = 0;      // bytes per second
  Duration elapsed{0};  // of the stage
};

// "restore  1.2 GB of 4.0 GB  30 %  85.3 MB/s  ETA 33 s"; "of about" an estimate, which is not said
// any more once there was more than that.
std::string describe(const ProgressState& state);
// The same with a bar, at most `width` columns.
std::string bar_line(const ProgressState& state, std::size_t width);

class ProgressMeter : public Progress {
 public:
  enum class Form : std::uint8_t { none, bar, lines, events };

  ProgressMeter(Form form, std::ostream& stream, const Terminal& terminal, const Clock& clock);
  ~ProgressMeter() override;

  void stage(std::string_view name, std::uint64_t total_bytes) override;
  void total(std::uint64_t total_bytes) override;
  void advance(std::uint64_t bytes, std::uint64_t items) override;
  bool wants_total() const override { return form_ == Form::bar; }
  // Takes the bar off the screen, so that something else can be written there.
  void clear();

 private:
  void paint_if_due();
  void paint();
  void clear_locked();
  Duration interval() const;

  const Form form_;
  std::ostream& stream_;
  const Terminal terminal_;
  const Clock& clock_;
  // Written by every worker of a run; held for a few additions, and for a line at most ten times a
  // second.
  std::mutex mutex_;
  ProgressState state_;
  Duration begun_{0};  // of the run: nothing is shown of short ones
  Duration stage_begun_{0};
  Duration painted_{0};
  std::uint64_t painted_bytes_ = 0;
  bool on_screen_ = false;
};

}  // namespace lifeboat::cli
