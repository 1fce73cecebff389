#include "policy/objective.h"

namespace lifeboat::policy {
namespace {

Judgement judge_one(const std::optional<Duration>& promised,
                    const std::optional<Duration>& measured) {
  if (!promised) return Judgement::not_set;
  if (!measured) return Judgement::not_measured;
  return *measured <= *promised ? Judgement::met : Judgement::missed;
}

}  // namespace

std::string_view to_text(Judgement judgement) {
  switch (judgement) {
    case Judgement::met:
      return "met";
    case Judgement::missed:
      return "missed";
    case Judgement::not_measured:
      return "not measured";
    case Judgement::not_set:
      return "not set";
  }
  return "not set";
}

ObjectiveJudgement Objective::judge(const Measured& measured) const {
  return {judge_one(options_.rpo, measured.rpo), judge_one(options_.rto, measured.rto)};
}

}  // namespace lifeboat::policy
