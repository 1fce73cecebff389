#pragma once
// The restored application while it runs in its cell: started, waited for, watched, stopped. Used
// by one thread; watching has one of its own.
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "drill/app/options.h"
#include "drill/app/text.h"
#include "drill/report.h"
#include "net/http.h"
#include "sandbox/cell.h"
#include "sandbox/output.h"

namespace lifeboat::drill {

class Application {
 public:
  // `names` are the ${sandbox.…}; all three outlive this.
  Application(const AppOptions& options, const Names& names, sandbox::Cell& cell)
      : options_(options), names_(names), cell_(cell) {}
  ~Application() { stop_watching(); }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // Starts every process in its order and waits until the last is ready. `check_failed` says why it
  // did not get ready; other errors are the sandbox's.
  Result<void> start(const RunContext& context);
  net::MakeSocket sockets();
  // From now on it must stay up and ready.
  void begin_watching(const RunContext& context);
  // Returns once it is known whether it is ready still: after as long as it is given to become so
  // again.
  void stop_watching();
  // Why it did not stay so; empty when it did.
  std::string lapse();
  bool was_watched() const { return watched_; }
  // What was asked meanwhile.
  unsigned polls() const { return polls_; }
  // Asks it to end; false when it had to be killed.
  bool stop(const RunContext& context);

  // Until all that was written has been read; for when nothing of it runs any more.
  void await_outputs() const;
  // Lines that must not be there, by process.
  std::vector<std::string> bad_lines() const;
  std::uint64_t logged() const;
  bool flooded() const;
  // Why there may be more such lines; empty when there are none. After await_outputs().
  std::string unsearched() const;
  // All that was kept of its output, without secrets.
  std::string log() const;

 private:
  struct Process {
    std::string name;
    int number = 0;
    std::unique_ptr<sandbox::Output> output;
    std::optional<int> status;  // once it has ended
  };

  Result<void> start_process(const ProcessOptions& options);
  Result<std::map<std::string, std::string>> environment() const;
  Result<void> await_ready(const RunContext& context);
  Result<void> stay_ready();
  bool is_ready(net::HttpSession& session, const RunContext& context);
  bool log_is_ready() const;
  Error not_ready(const RunContext& context);
  std::string hear();
  std::string ending_of(const Process& process);
  std::string last_line(const Process& process) const;
  void watch(const std::stop_token& stop, const RunContext& context);
  std::string await_ready_again(net::HttpSession& session, const RunContext& context);
  std::uint16_t port() const;

  const AppOptions& options_;
  const Names& names_;
  sandbox::Cell& cell_;
  std::vector<Process> processes_;
  std::mutex mutex_;  // the watching thread writes what lapse() reads
  std::string lapse_;
  bool watched_ = false;
  std::atomic<unsigned> polls_{0};
  std::jthread watcher_;
};

}  // namespace lifeboat::drill
