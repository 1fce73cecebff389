#include "notify/outbox.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/notice_texts.h"

namespace lifeboat::service {
namespace {

// Once, and nothing is kept: whoever asks sees the answer.
Result<std::string> try_out(const Composition& composition, const config::Notifier& notifier,
                            const RunContext& context) {
  const config::Resolver resolver(composition.loaded.config, composition.loaded.variables);
  const auto opened = TRY(notify::open_notifier(TRY(resolver.notifier(notifier, context))));
  auto notice = test_notice({"", "test", {}, context.clock.now()});
  notice.id = context.random.hex(8);
  notice.host = composition.service.settings().host;
  return opened->send(notice, notify::Patience().attempt, context);
}

Result<std::vector<const config::Notifier*>> chosen(const config::Config& config,
                                                    const std::string& name) {
  if (!name.empty()) return std::vector{TRY(config.find_notifier(name))};
  if (config.notifiers.empty())
    return fail(Error(Code::config_invalid, "the configuration has no notifiers")
                    .with_hint("Write `notifiers: {ops: {type: slack, url: \"${SLACK_WEBHOOK}\"}}` "
                               "and `notify: [ops]` into the service."));
  std::vector<const config::Notifier*> all;
  for (const auto& each : config.notifiers) all.push_back(&each);
  return all;
}

}  // namespace

Result<Answer> test_notifiers(const Setup& setup, const std::string& name,
                              const RunContext& context) {
  const auto composition = TRY(compose(setup));
  Answer answer;
  answer.body = {{"tests", Json::array()}};
  for (const auto* notifier : TRY(chosen(composition->loaded.config, name))) {
    TRY(context.check_stop());
    const auto taken = try_out(*composition, *notifier, context);
    answer.body["tests"].push_back({{"notifier", notifier->name},
                                    {"delivered", taken.has_value()},
                                    {"answer", taken ? *taken : taken.error().describe()},
                                    {"hint", taken ? "" : taken.error().hint()}});
    const int status = taken ? 0 : info_of(taken.error().code()).exit_status;
    answer.exit_status = worst_exit(answer.exit_status, status);
  }
  return answer;
}

}  // namespace lifeboat::service
