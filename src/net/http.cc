#include "net/http.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cctype>

#include "net/library.h"

namespace lifeboat::net {
namespace {

// What arrives during one exchange; the callbacks fill it.
struct Exchange {
  HttpResponse response;
  const HttpLimits& limits;
  const RunContext& context;
  const curl_socket_t& socket;  // of the newest connection
  std::size_t header_bytes = 0;
  bool too_large = false;
};

std::string trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  const auto end = text.find_last_not_of(" \t\r\n");
  return std::string(text.substr(begin, end == std::string_view::npos ? 0 : end + 1 - begin));
}

std::string lower(std::string text) {
  for (char& letter : text)
    letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return text;
}

std::size_t take_body(char* part, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (size > exchange.limits.body - exchange.response.body.size()) {
    exchange.too_large = true;
    return 0;
  }
  exchange.response.body.append(part, size);
  return size;
}

// A server that sends its headers alone waits for word of their arrival before it sends the body,
// and that word waits 40 ms for something to go with: no time of the server's.
void acknowledge(curl_socket_t socket) {
  const int at_once = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &at_once, sizeof at_once);
}

// Headers of an interim answer ("100 Continue") are forgotten when the next status line comes.
std::size_t take_header(char* part, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::string_view line(part, size);
  exchange.header_bytes += size;
  if (exchange.header_bytes > exchange.limits.headers) {
    exchange.too_large = true;
    return 0;
  }
  if (trimmed(line).empty()) acknowledge(exchange.socket);
  const auto colon = line.find(':');
  if (line.starts_with("HTTP/")) exchange.response.headers.clear();
  if (!line.starts_with("HTTP/") && colon != std::string_view::npos)
    exchange.response.headers.emplace_back(lower(trimmed(line.substr(0, colon))),
                                           trimmed(line.substr(colon + 1)));
  return size;
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

List list_of(const Headers& headers) {
  // "Expect: 100-continue" only costs a second with servers that do not know it.
  List list(curl_slist_append(nullptr, "Expect:"));
  const bool typed = std::any_of(headers.begin(), headers.end(), [](const auto& each) {
    return lower(each.first) == "content-type";
  });
  // Nor is a body a form because nothing says what it is.
  if (!typed) curl_slist_append(list.get(), "Content-Type:");
  for (const auto& [name, value] : headers) {
    const auto line = value.empty() ? name + ";" : name + ": " + value;
    if (auto* longer = curl_slist_append(list.get(), line.c_str()); longer != nullptr) {
      (void)list.release();
      list.reset(longer);
    }
  }
  return list;
}

bool sends_body(const HttpRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

Error error_of(CURLcode code, const Exchange& exchange) {
  if (exchange.context.stop.stop_requested()) return {Code::interrupted, "interrupted"};
  if (exchange.too_large)
    return {Code::damage_found,
            "the answer is larger than " + describe_size(exchange.limits.body) + ", the limit"};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {Code::timed_out, "no whole answer within " + describe_duration(exchange.limits.time)};
  if (code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_UNSUPPORTED_PROTOCOL ||
      code == CURLE_BAD_CONTENT_ENCODING)
    return {Code::corrupt, std::string("the answer is no HTTP: ") + curl_easy_strerror(code)};
  return {Code::unavailable, std::string("no answer: ") + curl_easy_strerror(code)};
}

}  // namespace

struct HttpSession::Handle {
  explicit Handle(MakeSocket how)
      : curl((begin_library(), curl_easy_init())), make_socket(std::move(how)) {}
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  static curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr*) {
    auto& handle = *static_cast<Handle*>(user);
    const auto made = handle.make_socket();
    if (!made) return CURL_SOCKET_BAD;
    return fcntl(made->get(), F_DUPFD_CLOEXEC, 0);
  }
  static int remember(void* user, curl_socket_t socket, curlsocktype) {
    static_cast<Handle*>(user)->socket = socket;
    return CURL_SOCKOPT_OK;
  }
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl, option, value);
  }

  CURL* curl;
  MakeSocket make_socket;
  curl_socket_t socket = CURL_SOCKET_BAD;
};

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [known, value] : headers)
    if (known == name) return value;
  return {};
}

HttpSession::HttpSession(MakeSocket make_socket)
    : handle_(std::make_unique<Handle>(std::move(make_socket))) {
  auto& handle = *handle_;
  // Nothing of the environment or of a file of the user: no proxy, no .netrc, no redirects, no
  // other protocol.
  handle.set(CURLOPT_PROXY, "");
  handle.set(CURLOPT_NOPROXY, "*");
  handle.set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  handle.set(CURLOPT_FOLLOWLOCATION, 0L);
  handle.set(CURLOPT_PROTOCOLS_STR, "http,https");
  handle.set(CURLOPT_NOSIGNAL, 1L);
  handle.set(CURLOPT_COOKIEFILE, "");
  handle.set(CURLOPT_WRITEFUNCTION, take_body);
  handle.set(CURLOPT_HEADERFUNCTION, take_header);
  handle.set(
      CURLOPT_XFERINFOFUNCTION, +[](void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
        return static_cast<Exchange*>(user)->context.stop.stop_requested() ? 1 : 0;
      });
  handle.set(CURLOPT_NOPROGRESS, 0L);
  handle.set(CURLOPT_SOCKOPTFUNCTION, Handle::remember);
  handle.set(CURLOPT_SOCKOPTDATA, handle_.get());
  if (!handle.make_socket) return;
  handle.set(CURLOPT_OPENSOCKETFUNCTION, Handle::open_socket);
  handle.set(CURLOPT_OPENSOCKETDATA, handle_.get());
}

void HttpSession::trust(const std::string& ca_file) {
  handle_->set(CURLOPT_CAINFO, ca_file.c_str());
  handle_->set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

HttpSession::HttpSession(HttpSession&&) noexcept = default;
HttpSession::~HttpSession() = default;

Result<HttpResponse> HttpSession::send(const HttpRequest& request, const HttpLimits& limits,
                                       const RunContext& context) {
  TRY(context.check_stop());
  auto& handle = *handle_;
  Exchange exchange{{}, limits, context, handle.socket};
  const auto headers = list_of(request.headers);
  handle.set(CURLOPT_URL, request.url.c_str());
  handle.set(CURLOPT_HTTPHEADER, headers.get());
  handle.set(CURLOPT_WRITEDATA, &exchange);
  handle.set(CURLOPT_HEADERDATA, &exchange);
  handle.set(CURLOPT_XFERINFODATA, &exchange);
  handle.set(CURLOPT_TIMEOUT_MS, milliseconds_of(limits.time));
  handle.set(CURLOPT_NOBODY, request.method == "HEAD" ? 1L : 0L);
  if (request.method != "HEAD") handle.set(CURLOPT_HTTPGET, 1L);
  if (sends_body(request)) {
    handle.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    handle.set(CURLOPT_POSTFIELDS, request.body.data());
  }
  handle.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  const auto begun = std::chrono::steady_clock::now();
  const auto code = curl_easy_perform(handle.curl);
  if (code != CURLE_OK) return fail(error_of(code, exchange));
  exchange.response.elapsed =
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
  long status = 0;
  curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

}  // namespace lifeboat::net
