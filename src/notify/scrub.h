#pragma once
// Takes secrets out of texts that somebody else wrote. Pure.
#include <string>
#include <string_view>

#include "base/secret.h"

namespace lifeboat::notify {

inline constexpr std::size_t kLongestAnswer = 200;  // of what a receiver says, for a report

// Every place where the secret stands becomes "***"; of one with several lines also where they
// stand as one line, or one of them alone.
std::string without(std::string text, std::string_view secret);
// The same for a URL: whole, or the parts of its path and query, as servers repeat them.
std::string without_url(std::string text, const Secret& url);

}  // namespace lifeboat::notify
