#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>

namespace lifeboat::config {
namespace {

// A hostile file must not make an endless report.
constexpr std::size_t kMostProblems = 200;

}  // namespace

void Problems::error(Mark mark, std::string message, std::string hint) {
  ++errors_;
  if (all_.size() < kMostProblems)
    all_.push_back({Problem::Level::error, mark, std::move(message), std::move(hint)});
}

void Problems::warning(Mark mark, std::string message, std::string hint) {
  if (all_.size() < kMostProblems)
    all_.push_back({Problem::Level::warning, mark, std::move(message), std::move(hint)});
}

std::vector<Problem> Problems::sorted() const {
  auto copy = all_;
  std::stable_sort(copy.begin(), copy.end(),
                   [](const Problem& a, const Problem& b) { return a.mark < b.mark; });
  return copy;
}

Error Problems::as_error(const std::string& file) const {
  std::string text =
      fmt::format("{} has {} {}", file, errors_, errors_ == 1 ? "mistake" : "mistakes");
  for (const auto& problem : sorted())
    if (problem.level == Problem::Level::error) text += "\n  " + describe(file, problem);
  return {Code::config_invalid, text};
}

std::string describe(const std::string& file, const Problem& problem) {
  std::string text = file;
  if (problem.mark.line != 0) text += fmt::format(":{}:{}", problem.mark.line, problem.mark.column);
  text += ": " + problem.message;
  if (!problem.hint.empty()) text += fmt::format(" ({})", problem.hint);
  return text;
}

}  // namespace lifeboat::config
