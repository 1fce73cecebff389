#pragma once
// One request many times, several at once: how often it fails and how long it takes.
#include "drill/app/exchange.h"

namespace lifeboat::drill {

struct Load {
  std::size_t requests = 0;  // that were made before the time was up
  std::size_t errors = 0;
  std::string first_error;
  unsigned at_once = 1;
  std::vector<Duration> times;  // of those that were answered, in order

  // The time that this part (0 to 1) of the answers needed at most.
  Duration percentile(double part) const;
  double error_rate() const;  // 0 to 1
};

// What is asked, how and until when.
struct LoadPlan {
  const net::HttpRequest& request;
  const StepOptions& step;
  const net::MakeSocket& make_socket;
  std::chrono::steady_clock::time_point until;
};

// Every answer is judged, also by the jq assertions. `interrupted` is the only error.
Result<Load> run_load(const LoadPlan& plan, const RunContext& context);
std::vector<std::string> faults_of(const Load& load, const StepOptions& step);
std::string describe(const Load& load);

}  // namespace lifeboat::drill
