#include "notify/http_answer.h"

#include <fmt/format.h>

#include "notify/notice.h"
#include "notify/scrub.h"

namespace lifeboat::notify {
namespace {

constexpr std::size_t kMostBody = 64U << 10U;

std::string said(const net::HttpResponse& response, const Secret& url) {
  const auto body = one_line(without_url(response.body, url), kLongestAnswer);
  return body.empty() ? fmt::format("{}", response.status)
                      : fmt::format("{}: {}", response.status, body);
}

bool may_pass(int status) { return status == 408 || status == 429 || status >= 500; }

Result<std::string> judge(const net::HttpResponse& response, const Secret& url) {
  if (response.status >= 200 && response.status < 300) return said(response, url);
  Error error(Code::unavailable, "the receiver answered " + said(response, url));
  if (response.status >= 300 && response.status < 400)
    error.with_hint("It points elsewhere, and that is not followed: configure the new URL.");
  else if (!may_pass(response.status))
    error.with_hint("Check the notifier's URL and what the receiver expects.");
  return may_pass(response.status) ? fail(std::move(error).as_retryable()) : fail(std::move(error));
}

// Query and fragment stay where they are.
std::string with_path(const std::string& url, const std::string& added) {
  const auto end = std::min(url.find_first_of("?#"), url.size());
  auto path = url.substr(0, end);
  if (!added.empty() && path.ends_with('/')) path.pop_back();
  return path + added + url.substr(end);
}

}  // namespace

Result<std::string> post(const Options& options, const Post& what, Duration limit,
                         const RunContext& context) {
  net::HttpSession session;
  if (!options.ca_file.empty()) session.trust(options.ca_file);
  net::HttpLimits limits;
  limits.time = limit;
  limits.body = kMostBody;
  net::HttpRequest request;
  request.method = what.body.empty() ? "GET" : "POST";
  auto url = to_text(options.url.view());
  request.url = with_path(url, what.url_added);
  wipe(url);
  request.headers = what.headers;
  request.body = what.body;
  const auto response = session.send(request, limits, context);
  wipe(request.url);
  if (response) return judge(*response, options.url);
  const auto code = response.error().code();
  if (code == Code::unavailable || code == Code::timed_out)
    return fail(Error(response.error()).as_retryable());
  return fail(response.error());
}

}  // namespace lifeboat::notify
