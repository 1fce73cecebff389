#include "drill/app/command.h"

#include <thread>

#include "base/counted.h"
#include "base/json.h"

namespace lifeboat::drill {
namespace {

constexpr Duration kCommandBeat = std::chrono::milliseconds(20);
constexpr Duration kDrain = std::chrono::seconds(5);
constexpr std::size_t kExpected = 0;  // the places of the patterns in the output
constexpr std::size_t kUnwanted = 1;
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr int kSignals = 128;
constexpr std::size_t kMostOutcomes = 100;
constexpr std::size_t kLongestId = 64;

Result<std::unique_ptr<sandbox::Output>> open_output(const CommandCheck& command) {
  std::vector<sandbox::Pattern> patterns;
  for (const auto& text : {command.output, command.unwanted})
    patterns.push_back(TRY(sandbox::Pattern::parse_or_none(text)));
  return sandbox::Output::open(std::move(patterns));
}

Result<sandbox::Launch> launch_of(const CommandCheck& command, const Names& names) {
  sandbox::Launch launch;
  launch.command = TRY(fill_in(command.run, names));
  launch.environment = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/home/app"}, {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : command.environment)
    launch.environment[name] = TRY(fill_in(value, names));
  if (!command.directory.empty()) launch.directory = command.directory;
  return launch;
}

struct StartedCommand {
  sandbox::Cell& cell;
  int process;
  Duration within;
};

// Programs live in real time, whatever clock is injected. What the program left behind ends in the
// cell too, and answers nothing.
Result<void> await_end(const StartedCommand& started, CommandEnd& end, const RunContext& context) {
  const auto begun = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() < begun + started.within) {
    TRY(context.check_stop());
    const auto news = started.cell.news();
    end.over = news.over;
    for (const auto& ended : news.ended)
      if (ended.process == started.process) end.status = ended.status;
    if (end.status || !end.over.empty()) return {};
    std::this_thread::sleep_for(kCommandBeat);
  }
  return {};
}

std::string last_line(const CommandCheck& command, const CommandEnd& end) {
  auto text = end.output->text();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const auto line = text.substr(text.rfind('\n') + 1);
  return line.empty() ? "; it wrote nothing"
                      : "; its last line: " + quotable(line, command.secrets);
}

// Why nothing can be concluded; empty when something can.
std::string undecided(const CommandCheck& command, const CommandEnd& end) {
  if (!end.over.empty()) return "it used more " + end.over + " than it may, and was killed";
  if (!end.status) return "it did not end within " + describe_duration(command.within);
  const int status = *end.status;
  if (status == command.exit) return {};
  if (status == kNotFound || status == kNotExecutable)
    return "it could not be run (status " + std::to_string(status) + ")" + last_line(command, end);
  if (status > kSignals)
    return "it was killed by signal " + std::to_string(status - kSignals) + last_line(command, end);
  return {};
}

struct Answered {
  Outcome outcome;
  std::string message;
};

Answered judge_words(const CommandCheck& command, const CommandEnd& end) {
  const auto unwanted = end.output->watched(kUnwanted);
  if (unwanted.matches > 0)
    return {Outcome::failed, "it says: " + quotable(unwanted.lines.front(), command.secrets)};
  if (*end.status != command.exit)
    return {Outcome::failed, "status " + std::to_string(*end.status) + ", expected " +
                                 std::to_string(command.exit) + last_line(command, end)};
  const bool found = command.output.empty() || end.output->watched(kExpected).matches > 0;
  const auto unsearched = end.output->unsearched();
  if ((!found || !command.unwanted.empty()) && !unsearched.empty())
    return {Outcome::not_run, unsearched};
  if (!found)
    return {Outcome::failed, "no line matches " + command.output + last_line(command, end)};
  return {Outcome::passed,
          "status " + std::to_string(*end.status) + " after " + describe_duration(end.elapsed)};
}

std::string text_said(const Json& said, const char* key) {
  const auto found = said.find(key);
  return found != said.end() && found->is_string() ? found->get<std::string>() : "";
}

std::optional<Outcome> outcome_said(const Json& said) {
  const auto word = text_said(said, "outcome");
  for (const auto each : {Outcome::passed, Outcome::warned, Outcome::failed, Outcome::not_run})
    if (name_of(each) == word) return each;
  return std::nullopt;
}

bool is_plain(const std::string& id) {
  return !id.empty() && id.size() <= kLongestId &&
         id.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
             std::string::npos;
}

// Lines that begin with { are outcomes; all others are talk, such as a package manager's.
class Outcomes {
 public:
  explicit Outcomes(const CommandCheck& command) : command_(command) {}

  void take(const std::string& line) {
    if (!line.starts_with('{')) return;
    const auto said = parse_json(line);
    const auto outcome = said && said->is_object() ? outcome_said(*said) : std::nullopt;
    const auto id = outcome ? text_said(*said, "check") : "";
    if (!outcome || !is_plain(id) || results_.size() >= kMostOutcomes) {
      if (nonsense_.empty()) nonsense_ = quotable(line, command_.secrets);
      return;
    }
    auto result = command_answer(command_);
    result.id += "." + id;
    result.outcome = *outcome;
    result.message = quotable(text_said(*said, "message"), command_.secrets);
    results_.push_back(std::move(result));
  }

  // What makes the whole of it undecided; empty when nothing.
  std::string complaint() const {
    if (!nonsense_.empty()) return "this is no outcome: " + nonsense_;
    return results_.empty() ? "it printed no outcome" : "";
  }
  std::vector<CheckResult>& results() { return results_; }

 private:
  const CommandCheck& command_;
  std::vector<CheckResult> results_;
  std::string nonsense_;
};

std::vector<CheckResult> judge_outcomes(const CommandCheck& command, const CommandEnd& end,
                                        CheckResult own) {
  Outcomes outcomes(command);
  const auto text = end.output->text();
  for (std::size_t at = 0; at < text.size();) {
    const auto line_end = std::min(text.find('\n', at), text.size());
    outcomes.take(text.substr(at, line_end - at));
    at = line_end + 1;
  }
  auto complaint = outcomes.complaint();
  if (end.output->bytes() > text.size())
    complaint = "it wrote " + describe_size(end.output->bytes()) + ", more than is read";
  if (own.outcome == Outcome::passed && !complaint.empty()) {
    own.outcome = Outcome::not_run;
    own.message = complaint;
  } else if (complaint.empty()) {
    own.message += ", " + counted(outcomes.results().size(), "outcome", "outcomes");
  }
  std::vector<CheckResult> all{std::move(own)};
  for (auto& each : outcomes.results()) all.push_back(std::move(each));
  return all;
}

}  // namespace

CheckResult command_answer(const CommandCheck& command) {
  CheckResult result;
  result.id = "command." + command.name;
  result.proves =
      "a program of the service's own, run where it sees only the restored data, is "
      "content with it";
  return result;
}

Result<CommandEnd> run_inside(sandbox::Cell& cell, const CommandCheck& command, const Names& names,
                              const RunContext& context) {
  CommandEnd end;
  end.output = TRY(open_output(command));
  const auto begun = std::chrono::steady_clock::now();
  const auto started = cell.start(TRY(launch_of(command, names)), end.output->end_for_process());
  end.output->close_ours();
  if (!started) return fail(started.error());
  const auto awaited = await_end({cell, *started, command.within}, end, context);
  end.elapsed = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
  TRY(awaited);
  return end;
}

// Whatever it left running holds the other end of its output.
void finish(sandbox::Cell& cell, CommandEnd& end) {
  cell.destroy();
  end.output->await_end(kDrain);
}

std::vector<CheckResult> judge_command(const CommandCheck& command, const CommandEnd& end) {
  auto own = command_answer(command);
  own.elapsed = end.elapsed;
  own.message = undecided(command, end);
  if (!own.message.empty()) return {std::move(own)};
  const auto answered = judge_words(command, end);
  own.outcome = answered.outcome;
  own.message = answered.message;
  if (!command.outcomes) return {std::move(own)};
  return judge_outcomes(command, end, std::move(own));
}

}  // namespace lifeboat::drill
