#include "cli/interrupts.h"

#include <signal.h>
#include <unistd.h>

#include <string_view>

namespace lifeboat::cli {
namespace {

// Wakes the watcher at the end; nothing else sends it.
constexpr int kWake = SIGUSR2;

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, kWake}) sigaddset(&set, signal);
  return set;
}

void say(std::string_view text) {
  const auto ignored = write(STDERR_FILENO, text.data(), text.size());
  (void)ignored;
}

void watch_signals(std::stop_source stop) {
  const auto set = watched_signals();
  for (int asked = 0;;) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0 || signal == kWake) return;
    if (++asked > 1) _exit(130);
    say("\nstopping; once more to stop at once\n");
    stop.request_stop();
  }
}

}  // namespace

Interrupts::Interrupts() {
  const auto set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A reader that went away is an error of write(), not a signal.
  signal(SIGPIPE, SIG_IGN);
  watcher_ = std::jthread(watch_signals, stop_);
}

Interrupts::~Interrupts() { pthread_kill(watcher_.native_handle(), kWake); }

}  // namespace lifeboat::cli
