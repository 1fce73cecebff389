#include "notify/scrub.h"

#include <algorithm>

#include "notify/notice.h"

namespace lifeboat::notify {
namespace {

// What is shorter stands in any text by chance.
constexpr std::size_t kShortest = 4;
constexpr std::size_t kShortestPart = 8;
constexpr std::string_view kInstead = "***";
constexpr std::string_view kLineEnds = "\r\n";

std::string without_exactly(std::string text, std::string_view secret) {
  if (secret.size() < kShortest) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += kInstead.size())
    text.replace(at, secret.size(), kInstead);
  return text;
}

}  // namespace

std::string without(std::string text, std::string_view secret) {
  text = without_exactly(std::move(text), secret);
  if (secret.find_first_of(kLineEnds) == std::string_view::npos) return text;
  auto line = one_line(secret, secret.size());
  text = without_exactly(std::move(text), line);
  wipe(line);
  while (!secret.empty()) {
    const auto end = std::min(secret.find_first_of(kLineEnds), secret.size());
    if (end >= kShortestPart) text = without_exactly(std::move(text), secret.substr(0, end));
    secret.remove_prefix(std::min(end + 1, secret.size()));
  }
  return text;
}

std::string without_url(std::string text, const Secret& url) {
  auto whole = to_text(url.view());
  text = without(std::move(text), whole);
  const auto scheme = whole.find("://");
  const auto path = whole.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  auto rest = std::string_view(whole).substr(std::min(path, whole.size()));
  text = without(std::move(text), rest);
  // A server may repeat a part of it: "no such token: T0K3N".
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of("/?&="), rest.size());
    if (end >= kShortestPart) text = without(std::move(text), rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  wipe(whole);
  return text;
}

}  // namespace lifeboat::notify
