#pragma once
// An HTTP client with a limit on everything, which follows nothing: what a server answers is
// handed back as it is. A session keeps cookies and connections and belongs to one thread at a
// time; different sessions may be used at once.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/run_context.h"

namespace lifeboat::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;  // sent when it is not empty, or with POST, PUT and PATCH
};

struct HttpResponse {
  int status = 0;
  Headers headers;  // names in small letters, in the order they came
  std::string body;
  Duration elapsed{0};
  // The first value of this name (in small letters); empty when there is none.
  std::string header(std::string_view name) const;
};

struct HttpLimits {
  Duration time = std::chrono::seconds(30);  // from the first byte sent to the last received
  std::size_t body = 16U << 20U;
  std::size_t headers = 64U << 10U;
};

// Where the session gets its sockets, not connected yet, when they must be of another network.
using MakeSocket = std::function<Result<FileDescriptor>()>;

class HttpSession {
 public:
  explicit HttpSession(MakeSocket make_socket = {});
  HttpSession(HttpSession&&) noexcept;
  ~HttpSession();

  // The certificates in this file, instead of the system's authorities.
  void trust(const std::string& ca_file);

  // `unavailable` when nobody answers or the connection breaks, `timed_out`, `corrupt` for what is
  // no HTTP, `damage_found` for a body or headers beyond the limits. Any status is a response.
  Result<HttpResponse> send(const HttpRequest& request, const HttpLimits& limits,
                            const RunContext& context);

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace lifeboat::net
