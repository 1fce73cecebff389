#include "config/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lifeboat::config {
namespace {

// A hostile file must not make an endless report.
constexpr std::size_t kMostProblems = 200;

// Levenshtein's distance: how many letters to insert, remove or exchange; two swapped neighbours
// count as one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchange = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, exchange});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

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

std::string closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > 64) return {};
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string_view found;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    if (distance >= best) continue;
    best = distance;
    found = candidate;
  }
  return std::string(found);
}

}  // namespace lifeboat::config
