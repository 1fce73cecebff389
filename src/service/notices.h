#pragma once
// Tells the people of a service what happened: which notices, to whom, since when it is so; what
// cannot be delivered waits in the state directory. A notifier that fails changes nothing of what
// it would have told. One object for each command.
#include <functional>

#include "notify/outbox.h"
#include "service/compose.h"
#include "service/notice_texts.h"

namespace lifeboat::service {

class Notices {
 public:
  Notices(const Composition& composition, std::string service)
      : composition_(composition), service_(std::move(service)) {}

  // Made when it is known how it stood before.
  using Make = std::function<notify::Notice(const Occasion& occasion)>;
  // Remembers how the subject stands now, and tells who wants to know. What waits from earlier is
  // sent too. [{"notifier", "headline", "delivered", "answer", "hint", "sent", "waiting"}]; empty
  // when nobody is to be told of anything.
  Json tell(const std::string& subject, const Make& make, const RunContext& context);
  // The same, where somebody waits for what follows: one short attempt.
  Json tell_briefly(const std::string& subject, const Make& make, const RunContext& context);
  // At most once a day for each subject, until it is good again.
  Json tell_overdue(const std::string& subject, const std::optional<Duration>& age,
                    const RunContext& context);
  // {"notifier", "count", "oldest", "error"} of those that could not be told yet.
  Json waiting() const;

 private:
  Json tell_with(const std::string& subject, const Make& make, const notify::Patience& patience,
                 const RunContext& context);
  void finish(notify::Notice& notice, const RunContext& context) const;
  std::string without_secrets(std::string text) const;
  Json hand_out(const notify::Patience& patience, const RunContext& context) const;
  Json keep(const notify::Notice& notice, const notify::Patience& patience,
            const RunContext& context) const;
  Result<std::unique_ptr<notify::Notifier>> open(const std::string& name,
                                                 const RunContext& context) const;
  std::filesystem::path folder() const;

  const Composition& composition_;
  std::string service_;
};

// Into the answer as "notices", when there are any, one for each notifier; of a call that ended
// with an error, what was not delivered is logged.
void add_deliveries(Result<Answer>& answer, const Json& deliveries, const RunContext& context);

}  // namespace lifeboat::service
