#include "notify/http_answer.h"
#include "notify/kinds.h"

namespace lifeboat::notify {
namespace {

// Only what was proven, or is complete, is a beat. A test is none, or it would hide that nothing
// comes: it goes where healthchecks.io only writes down what it is told.
class Heartbeat final : public Notifier {
 public:
  explicit Heartbeat(Options options) : options_(std::move(options)) {}
  Result<std::string> send(const Notice& notice, Duration limit,
                           const RunContext& context) override {
    Post what;
    if (notice.is(Event::test))
      what.url_added = "/log";
    else if (!is_good(notice))
      what.url_added = "/fail";
    what.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    what.body = text_of(notice) + "\n";
    return post(options_, what, limit, context);
  }

 private:
  Options options_;
};

}  // namespace

std::unique_ptr<Notifier> make_heartbeat(Options options) {
  return std::make_unique<Heartbeat>(std::move(options));
}

}  // namespace lifeboat::notify
