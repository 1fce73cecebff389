#pragma once
// Single values as they are written in the file, turned into what they mean. Pure and thread-safe.
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "base/result.h"
#include "config/node.h"
#include "config/place.h"
#include "config/schema.h"
#include "drill/options.h"
#include "sandbox/options.h"

namespace lifeboat::config {

// Letters, digits, '-' and '_', at most 64, not beginning with '-': names become parts of paths and
// arguments.
bool is_name(std::string_view text);

// Each `config_invalid` when the text is not of the form.
Result<bool> parse_flag(std::string_view text);
Result<unsigned> parse_count(std::string_view text);
// Into a place that keeps what it holds when the file says nothing.
Result<void> read_duration(const Place& place, Duration& into);
// An exit status: 0 to 255.
Result<int> parse_status(std::string_view text);
Result<std::pair<std::string, std::string>> parse_table(std::string_view text);
Result<drill::Expectation> parse_expectation(std::string_view text);

// "1%" as 0.01.
Result<double> parse_percent(std::string_view text);
// "host:port", where the host is a name.
Result<sandbox::Destination> parse_destination(std::string_view text);
// A value below a key of type json: texts that read like numbers, true, false or null are these; a
// text at the top is JSON itself.
Result<Json> json_of(const Node& node);

// Whether a scalar without open variables is what the row's type says.
Result<void> check_value(const Row& row, std::string_view text);

}  // namespace lifeboat::config
