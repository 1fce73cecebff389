#include "drill/app/application.h"

#include <signal.h>

#include <charconv>

#include "base/text.h"

namespace lifeboat::drill {
namespace {

constexpr Duration kWatchBeat = std::chrono::milliseconds(50);
constexpr Duration kSettle = std::chrono::milliseconds(200);
constexpr Duration kWatchEvery = std::chrono::milliseconds(250);
constexpr Duration kWatchPatience = std::chrono::seconds(10);
constexpr Duration kOnePoll = std::chrono::seconds(5);
constexpr Duration kDrainOutputs = std::chrono::seconds(5);
constexpr std::size_t kReady = 0;  // the places of the patterns in every output
constexpr std::size_t kBad = 1;

using SteadyTime = std::chrono::steady_clock::time_point;

SteadyTime after(Duration time) { return std::chrono::steady_clock::now() + time; }
bool is_over(SteadyTime deadline) { return std::chrono::steady_clock::now() >= deadline; }

// Processes live in real time, whatever clock is injected.
void pause() { std::this_thread::sleep_for(kWatchBeat); }

// Longer than it takes until the end of a process is known here.
void await_settled() { std::this_thread::sleep_for(kSettle); }

std::string joined_ports(const std::vector<std::uint16_t>& ports) {
  std::string text;
  for (const auto port : ports) text += (text.empty() ? "" : ", ") + std::to_string(port);
  return text;
}

}  // namespace

Result<void> Application::start(const RunContext& context) {
  for (const auto& each : options_.processes) TRY(start_process(each));
  return await_ready(context);
}

Result<void> Application::start_process(const ProcessOptions& options) {
  std::vector<sandbox::Pattern> patterns;
  patterns.push_back(TRY(sandbox::Pattern::parse_or_none(options_.ready.log)));
  patterns.push_back(TRY(sandbox::Pattern::parse_or_none(options_.fail_on_log)));
  Process process{options.name, 0, TRY(sandbox::Output::open(std::move(patterns))), {}};
  const sandbox::Launch launch{TRY(fill_in(options.command, names_)), TRY(environment()),
                               options_.directory.empty() ? "/" : options_.directory};
  process.number = TRY(cell_.start(launch, process.output->end_for_process()));
  process.output->close_ours();
  processes_.push_back(std::move(process));
  return {};
}

// Nothing of the caller's: a place to find programs, a home, a character set, and what is written
// down.
Result<std::map<std::string, std::string>> Application::environment() const {
  std::map<std::string, std::string> all{
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/home/app"}, {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : options_.environment) all[name] = TRY(fill_in(value, names_));
  return all;
}

Result<void> Application::await_ready(const RunContext& context) {
  net::HttpSession session(sockets());
  const auto deadline = after(options_.ready.within);
  while (!is_over(deadline)) {
    TRY(context.check_stop());
    if (const auto ending = hear(); !ending.empty())
      return fail(Code::check_failed, "it was not ready yet when " + ending);
    if (is_ready(session, context)) return stay_ready();
    pause();
  }
  return fail(not_ready(context));
}

// What goes to the background ends just when what it started begins to answer.
Result<void> Application::stay_ready() {
  await_settled();
  if (const auto ending = hear(); !ending.empty())
    return fail(Code::check_failed, "it was ready, and then " + ending);
  return {};
}

bool Application::is_ready(net::HttpSession& session, const RunContext& context) {
  if (!options_.ready.log.empty() && !log_is_ready()) return false;
  if (options_.ready.http.empty())
    return !options_.ready.log.empty() || cell_.connect(port()).has_value();
  const auto path = fill_in_path(options_.ready.http, names_);
  if (!path) return false;
  const net::HttpRequest request{
      "GET", "http://127.0.0.1:" + std::to_string(port()) + *path, {}, {}};
  net::HttpLimits limits;
  limits.time = kOnePoll;
  const auto response = session.send(request, limits, context);
  return response && response->status >= 200 && response->status < 300;
}

bool Application::log_is_ready() const {
  for (const auto& process : processes_)
    if (process.output->watched(kReady).matches > 0) return true;
  return false;
}

// What a person would look at first: the line that did not come, the port, the last words.
Error Application::not_ready(const RunContext& context) {
  std::string message = "not ready within " + describe_duration(options_.ready.within);
  net::HttpSession session(sockets());
  if (!options_.ready.log.empty() && !log_is_ready())
    message += "; no line matches " + options_.ready.log;
  if (flooded()) message += "; it wrote more than is searched";
  const auto census = cell_.look();
  const bool reachable = cell_.connect(port()).has_value();
  if (!reachable) message += "; nobody listens on port " + std::to_string(port());
  if (!reachable && census && !census->listening.empty())
    message += " (but on " + joined_ports(census->listening) + ": does it use ${sandbox.port}?)";
  if (reachable && !options_.ready.http.empty() && !is_ready(session, context))
    message += "; GET " + options_.ready.http + " does not answer 200";
  if (!processes_.empty()) message += last_line(processes_.back());
  return {Code::check_failed, message};
}

// What has ended or was killed, and must not have: empty when nothing.
std::string Application::hear() {
  const auto news = cell_.news();
  for (const auto& ended : news.ended)
    for (auto& process : processes_)
      if (process.number == ended.process) process.status = ended.status;
  if (!news.over.empty())
    return "it used more " + news.over + " than it may, and everything was killed";
  for (const auto& process : processes_) {
    const bool last = &process == &processes_.back();
    if (process.status && (last || *process.status != 0)) return ending_of(process);
  }
  return {};
}

std::string Application::ending_of(const Process& process) {
  auto text =
      "the process " + process.name + " ended with status " + std::to_string(*process.status);
  const auto census = cell_.look();
  const std::uint64_t others = census ? census->processes : 0;
  if (*process.status == 0 && others > 0)
    text += " and left " + std::to_string(others) +
            " running: it went to the background; start it in the foreground";
  return text + last_line(process);
}

std::string Application::last_line(const Process& process) const {
  auto text = process.output->text();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto line = text.substr(text.rfind('\n') + 1);
  return line.empty() ? "; it wrote nothing"
                      : "; its last line: " + quotable(line, options_.secrets);
}

std::uint16_t Application::port() const {
  const auto& text = names_.at("sandbox.port");
  std::uint16_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

net::MakeSocket Application::sockets() {
  return [this] { return cell_.make_socket(); };
}

void Application::begin_watching(const RunContext& context) {
  watched_ = true;
  watcher_ = std::jthread([this, &context](const std::stop_token& stop) { watch(stop, context); });
}

// Once it has lapsed there is nothing more to see. What was so until it is stopped counts too: then
// it looks once more.
void Application::watch(const std::stop_token& stop, const RunContext& context) {
  net::HttpSession session(sockets());
  for (bool last = false; !last;) {
    last = stop.stop_requested();
    const auto ending = await_ready_again(session, context);
    ++polls_;
    if (!ending.empty()) {
      const std::lock_guard hold(mutex_);
      lapse_ = ending;
      return;
    }
    if (!last) std::this_thread::sleep_for(kWatchEvery);
  }
}

// Why it is not; empty when it is. One poll may fall into a moment of high load; only lasting
// silence is a lapse.
std::string Application::await_ready_again(net::HttpSession& session, const RunContext& context) {
  const auto deadline = after(kWatchPatience);
  for (;;) {
    if (auto ending = hear(); !ending.empty()) return ending;
    if (is_ready(session, context) || context.stop.stop_requested()) return {};
    if (is_over(deadline)) return "it was no longer ready for " + describe_duration(kWatchPatience);
    pause();
  }
}

void Application::stop_watching() {
  watcher_.request_stop();
  if (watcher_.joinable()) watcher_.join();
}

std::string Application::lapse() {
  await_settled();
  const std::lock_guard hold(mutex_);
  if (lapse_.empty()) lapse_ = hear();
  return lapse_;
}

bool Application::stop(const RunContext& context) {
  stop_watching();
  for (auto process = processes_.rbegin(); process != processes_.rend(); ++process)
    if (!process->status) (void)cell_.signal(process->number, SIGTERM);
  const auto deadline = after(options_.stop_within);
  for (;;) {
    hear();
    bool running = false;
    for (const auto& process : processes_) running |= !process.status;
    if (!running) return true;
    if (is_over(deadline) || context.stop.stop_requested()) return false;
    pause();
  }
}

std::vector<std::string> Application::bad_lines() const {
  std::vector<std::string> lines;
  for (const auto& process : processes_)
    for (const auto& line : process.output->watched(kBad).lines)
      lines.push_back(process.name + ": " + quotable(line, options_.secrets));
  return lines;
}

std::uint64_t Application::logged() const {
  std::uint64_t bytes = 0;
  for (const auto& process : processes_) bytes += process.output->bytes();
  return bytes;
}

bool Application::flooded() const {
  for (const auto& process : processes_)
    if (process.output->flooded()) return true;
  return false;
}

void Application::await_outputs() const {
  for (const auto& process : processes_) process.output->await_end(kDrainOutputs);
}

std::string Application::unsearched() const {
  for (const auto& process : processes_)
    if (auto why = process.output->unsearched(); !why.empty()) return process.name + ": " + why;
  return {};
}

std::string Application::log() const {
  std::string text;
  for (const auto& process : processes_)
    text += "== " + process.name + "\n" +
            without_secrets(process.output->text(), options_.secrets) + "\n";
  return text;
}

}  // namespace lifeboat::drill
