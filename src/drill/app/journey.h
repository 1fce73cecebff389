#pragma once
// The requests that a drill makes of the application, one after the other, and what came of each.
// Used by one thread; a repeated step makes threads of its own.
#include <map>
#include <string>
#include <vector>

#include "drill/app/exchange.h"
#include "drill/report.h"

namespace lifeboat::drill {

class Journey {
 public:
  // `names` are the ${sandbox.…}; captures are added while it is played.
  Journey(const AppOptions& options, Names names, net::MakeSocket make_socket)
      : options_(options), names_(std::move(names)), make_socket_(std::move(make_socket)) {}

  // Every step, also after one failed: a person wants to see them all at once. `interrupted` is the
  // only error.
  Result<std::vector<CheckResult>> play(const RunContext& context);

 private:
  Result<CheckResult> play_step(std::size_t number, const RunContext& context);
  bool is_over() const;
  CheckResult cut(CheckResult result) const;  // there was no time left for it
  Result<void> perform(const StepOptions& step, CheckResult& result, const RunContext& context);
  Result<void> compare_roles(const StepOptions& step, CheckResult& result,
                             const RunContext& context);
  Result<void> repeat(const StepOptions& step, CheckResult& result, const RunContext& context);
  Result<net::HttpRequest> request_of(const StepOptions& step, const std::string& role,
                                      const RunContext& context) const;
  Result<std::string> token_of(const std::string& role, const RunContext& context) const;
  Result<void> capture(const StepOptions& step, const net::HttpResponse& response);
  net::HttpSession& session_of(const std::string& role);

  const AppOptions& options_;
  Names names_;
  net::MakeSocket make_socket_;
  std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::time_point::max();
  std::map<std::string, net::HttpSession> sessions_;  // cookies are each role's own
};

}  // namespace lifeboat::drill
