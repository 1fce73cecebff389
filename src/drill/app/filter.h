#pragma once
// jq filters over what a server answered, run in a process of their own: without environment,
// files or input, and with little time and memory, for a filter may never end. Thread-safe.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_value.h"
#include "base/result.h"

namespace lifeboat::drill {

// The first value of a filter, or what was wrong with it.
using FilterValue = Result<Json>;

// One value for each filter, in order. The whole is `corrupt` when the text is no JSON or holds a
// whole number beyond 2^53 (the library would change it), and `timed_out` when it takes too long.
Result<std::vector<FilterValue>> run_filters(const std::string& text,
                                             const std::vector<std::string>& filters);

// As the program's only argument.
inline constexpr std::string_view kFilterVerb = "--run-filters";
// The exit status when the arguments say that this process runs filters; every program that calls
// run_filters() calls it first.
std::optional<int> run_filter_process(int argc, char** argv);

}  // namespace lifeboat::drill
