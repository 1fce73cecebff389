#include "cli/session.h"

#include <unistd.h>

#include <iostream>

#include "base/json_value.h"

namespace lifeboat::cli {
namespace {

void write_lines(std::ostream& stream, std::string_view text) {
  stream << text;
  if (!text.ends_with('\n')) stream << '\n';
  stream.flush();
}

// A message may have several lines (all mistakes of a configuration): each is made printable by
// itself.
std::string printable_lines(std::string_view text, const Terminal& terminal) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    result += (result.empty() ? "" : "\n") +
              fitted(printable(text.substr(0, end)), result.empty() ? 7 : 2, terminal);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

}  // namespace

void Session::say(std::string_view text) {
  if (!json()) print(text);
}

void Session::print(std::string_view text) {
  watch_.progress.clear();
  write_lines(watch_.streams.out, text);
}

void Session::result(const Json& body, int exit_status) {
  if (!json()) return;
  Json event;
  event["event"] = "result";
  event["exit"] = exit_status;
  event["result"] = body;
  write_lines(watch_.streams.out, canonical_json(event));
}

void Session::event(std::string_view name, const Json& body) {
  if (!json()) return;
  write_lines(watch_.streams.out, canonical_json({{"event", name}, {name, body}}));
}

Result<void> Session::write_bytes(ByteView bytes) {
  watch_.progress.clear();
  const auto text = to_text(bytes);
  if (watch_.streams.out.write(text.data(), static_cast<std::streamsize>(text.size()))) return {};
  return fail(Code::io_error, "standard output takes no more");
}

int Session::failed(const Error& error) {
  watch_.progress.clear();
  return report_error(error, watch_.terminal, watch_.streams, json());
}

void Session::note(std::string_view text) {
  if (quiet()) return;
  watch_.progress.clear();
  write_lines(watch_.streams.err, text);
}

Result<void> Session::confirm(std::string_view question, std::string_view word) {
  if (arguments_.has("yes")) return {};
  if (json() || !watch_.terminal.in_is_terminal)
    return fail(Error(Code::refused, "not confirmed")
                    .with_hint("Nothing was changed. Give --yes to go on without being asked."));
  watch_.progress.clear();
  watch_.streams.err << question << " Type " << word << " to go on: " << std::flush;
  std::string answer;
  std::getline(watch_.streams.in, answer);
  if (answer == word) return {};
  return fail(Error(Code::refused, "not confirmed").with_hint("Nothing was changed."));
}

std::optional<std::string> Session::ask(std::string_view question, const std::stop_token& stop) {
  if (!can_ask() || stop.stop_requested()) return std::nullopt;
  watch_.progress.clear();
  watch_.streams.err << printable(question) << " " << std::flush;
  std::string answer;
  // Without it a person who went away would be waited for, whatever time the run may take.
  if (&watch_.streams.in == &std::cin && !await_input(STDIN_FILENO, stop)) return std::nullopt;
  if (!std::getline(watch_.streams.in, answer)) return std::nullopt;
  return printable(answer);
}

int report_error(const Error& error, const Terminal& terminal, const Streams& streams, bool json) {
  const auto& info = info_of(error.code());
  if (json) {
    Json event;
    event["event"] = "error";
    event["exit"] = info.exit_status;
    event["error"] = {{"code", info.name}, {"message", error.describe()}, {"hint", error.hint()}};
    write_lines(streams.out, canonical_json(event));
    return info.exit_status;
  }
  const auto label = styled("error:", Style::bad, terminal.err_colour);
  const auto hint = styled("hint:", Style::bold, terminal.err_colour);
  streams.err << label << " " << printable_lines(error.describe(), terminal) << "\n";
  if (!error.hint().empty())
    streams.err << hint << " " << fitted(printable(error.hint()), 6, terminal) << "\n";
  streams.err.flush();
  return info.exit_status;
}

}  // namespace lifeboat::cli
