#pragma once
// Single values as they are written in the file, turned into what they mean. Pure and thread-safe.
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "config/schema.h"
#include "drill/options.h"

namespace lifeboat::config {

// Letters, digits, '-' and '_', at most 64, not beginning with '-': names become parts of paths and
// arguments.
bool is_name(std::string_view text);

// Each `config_invalid` when the text is not of the form.
Result<bool> parse_flag(std::string_view text);
Result<unsigned> parse_count(std::string_view text);
Result<std::pair<std::string, std::string>> parse_table(std::string_view text);
Result<drill::Expectation> parse_expectation(std::string_view text);

// Whether a scalar without open variables is what the row's type says.
Result<void> check_value(const Row& row, std::string_view text);

}  // namespace lifeboat::config
