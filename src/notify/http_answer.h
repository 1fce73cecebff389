#pragma once
// One HTTP request of a notifier, and what its answer means. Thread-safe.
#include <string>

#include "net/http.h"
#include "notify/options.h"

namespace lifeboat::notify {

struct Post {
  net::Headers headers;
  std::string body;       // empty: GET
  std::string url_added;  // behind the configured URL's path: "/fail"
};

// "200: ok" for a status of 2xx. Else `unavailable`, retryable for 408, 429 and 5xx; a redirect is
// not followed, for it would hand the message to somebody whom nobody named. The URL is a secret:
// it is taken out of whatever is said.
Result<std::string> post(const Options& options, const Post& what, Duration limit,
                         const RunContext& context);

}  // namespace lifeboat::notify
