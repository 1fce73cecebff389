#include "base/json_value.h"
#include "notify/http_answer.h"
#include "notify/kinds.h"

namespace lifeboat::notify {
namespace {

// The three letters that mean something to Slack.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '&')
      result += "&amp;";
    else if (letter == '<')
      result += "&lt;";
    else if (letter == '>')
      result += "&gt;";
    else
      result += letter;
  }
  return result;
}

class Slack final : public Notifier {
 public:
  explicit Slack(Options options) : options_(std::move(options)) {}
  Result<std::string> send(const Notice& notice, Duration limit,
                           const RunContext& context) override {
    Post what;
    what.headers = {{"Content-Type", "application/json"}};
    what.body = canonical_json({{"text", escaped(text_of(notice))}});
    return post(options_, what, limit, context);
  }

 private:
  Options options_;
};

}  // namespace

std::unique_ptr<Notifier> make_slack(Options options) {
  return std::make_unique<Slack>(std::move(options));
}

}  // namespace lifeboat::notify
