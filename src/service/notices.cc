#include "service/notices.h"

#include <algorithm>
#include <map>

#include "notify/scrub.h"
#include "service/memory_file.h"

namespace lifeboat::service {
namespace {

using notify::Delivery;
using notify::Notice;
using notify::Outbox;
using notify::Patience;

constexpr std::size_t kLargestStandings = 256U << 10U;
constexpr Duration kOverdueAgain = std::chrono::hours(24);
constexpr Duration kNoticesLockWait = std::chrono::seconds(30);

// How each subject stood when it was last told of, as JSON in the state directory: {subject:
// {"good", "since", "overdue"}}. What cannot be read is as if nothing was known.
class Standings {
 public:
  explicit Standings(std::filesystem::path file) : file_(std::move(file)) {
    const auto read = read_memory(file_, kLargestStandings);
    for (const auto& [subject, known] : read.items())
      if (known.is_object() && known.contains("good") && known["good"].is_boolean())
        all_[subject] = known;
  }

  std::optional<Standing> of(const std::string& subject) const {
    const auto since = time_in(subject, "since");
    if (!since) return std::nullopt;
    return Standing{all_.at(subject).value("good", false), *since};
  }
  std::optional<Time> overdue_told(const std::string& subject) const {
    return time_in(subject, "overdue");
  }
  void set(const std::string& subject, bool good, Time now) {
    const auto before = of(subject);
    const auto since = before && before->good == good ? before->since : now;
    all_[subject]["good"] = good;
    all_[subject]["since"] = to_rfc3339(since);
    if (good) all_[subject].erase("overdue");
  }
  void told_overdue(const std::string& subject, Time now) {
    all_[subject]["overdue"] = to_rfc3339(now);
  }
  Result<void> write() const { return write_memory(file_, all_); }

 private:
  std::optional<Time> time_in(const std::string& subject, const char* key) const {
    const auto found = all_.find(subject);
    return found == all_.end() ? std::nullopt : remembered_time(*found, key);
  }

  std::filesystem::path file_;
  Json all_ = Json::object();
};

Json delivery_json(const Delivery& delivery) {
  return {{"notifier", delivery.notifier},   {"headline", delivery.headline},
          {"delivered", delivery.delivered}, {"answer", delivery.answer},
          {"hint", delivery.hint},           {"sent", delivery.sent},
          {"waiting", delivery.waiting}};
}

Json delivery_json(const std::vector<Delivery>& deliveries) {
  Json list = Json::array();
  for (const auto& each : deliveries) list.push_back(delivery_json(each));
  return list;
}

// What says whether it wants a notice; no secret of it is looked up for that.
notify::Options options_to_judge(const config::Notifier& notifier) {
  notify::Options options;
  options.name = notifier.name;
  options.kind = notifier.kind;
  options.on = notifier.on;
  options.watches = notifier.watches;
  return options;
}

// The last word of each notifier, when a call had several things to tell.
void merge(Json& all, const Json& next) {
  for (auto& each : all) {
    if (each.value("notifier", "") != next.value("notifier", "")) continue;
    const auto sent = each.value("sent", 0) + next.value("sent", 0);
    each = next;
    each["sent"] = sent;
    return;
  }
  all.push_back(next);
}

Delivery undelivered(const std::string& notifier, const Notice& notice, const Error& error) {
  Delivery delivery;
  delivery.notifier = notifier;
  delivery.headline = headline(notice);
  delivery.answer = error.describe();
  delivery.hint = error.hint();
  return delivery;
}

}  // namespace

std::filesystem::path Notices::folder() const {
  return composition_.service.settings().state / "notices" / service_;
}

Json Notices::tell(const std::string& subject, const Make& make, const RunContext& context) {
  return tell_with(subject, make, Patience(), context);
}

Json Notices::tell_briefly(const std::string& subject, const Make& make,
                           const RunContext& context) {
  Patience brief;
  brief.attempts = 1;
  brief.attempt = brief.whole = std::chrono::seconds(5);
  return tell_with(subject, make, brief, context);
}

Json Notices::tell_with(const std::string& subject, const Make& make, const Patience& patience,
                        const RunContext& context) {
  const auto service = composition_.loaded.config.find_service(service_);
  if (!service || (*service)->notify.empty()) return Json::array();
  const auto lock = ServiceLock::take(composition_.service.settings().state, "notices." + service_,
                                      std::min(kNoticesLockWait, patience.whole), context);
  Standings standings(folder() / "standing.json");
  auto notice = make({service_, subject, standings.of(subject), context.clock.now(),
                      [&](std::string text) { return without_secrets(std::move(text)); }});
  finish(notice, context);
  if (!notice.is(notify::Event::restore) && !notice.is(notify::Event::test))
    standings.set(subject, is_good(notice), notice.time);
  if (notice.is(notify::Event::overdue)) standings.told_overdue(subject, notice.time);
  if (const auto written = standings.write(); !written)
    context.log.warning("since when it is so will not be known: " + written.error().describe());
  auto deliveries = keep(notice, patience, context);
  // Another run that holds the lock is at it; what it does not see any more, the next one sends.
  if (!lock) {
    context.log.warning("notices may wait for the next run: " + lock.error().describe());
    return deliveries;
  }
  for (auto& each : hand_out(patience, context)) deliveries.push_back(std::move(each));
  return deliveries;
}

Json Notices::tell_overdue(const std::string& subject, const std::optional<Duration>& age,
                           const RunContext& context) {
  const auto told = Standings(folder() / "standing.json").overdue_told(subject);
  const auto now = context.clock.now();
  if (told && *told <= now && now - *told < kOverdueAgain) return Json::array();
  return tell_briefly(
      subject, [&](const Occasion& occasion) { return overdue_notice(occasion, age); }, context);
}

// Texts of other programs are in a reason: whatever is secret here is taken out of it. One that is
// part of another comes after that.
std::string Notices::without_secrets(std::string text) const {
  const config::Resolver resolver(composition_.loaded.config, composition_.loaded.variables);
  auto secrets = resolver.secret_values();
  std::ranges::sort(secrets, std::ranges::greater(), &std::string::size);
  for (auto& secret : secrets) {
    text = notify::without(std::move(text), secret);
    wipe(secret);
  }
  return text;
}

void Notices::finish(Notice& notice, const RunContext& context) const {
  const config::Resolver resolver(composition_.loaded.config, composition_.loaded.variables);
  const auto service = composition_.loaded.config.find_service(service_);
  notice.id = context.random.hex(8);
  notice.host = composition_.service.settings().host;
  if (notice.owner.empty() && service) notice.owner = resolver.owner(**service);
  for (auto* text : {&notice.reason, &notice.next, &notice.owner})
    *text = without_secrets(std::move(*text));
}

Result<std::unique_ptr<notify::Notifier>> Notices::open(const std::string& name,
                                                        const RunContext& context) const {
  const config::Resolver resolver(composition_.loaded.config, composition_.loaded.variables);
  const auto& notifier = *TRY(composition_.loaded.config.find_notifier(name));
  return notify::open_notifier(TRY(resolver.notifier(notifier, context)));
}

// What cannot even be kept is tried at once, so that it is lost only together with a message that
// says so.
Json Notices::keep(const Notice& notice, const Patience& patience,
                   const RunContext& context) const {
  Outbox outbox(folder() / "outbox");
  std::vector<Delivery> direct;
  for (const auto& name : (*composition_.loaded.config.find_service(service_))->notify) {
    const auto notifier = composition_.loaded.config.find_notifier(name);
    if (!notifier || !notify::wants(options_to_judge(**notifier), notice)) continue;
    const auto kept = outbox.add(notice, name);
    if (kept) continue;
    context.log.warning("a notice cannot be kept: " + kept.error().describe());
    auto opened = open(name, context);
    const auto answer = opened ? send_patiently(**opened, notice, patience, context)
                               : Result<std::string>(fail(opened.error()));
    direct.push_back(answer ? Delivery{name, headline(notice), true, *answer, {}, 1, 0}
                            : undelivered(name, notice, answer.error()));
  }
  return delivery_json(direct);
}

Json Notices::hand_out(const Patience& patience, const RunContext& context) const {
  Outbox outbox(folder() / "outbox");
  const auto opener = [&](const std::string& name) { return open(name, context); };
  return delivery_json(deliver(outbox, opener, patience, context));
}

Json Notices::waiting() const {
  std::map<std::string, Json> by_notifier;
  for (const auto& letter : Outbox(folder() / "outbox").letters()) {
    auto& json = by_notifier[letter.notifier];
    if (json.is_null())
      json = {{"notifier", letter.notifier}, {"count", 0}, {"error", letter.error}};
    if (!letter.notifier.empty() && !json.contains("oldest"))
      json["oldest"] = to_rfc3339(letter.notice.time);
    json["count"] = json["count"].get<int>() + 1;
  }
  Json list = Json::array();
  for (auto& [name, json] : by_notifier) list.push_back(std::move(json));
  return list;
}

void add_deliveries(Result<Answer>& answer, const Json& deliveries, const RunContext& context) {
  if (answer) {
    auto& all = answer->body["notices"];
    for (const auto& each : deliveries) merge(all, each);
    if (all.is_null()) answer->body.erase("notices");
    return;
  }
  for (const auto& each : deliveries)
    if (!each.value("delivered", false))
      context.log.warning("notice to " + each.value("notifier", "") +
                          " not delivered: " + each.value("answer", ""));
}

}  // namespace lifeboat::service
