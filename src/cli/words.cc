#include "cli/words.h"

#include <fmt/format.h>

#include "cli/fields.h"

namespace lifeboat::cli {
namespace {

constexpr std::size_t kIdLetters = 10;
constexpr std::size_t kMostFindings = 20;

std::optional<Time> time_of(const Json& object, const char* key) {
  const auto parsed = parse_rfc3339(text_of(object, key));
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace

std::string short_id(const Json& object, const char* key) {
  return text_of(object, key).substr(0, kIdLetters);
}

std::string moment_of(const Json& object, const char* key) {
  const auto time = time_of(object, key);
  return time ? to_the_second(*time) : "";
}

std::string age_of(const Json& object, const char* key, Time now) {
  const auto time = time_of(object, key);
  if (!time) return {};
  const auto seconds = [](Duration span) { return std::chrono::floor<std::chrono::seconds>(span); };
  if (seconds(now - *time) == std::chrono::seconds(0)) return "just now";
  if (*time > now) return "in " + describe_duration(seconds(*time - now));
  return describe_duration(seconds(now - *time)) + " ago";
}

std::string size_of(const Json& object, const char* key) {
  return describe_size(number_of(object, key));
}

std::string milliseconds_of(const Json& object, const char* key) {
  return describe_duration(std::chrono::milliseconds(number_of(object, key)));
}

std::string join_words(const Json& list) {
  std::string text;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (at != 0) text += at + 1 == list.size() ? " and " : ", ";
    text += list[at].is_string() ? printable(list[at].get<std::string>()) : list[at].dump();
  }
  return text;
}

std::string table_indented(const std::string& text, std::size_t indent) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    result += std::string(indent, ' ') + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return result;
}

std::size_t say_findings(Session& session, const Json& findings) {
  std::size_t said = 0;
  for (const auto& finding : findings) {
    if (++said > kMostFindings) continue;
    const auto style = flag_of(finding, "incomplete") ? Style::bad : Style::caution;
    // Messages that come from errors often begin with what they are about.
    const auto subject = text_of(finding, "subject");
    auto text = text_of(finding, "message");
    if (!subject.empty() && !text.starts_with(subject + ": ")) text.insert(0, subject + ": ");
    session.say("  " +
                session.colour(flag_of(finding, "incomplete") ? "missing" : "finding", style) +
                "  " + wrapped(text, session.terminal().width, 11));
  }
  if (said > kMostFindings)
    session.say(fmt::format("  and {} more; --json prints all", said - kMostFindings));
  return said;
}

void say_notices(Session& session, const Json& body) {
  const auto width = session.terminal().width;
  for (const auto& each : list_of(body, "notices")) {
    const auto name = text_of(each, "notifier");
    if (flag_of(each, "delivered")) {
      session.say(wrapped("Notice to " + name + ": taken, " + text_of(each, "answer"), width, 2));
      continue;
    }
    const auto waiting = number_of(each, "waiting");
    auto text =
        fmt::format("Notice to {}: {}, {}.", name, session.colour("NOT DELIVERED", Style::caution),
                    text_of(each, "answer"));
    text += waiting == 0 ? " It is not kept either."
                         : fmt::format(" {} kept, and tried again with the next run.",
                                       counted(waiting, "notice is", "notices are"));
    session.say(wrapped(text, width, 2));
    if (const auto hint = text_of(each, "hint"); !hint.empty())
      session.say("  " + session.colour("hint", Style::bold) + "   " + wrapped(hint, width, 9));
  }
}

void say_error(Session& session, const Json& error) {
  const auto width = session.terminal().width;
  session.say("  " + session.colour("error", Style::bad) + "  " +
              wrapped(text_of(error, "message"), width, 9));
  if (const auto hint = text_of(error, "hint"); !hint.empty())
    session.say("  " + session.colour("hint", Style::bold) + "   " + wrapped(hint, width, 9));
}

Result<int> failed_one(Session& session, const Error& error, std::size_t of) {
  if (of == 1 || error.code() == Code::interrupted) return fail(error);
  return session.failed(error);
}

Result<int> answer_each(Session& session, const std::vector<std::string>& names, const Ask& ask,
                        const Say& say) {
  int status = 0;
  Json answers = Json::array();
  for (const auto& name : names) {
    const auto answer = ask(name);
    if (answer) {
      say(answer->body);
      answers.push_back(answer->body);
    }
    status = service::worst_exit(
        status,
        answer ? answer->exit_status : TRY(failed_one(session, answer.error(), names.size())));
  }
  session.result(answers, status);
  return status;
}

}  // namespace lifeboat::cli
