#include <algorithm>

#include "notify/kinds.h"

namespace lifeboat::notify {
namespace {

bool is_web(const Secret& url) {
  auto text = to_text(url.view());
  const bool web = text.starts_with("https://") || text.starts_with("http://");
  wipe(text);
  return web;
}

Failure lacks(const Options& options, const std::string& what) {
  return fail(Code::config_invalid, "notifier " + options.name + " needs " + what);
}

Result<void> check(const Options& options) {
  if (options.kind == Kind::email) {
    const bool mail =
        options.server.starts_with("smtp://") || options.server.starts_with("smtps://");
    if (!mail) return lacks(options, "a server such as smtps://mail.example.org:465");
    if (options.from.empty() || options.to.empty()) return lacks(options, "`from` and `to`");
    return {};
  }
  if (!is_web(options.url)) return lacks(options, "a URL that begins with https://");
  if (options.kind == Kind::webhook && options.signing.empty())
    return lacks(options, "a secret to sign with");
  return {};
}

}  // namespace

bool wants(const Options& options, const Notice& notice) {
  if (notice.is(Event::test)) return true;
  if (options.kind != Kind::heartbeat)
    return std::ranges::any_of(options.on, [&](Event event) { return notice.is(event); });
  const bool about_it = notice.subject.starts_with(options.watches);
  return about_it && (is_good(notice) || notice.is(Event::failed) || notice.is(Event::unverified));
}

Result<std::unique_ptr<Notifier>> open_notifier(Options options) {
  TRY(check(options));
  switch (options.kind) {
    case Kind::slack:
      return make_slack(std::move(options));
    case Kind::webhook:
      return make_webhook(std::move(options));
    case Kind::email:
      return make_email(std::move(options));
    case Kind::heartbeat:
      return make_heartbeat(std::move(options));
  }
  return fail(Code::internal, "a notifier of no kind");
}

}  // namespace lifeboat::notify
