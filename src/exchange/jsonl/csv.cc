#include "exchange/jsonl/csv.h"

namespace lifeboat::exchange::jsonl {

std::string csv_field(std::string_view text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  const bool looks_active = !text.empty() && kFormula.find(text.front()) != text.npos;
  std::string field = looks_active ? "'" : "";
  field += text;
  if (field.find_first_of(",\"\r\n'") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace lifeboat::exchange::jsonl
