#include "net/mail.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "net/library.h"

namespace lifeboat::net {
namespace {

constexpr std::size_t kLongestReply = 300;

struct FreeCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

// What is said during one mail; the callbacks fill it.
struct Dialogue {
  std::string_view rest;  // of the mail
  std::string reply;      // the server's last line
  const RunContext& context;
};

std::size_t give_text(char* into, std::size_t size, std::size_t count, void* user) {
  auto& dialogue = *static_cast<Dialogue*>(user);
  const auto part = dialogue.rest.substr(0, size * count);
  std::copy(part.begin(), part.end(), into);
  dialogue.rest.remove_prefix(part.size());
  return part.size();
}

// libcurl hands each line of the server to the header callback, that of QUIT too.
std::size_t take_reply(char* part, std::size_t, std::size_t size, void* user) {
  auto& dialogue = *static_cast<Dialogue*>(user);
  std::string line(part, std::min(size, kLongestReply));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  if (!line.empty() && !line.starts_with("221")) dialogue.reply = std::move(line);
  return size;
}

bool is_about_tls(CURLcode code) {
  return code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CONNECT_ERROR ||
         code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

Error error_of_mail(CURLcode code, const Dialogue& dialogue, Duration limit) {
  if (dialogue.context.stop.stop_requested()) return {Code::interrupted, "interrupted"};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {Code::timed_out, "no whole answer within " + describe_duration(limit)};
  if (is_about_tls(code))
    return Error(Code::unavailable, std::string("no TLS with it: ") + curl_easy_strerror(code))
        .with_hint("For a certificate of your own, name its authority with `ca`.");
  const auto said = dialogue.reply.empty() ? "" : "; it said " + dialogue.reply;
  // A code that begins with 4 is for later (RFC 5321, 4.2.1).
  const bool refused = code == CURLE_LOGIN_DENIED || dialogue.reply.starts_with('5');
  return Error(refused ? Code::permission_denied : Code::unavailable,
               std::string("the mail was not taken: ") + curl_easy_strerror(code) + said)
      .with_hint("Check the server, the login and the addresses.");
}

class MailSession {
 public:
  explicit MailSession(Dialogue& dialogue) : curl_((begin_library(), curl_easy_init())) {
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, give_text);
    set(CURLOPT_READDATA, &dialogue);
    set(CURLOPT_HEADERFUNCTION, take_reply);
    set(CURLOPT_HEADERDATA, &dialogue);
    set(
        CURLOPT_XFERINFOFUNCTION, +[](void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
          return static_cast<Dialogue*>(user)->context.stop.stop_requested() ? 1 : 0;
        });
    set(CURLOPT_XFERINFODATA, &dialogue);
    set(CURLOPT_NOPROGRESS, 0L);
  }

  void use(const MailServer& server, Duration limit) {
    set(CURLOPT_URL, server.url.c_str());
    set(CURLOPT_USE_SSL, static_cast<long>(server.tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
    if (!server.ca_file.empty()) {
      set(CURLOPT_CAINFO, server.ca_file.c_str());
      set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    if (!server.user.empty()) {
      auto password = to_text(server.password.view());
      set(CURLOPT_USERNAME, server.user.c_str());
      set(CURLOPT_PASSWORD, password.c_str());  // libcurl copies it
      wipe(password);
    }
    set(CURLOPT_TIMEOUT_MS, milliseconds_of(limit));
  }

  CURLcode send(const Mail& mail) {
    set(CURLOPT_MAIL_FROM, mail.from.c_str());
    std::unique_ptr<curl_slist, FreeCurl> to;
    for (const auto& each : mail.to) {
      auto* longer = curl_slist_append(to.get(), each.c_str());
      if (longer == nullptr) return CURLE_OUT_OF_MEMORY;
      (void)to.release();
      to.reset(longer);
    }
    set(CURLOPT_MAIL_RCPT, to.get());
    return curl_easy_perform(curl_.get());
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  std::unique_ptr<CURL, FreeCurl> curl_;
};

}  // namespace

Result<std::string> send_mail(const MailServer& server, const Mail& mail, Duration limit,
                              const RunContext& context) {
  TRY(context.check_stop());
  if (!server.tls && !server.user.empty())
    return fail(Error(Code::refused, "a password is not sent without TLS")
                    .with_hint("Remove `tls: none`, or `user` and `password`."));
  Dialogue dialogue{mail.text, {}, context};
  MailSession session(dialogue);
  session.use(server, limit);
  const auto code = session.send(mail);
  if (code != CURLE_OK) return fail(error_of_mail(code, dialogue, limit));
  return dialogue.reply;
}

}  // namespace lifeboat::net
