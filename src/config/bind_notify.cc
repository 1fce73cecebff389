#include "config/bind_notify.h"

#include <algorithm>
#include <array>

#include "config/schema.h"

namespace lifeboat::config {
namespace {

constexpr std::array<std::string_view, 4> kKinds{"slack", "webhook", "email", "heartbeat"};

Result<std::vector<notify::Event>> bind_events(const Place& place) {
  const auto known = split_choices(notify::kEventWords);
  std::vector<std::string_view> words;
  for (const auto& item : place.node.items) words.push_back(item.text);
  if (place.absent()) words = split_choices(notify::kUsualEvents);
  std::vector<notify::Event> events;
  for (const auto word : words) {
    const auto found = std::find(known.begin(), known.end(), word);
    if (found == known.end()) return fail(Code::internal, "an event of no kind at " + place.path);
    events.push_back(static_cast<notify::Event>(found - known.begin()));
  }
  return events;
}

Result<SecretReference> bind_secret(const Place& place) {
  if (place.absent()) return SecretReference();
  return SecretReference::parse(place.text(), place.path);
}

Result<Template> bind_text(const Place& place) { return Template::parse(place.text(), place.path); }

}  // namespace

Result<Notifier> bind_notifier(const std::string& name, const Place& place) {
  Notifier notifier;
  notifier.name = name;
  const auto* const kind = std::find(kKinds.begin(), kKinds.end(), place["type"].text());
  if (kind == kKinds.end()) return fail(Code::internal, "a notifier of no kind at " + place.path);
  notifier.kind = static_cast<notify::Kind>(kind - kKinds.begin());
  notifier.on = TRY(bind_events(place["on"]));
  if (!place["watches"].absent()) notifier.watches = place["watches"].text();
  notifier.tls = place["tls"].text() != "none";
  notifier.url = TRY(bind_secret(place["url"]));
  notifier.signing = TRY(bind_secret(place["secret"]));
  notifier.password = TRY(bind_secret(place["password"]));
  notifier.ca = TRY(bind_text(place["ca"]));
  notifier.server = TRY(bind_text(place["server"]));
  notifier.user = TRY(bind_text(place["user"]));
  notifier.from = TRY(bind_text(place["from"]));
  for (const auto& item : place["to"].node.items)
    notifier.to.push_back(TRY(Template::parse(item.text, place.path + ".to")));
  return notifier;
}

}  // namespace lifeboat::config
