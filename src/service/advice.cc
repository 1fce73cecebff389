#include "service/advice.h"

namespace lifeboat::service {
namespace {

std::string level_name(AdviceList::Level level) {
  switch (level) {
    case AdviceList::Level::ok:
      return "ok";
    case AdviceList::Level::warning:
      return "warning";
    case AdviceList::Level::error:
      return "error";
  }
  return "error";
}

}  // namespace

void AdviceList::add(const std::string& subject, const engine::Advice& advice) {
  errors_ += advice.level == Level::error ? 1 : 0;
  warnings_ += advice.level == Level::warning ? 1 : 0;
  rows_.push_back({{"level", level_name(advice.level)},
                   {"subject", subject},
                   {"message", advice.message},
                   {"hint", advice.hint}});
}

void AdviceList::error(const std::string& subject, const Error& found) {
  // Errors often begin with what they are about, which is said already.
  auto message = found.describe();
  if (message.starts_with(subject + ": ")) message.erase(0, subject.size() + 2);
  error(subject, std::move(message), std::string(found.hint()));
}

Answer AdviceList::answer() && {
  Answer answer;
  answer.body["advice"] = std::move(rows_);
  answer.body["errors"] = errors_;
  answer.body["warnings"] = warnings_;
  answer.exit_status = errors_ == 0 ? 0 : 1;
  return answer;
}

}  // namespace lifeboat::service
