#pragma once
// What a command works with: its arguments, the streams, and how the run is watched and stopped.
// One per process.
#include <iosfwd>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/json.h"
#include "base/run_context.h"
#include "cli/arguments.h"
#include "cli/progress_meter.h"
#include "cli/terminal.h"
#include "service/setup.h"

namespace lifeboat::cli {

using Environment = std::map<std::string, std::string>;

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// How a run is watched and stopped.
struct Watch {
  const Terminal& terminal;
  Streams streams;
  ProgressMeter& progress;
  const RunContext& context;
};

class Session {
 public:
  Session(const Arguments& arguments, const service::Setup& setup, const Watch& watch)
      : arguments_(arguments), setup_(setup), watch_(watch) {}

  const Arguments& arguments() const { return arguments_; }
  const service::Setup& setup() const { return setup_; }
  const Terminal& terminal() const { return watch_.terminal; }
  const RunContext& context() const { return watch_.context; }
  bool json() const { return arguments_.has("json"); }
  bool quiet() const { return arguments_.has("quiet"); }

  // A line, or several, for a person; nothing with --json. The text must be printable.
  void say(std::string_view text);
  // The same also with --json: for what is a text by its nature, such as a file's content.
  void print(std::string_view text);
  // The result of the command with --json; nothing otherwise.
  void result(const Json& body, int exit_status);
  // One of many things found on the way, with --json; nothing otherwise.
  void event(std::string_view name, const Json& body);
  // Content as it is, to stdout, whatever the form of the output.
  Result<void> write_bytes(ByteView bytes);
  // Says an error that does not end the command; its exit status.
  int failed(const Error& error);
  // Something a person should know that is not the result: to stderr.
  void note(std::string_view text);

  // Asks "Type yes to go on", or another word. True with --yes. Without a terminal to ask at:
  // `refused`; any other answer: `refused`.
  Result<void> confirm(std::string_view question, std::string_view word = "yes");
  // A line that a person types after the question. Nothing without a terminal to ask at, with
  // --json, when they close it, or when none came until `stop`.
  std::optional<std::string> ask(std::string_view question, const std::stop_token& stop);
  bool can_ask() const { return !json() && watch_.terminal.in_is_terminal; }
  std::string colour(std::string_view text, Style style) const {
    return styled(text, style, watch_.terminal.colour);
  }

 private:
  const Arguments& arguments_;
  const service::Setup& setup_;
  Watch watch_;
};

// "error: …" and "hint: …" on stderr; with `json` an event on stdout. Returns the exit status.
int report_error(const Error& error, const Terminal& terminal, const Streams& streams, bool json);

}  // namespace lifeboat::cli
