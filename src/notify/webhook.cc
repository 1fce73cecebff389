#include "base/json_value.h"
#include "crypto/hash.h"
#include "notify/http_answer.h"
#include "notify/kinds.h"

namespace lifeboat::notify {
namespace {

class Webhook final : public Notifier {
 public:
  explicit Webhook(Options options) : options_(std::move(options)) {}
  // Signed anew at each attempt: a receiver refuses what is too old to be fresh.
  Result<std::string> send(const Notice& notice, Duration limit,
                           const RunContext& context) override {
    auto json = to_json(notice);
    json["text"] = text_of(notice);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(context.clock.now());
    Post what;
    what.body = canonical_json(json);
    what.headers = {
        {"Content-Type", "application/json"},
        {"Lifeboat-Notice", notice.id},
        {"Lifeboat-Signature",
         signature_of(options_.signing, seconds.time_since_epoch().count(), what.body)}};
    return post(options_, what, limit, context);
  }

 private:
  Options options_;
};

}  // namespace

std::string signature_of(const Secret& secret, std::int64_t seconds, std::string_view body) {
  const auto stamp = std::to_string(seconds);
  const auto what = stamp + "." + std::string(body);
  return "t=" + stamp + ",v1=" + crypto::hmac_sha256(secret.view(), view_of(what)).hex();
}

std::unique_ptr<Notifier> make_webhook(Options options) {
  return std::make_unique<Webhook>(std::move(options));
}

}  // namespace lifeboat::notify
