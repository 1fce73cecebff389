#pragma once
// A field of a line of CSV. Stateless.
#include <string>
#include <string_view>

namespace lifeboat::exchange::jsonl {

// In quotes where it must be, as RFC 4180 has it; a text that a spreadsheet would take for a
// formula is kept from it by an apostrophe.
std::string csv_field(std::string_view text);

}  // namespace lifeboat::exchange::jsonl
