// The registry of media: one row for each, by the scheme of its URL.
#include "storage/open.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "storage/local/local_backend.h"
#include "storage/memory/memory_backend.h"
#include "storage/wrap/retry.h"
#include "storage/wrap/throttle.h"

namespace lifeboat::storage {
namespace {

struct Request {
  std::string rest;  // of the URL, behind "scheme:"
  OpenMode mode;
  const Clock& clock;
  Random& random;
};
using Opened = Result<std::unique_ptr<Backend>>;

struct Medium {
  std::string_view scheme;
  Opened (*open)(const Request& request);
};

Failure invalid(std::string message, std::string hint) {
  return fail(Error(Code::config_invalid, std::move(message)).with_hint(std::move(hint)));
}

Result<char> percent_byte(std::string_view digits) {
  unsigned value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (digits.size() == 2 && error == std::errc{} && end == digits.data() + 2 && value != 0)
    return static_cast<char>(value);
  return invalid("a broken %-escape in a file:// URL", "Write a plain path instead of the URL.");
}

// RFC 8089: file:///path, with percent-encoded bytes.
Result<std::string> decode_file_url(std::string_view rest) {
  if (!rest.starts_with("///"))
    return invalid("a file URL begins with file:/// and names no host",
                   "Write file:///path or a plain path.");
  std::string path;
  for (std::size_t at = 2; at < rest.size(); ++at) {
    const bool escaped = rest[at] == '%';
    path += escaped ? TRY(percent_byte(rest.substr(at + 1, 2))) : rest[at];
    if (escaped) at += 2;
  }
  return path;
}

Opened open_path(const Request& request) {
  return LocalBackend::open(request.rest, request.mode, request.clock, request.random);
}

Opened open_file_url(const Request& request) {
  return LocalBackend::open(TRY(decode_file_url(request.rest)), request.mode, request.clock,
                            request.random);
}

Opened open_memory(const Request& request) {
  if (!check_key(request.rest))
    return invalid("\"memory:" + request.rest + "\" is not the name of a memory store",
                   "Write memory:name in lower-case letters.");
  return MemoryBackend::open(request.rest, request.mode, request.clock);
}

constexpr std::array kMedia{
    Medium{"file", open_file_url},
    Medium{"memory", open_memory},
};

// What stands before the first ':' of "name:…", if it looks like a scheme; one letter does not.
std::string_view scheme_of(std::string_view url) {
  const auto scheme = url.substr(0, std::min(url.find(':'), url.size()));
  const bool plain = std::ranges::all_of(scheme, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '+' || letter == '-' || letter == '.';
  });
  return plain && scheme.size() > 1 && scheme.size() < url.size() ? scheme : std::string_view{};
}

Failure unknown_scheme(std::string_view scheme) {
  std::string known = "a plain path";
  for (const auto& medium : kMedia) known += ", " + std::string(medium.scheme) + ":";
  const bool planned = scheme == "s3" || scheme == "sftp";
  return invalid("storage on " + std::string(scheme) + ": is not " +
                     (planned ? "built in this version" : "known"),
                 "Known are " + known +
                     "; s3: and sftp: are not built in this version. Write a path "
                     "that has a colon as ./name:rest.");
}

Opened open_medium(const Options& options, const Request& request) {
  const auto scheme = scheme_of(options.url);
  if (scheme.empty()) return open_path(request);
  const auto* const medium = std::ranges::find(kMedia, scheme, &Medium::scheme);
  return medium == kMedia.end() ? unknown_scheme(scheme) : medium->open(request);
}

Result<void> check_url(const std::string& url) {
  if (url.empty() || url.find('\0') != std::string::npos)
    return invalid("the repository's place is empty", "Write a path, as /var/backups/lifeboat.");
  if (url.starts_with("~"))
    return invalid("\"" + url + "\" begins with ~, which only a shell replaces",
                   "Write the whole path of the home directory.");
  return {};
}

}  // namespace

Result<std::unique_ptr<Backend>> open_backend(const Options& options, OpenMode mode,
                                              const Clock& clock, Random& random) {
  TRY(check_url(options.url));
  const auto scheme = scheme_of(options.url);
  const auto rest = scheme.empty() ? options.url : options.url.substr(scheme.size() + 1);
  auto backend = TRY(open_medium(options, Request{rest, mode, clock, random}));
  if (options.upload_limit != 0 || options.download_limit != 0)
    backend = std::make_unique<ThrottleBackend>(
        std::move(backend), ThrottleBackend::Limits{options.upload_limit, options.download_limit},
        clock);
  return std::make_unique<RetryBackend>(std::move(backend), RetryLimits{.retries = options.retries},
                                        clock, random);
}

}  // namespace lifeboat::storage
