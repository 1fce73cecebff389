#include "cli/table.h"

#include <algorithm>
#include <numeric>

namespace lifeboat::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowestColumn = 8;

std::string padded(const std::string& cell, std::size_t width, Align align) {
  const auto text = cut_to(cell, width);
  const std::string space(width - std::min(width, columns(text)), ' ');
  return align == Align::left ? text + space : space + text;
}

}  // namespace

void Table::add(std::vector<std::string> cells, Style style) {
  cells.resize(columns_.size());
  rows_.push_back({std::move(cells), style});
}

std::string Table::text(const Terminal& terminal) const {
  const auto fitting = widths(terminal.width);
  Row titles;
  for (const auto& column : columns_) titles.cells.push_back(column.title);
  auto text = styled(line(titles, fitting), Style::faint, terminal.colour) + "\n";
  for (const auto& row : rows_)
    text += styled(line(row, fitting), row.style, terminal.colour) + "\n";
  return text;
}

std::vector<std::size_t> Table::widths(std::size_t available) const {
  std::vector<std::size_t> result;
  for (std::size_t at = 0; at < columns_.size(); ++at) {
    std::size_t widest = cli::columns(columns_[at].title);
    for (const auto& row : rows_) widest = std::max(widest, cli::columns(row.cells[at]));
    result.push_back(widest);
  }
  std::size_t total = std::accumulate(result.begin(), result.end(), kGap * (result.size() - 1));
  for (std::size_t at = columns_.size(); at-- > 0 && total > available;) {
    if (!columns_[at].flexible) continue;
    const std::size_t spare = result[at] - std::min(result[at], kNarrowestColumn);
    const std::size_t cut = std::min(spare, total - available);
    result[at] -= cut;
    total -= cut;
  }
  return result;
}

// What does not fit goes on below itself; only a single word that is too long is cut.
std::string Table::last_cell(const Row& row, std::size_t width, std::size_t indent) const {
  const auto& cell = row.cells.back();
  const auto& column = columns_.back();
  if (!column.flexible || cell.find(' ') == std::string::npos)
    return padded(cell, width, column.align);
  return wrapped(cell, indent + width, indent);
}

std::string Table::line(const Row& row, const std::vector<std::size_t>& widths) const {
  std::string text;
  std::size_t used = 0;
  for (std::size_t at = 0; at + 1 < columns_.size(); ++at) {
    text += padded(row.cells[at], widths[at], columns_[at].align) + std::string(kGap, ' ');
    used += widths[at] + kGap;
  }
  if (!columns_.empty()) text += last_cell(row, widths.back(), used);
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace lifeboat::cli
