#pragma once
// Rows and columns as text that fits a terminal. Values; not thread-safe while being filled.
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace lifeboat::cli {

enum class Align : std::uint8_t { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
  bool flexible = false;  // gives way when the table is too wide: cut, or wrapped at the right end
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // As many cells as columns; they must be printable. Styles colour the cell, after it was cut.
  void add(std::vector<std::string> cells, Style style = Style::plain);
  bool empty() const { return rows_.empty(); }
  // With a line of titles; every line ends with "\n" and no spaces before it.
  std::string text(const Terminal& terminal) const;

 private:
  struct Row {
    std::vector<std::string> cells;
    Style style = Style::plain;
  };
  std::vector<std::size_t> widths(std::size_t available) const;
  std::string last_cell(const Row& row, std::size_t width, std::size_t indent) const;
  std::string line(const Row& row, const std::vector<std::size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<Row> rows_;
};

}  // namespace lifeboat::cli
