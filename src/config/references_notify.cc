#include "config/references_notify.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/template.h"

namespace lifeboat::config {
namespace {

std::vector<std::string_view> needs_of(std::string_view kind) {
  if (kind == "email") return {"server", "from", "to"};
  if (kind == "webhook") return {"url", "secret"};
  return {"url"};
}

using Check = Result<void> (*)(std::string_view);

// With open variables it is checked when it is used.
void check_text(const Node& node, Check check, Problems& problems) {
  const auto text = Template::parse(node.text);
  if (!text || text->has_variables()) return;
  if (const auto checked = check(node.text); !checked)
    problems.error(node.mark, checked.error().message(), std::string(checked.error().hint()));
}

void check_web_url(const Node& node, Problems& problems) {
  const auto& text = node.text;
  if (text.starts_with("http://"))
    problems.warning(node.mark, "what is sent there can be read on the way",
                     "use https:// unless it is on this machine");
  const bool literal = !text.starts_with("file:") && !text.starts_with("command:") &&
                       text.find("${") == std::string::npos;
  if (literal && !text.starts_with("http://") && !text.starts_with("https://"))
    problems.error(node.mark, "\"url\" is no URL of the web", "it begins with https://");
}

void check_login(const Node& notifier, Problems& problems) {
  const Node* user = notifier.find("user");
  const Node* password = notifier.find("password");
  const Node* tls = notifier.find("tls");
  if ((user == nullptr) != (password == nullptr))
    problems.error((user == nullptr ? password : user)->mark,
                   "\"user\" and \"password\" belong together");
  if (password != nullptr && tls != nullptr && tls->text == "none")
    problems.error(tls->mark, "a password is not sent without TLS", "remove `tls: none`");
}

}  // namespace

void check_notifier(const Member& notifier, Problems& problems) {
  const Node& node = notifier.value;
  const Node* kind = node.find("type");
  const auto* known = find_row("notifiers.*.type");
  const auto kinds = split_choices(known->choices);
  if (kind == nullptr || std::find(kinds.begin(), kinds.end(), kind->text) == kinds.end()) return;
  for (const auto key : needs_of(kind->text))
    if (node.find(key) == nullptr)
      problems.error(node.mark, fmt::format("\"{}\" is missing", key),
                     std::string(find_row(fmt::format("notifiers.*.{}", key))->about));
  if (const Node* url = node.find("url")) check_web_url(*url, problems);
  if (const Node* server = node.find("server")) check_text(*server, check_mail_server, problems);
  if (const Node* from = node.find("from")) check_text(*from, check_mail_address, problems);
  if (const Node* to = node.find("to"))
    for (const auto& item : to->items) check_text(item, check_mail_address, problems);
  check_login(node, problems);
}

Result<void> check_mail_server(std::string_view text) {
  const auto scheme = text.find("://");
  const auto rest = text.substr(std::min(scheme + 3, text.size()));
  const bool known = text.starts_with("smtp://") || text.starts_with("smtps://");
  const bool plain = rest.find_first_of("@ \r\n\t/?#") == std::string_view::npos;
  if (known && plain && !rest.empty()) return {};
  return fail(Error(Code::config_invalid, "\"server\" is no mail server")
                  .with_hint("write smtps://host:465, or smtp://host:587 for STARTTLS; user and "
                             "password stand in keys of their own"));
}

// An address alone: what else stands in it could become a header or a command.
Result<void> check_mail_address(std::string_view text) {
  const auto at = text.find('@');
  const auto fine = [](char letter) {
    return letter > ' ' && letter <= '~' &&
           std::string_view("<>(),;:\\\"[]").find(letter) == std::string_view::npos;
  };
  const bool whole = at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
                     text.find('@', at + 1) == std::string_view::npos;
  if (whole && text.size() <= 254 && std::ranges::all_of(text, fine)) return {};
  return fail(Error(Code::config_invalid, "not a mail address")
                  .with_hint("write it alone, such as ops@example.org"));
}

}  // namespace lifeboat::config
