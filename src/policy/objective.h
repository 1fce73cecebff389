#pragma once
// Judges measured loss and downtime against what was promised, apart from a drill's verdict.
// Thread-safe.
#include <string_view>

#include "policy/options.h"

namespace lifeboat::policy {

enum class Judgement : std::uint8_t {
  met,
  missed,
  not_measured,  // there is an objective, and no measurement: never counted as met
  not_set,       // there is no objective
};

// "met", "missed", "not measured", "not set".
std::string_view to_text(Judgement judgement);

struct Measured {
  std::optional<Duration> rpo;
  std::optional<Duration> rto;
};

struct ObjectiveJudgement {
  Judgement rpo = Judgement::not_set;
  Judgement rto = Judgement::not_set;
  // Something that was promised was missed.
  bool missed() const { return rpo == Judgement::missed || rto == Judgement::missed; }
};

class Objective {
 public:
  explicit Objective(ObjectiveOptions options) : options_(options) {}
  // Exactly the promised time is still met.
  ObjectiveJudgement judge(const Measured& measured) const;

 private:
  ObjectiveOptions options_;
};

}  // namespace lifeboat::policy
