#include "cli/parser.h"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"

namespace lifeboat::cli {
namespace {

// Where the library puts what it finds. Flags are counted, options kept in their order.
struct Slots {
  std::map<std::string, std::vector<std::string>> values;
  std::map<std::string, int> flags;
};

constexpr int kMostWords = 1'000'000;

bool is_help(const std::string& word) { return word == "--help" || word == "-h"; }

bool is_option(const std::string& word) { return word.size() > 1 && word[0] == '-'; }

const OptionSpec* find_option(std::span<const OptionSpec> options, std::string_view word) {
  for (const auto& option : options) {
    const bool is_long = word.starts_with("--") && word.substr(2) == option.name;
    const bool is_short = word.size() == 2 && word.substr(1) == option.letter;
    if (is_long || is_short) return &option;
  }
  return nullptr;
}

Failure unknown_command(std::string_view group, const std::string& word) {
  std::vector<std::string_view> known;
  for (const auto* member : members_of(group)) {
    const auto space = member->name.rfind(' ');
    known.push_back(space == std::string_view::npos ? member->name
                                                    : member->name.substr(space + 1));
  }
  const auto nearest = nearest_word(word, known);
  const auto place = group.empty() ? std::string() : fmt::format(" of `lifeboat {}`", group);
  return fail(Error(Code::usage, fmt::format("\"{}\" is no command{}", word, place))
                  .with_hint(nearest.empty() ? fmt::format("There are: {}.", fmt::join(known, ", "))
                                             : fmt::format("Did you mean \"{}\"?", nearest)));
}

// The words that name the command, and the rest of them for the library.
struct Split {
  const CommandSpec* command = nullptr;
  std::vector<std::string> rest;
};

// After "snapshots", which is a command and has members, only a member's name goes deeper.
bool may_go_deeper(const CommandSpec* command, const std::string& word) {
  if (command == nullptr || command->run == nullptr) return true;
  return find_command(std::string(command->name) + " " + word) != nullptr;
}

// Global options may stand before the command: `lifeboat --json snapshots`.
Result<Split> split_command(const std::vector<std::string>& words) {
  Split split;
  std::size_t at = 0;
  for (; at < words.size() && may_go_deeper(split.command, words[at]); ++at) {
    const auto& word = words[at];
    if (is_option(word)) {
      split.rest.push_back(word);
      const auto* option = find_option(global_options(), word);
      const bool takes_next = option != nullptr && !option->value.empty() && at + 1 < words.size();
      if (takes_next) split.rest.push_back(words[++at]);
      continue;
    }
    const std::string group(split.command == nullptr ? "" : split.command->name);
    const auto* next = find_command(group.empty() ? word : group + " " + word);
    if (next == nullptr) return unknown_command(group, word);
    split.command = next;
  }
  split.rest.insert(split.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  return split;
}

void add_option(CLI::App& app, const OptionSpec& option, Slots& slots) {
  const std::string name(option.name);
  auto names = "--" + name;
  if (!option.letter.empty()) names += ",-" + std::string(option.letter);
  if (option.value.empty()) {
    app.add_flag(names, slots.flags[name]);
    return;
  }
  auto* added = app.add_option(names, slots.values[name]);
  added->expected(1)->allow_extra_args(false);
  added->multi_option_policy(option.repeated ? CLI::MultiOptionPolicy::TakeAll
                                             : CLI::MultiOptionPolicy::Throw);
}

// The words that are no options go to the positional arguments in their order; what is left over
// comes back.
std::vector<std::string> take_positionals(const CommandSpec& command,
                                          const std::vector<std::string>& words, Slots& slots) {
  auto next = words.begin();
  for (const auto& positional : command.positionals) {
    auto& values = slots.values[std::string(positional.name)];
    const auto end = positional.repeated || next == words.end() ? words.end() : next + 1;
    values.assign(next, end);
    next = end;
  }
  return {next, words.end()};
}

Arguments take_arguments(Slots slots) {
  Arguments::Values values;
  for (auto& [name, given] : slots.values)
    if (!given.empty()) values[name] = std::move(given);
  for (const auto& [name, times] : slots.flags)
    if (times > 0) values[name].resize(static_cast<std::size_t>(times));
  return Arguments(std::move(values));
}

Failure not_understood(const CommandSpec& command, const std::vector<std::string>& extras) {
  const auto word = extras.empty() ? std::string() : extras.front();
  Error error(Code::usage, fmt::format("`lifeboat {}` does not take \"{}\"", command.name, word));
  std::vector<std::string> names;
  for (const auto& options : {std::span(command.options), global_options()})
    for (const auto& option : options) names.push_back("--" + std::string(option.name));
  const auto nearest = nearest_word(word, {names.begin(), names.end()});
  return fail(std::move(error).with_hint(
      is_option(word) && !nearest.empty()
          ? fmt::format("Did you mean {}?", nearest)
          : fmt::format("`lifeboat {} --help` says what it takes.", command.name)));
}

Result<Arguments> parse_rest(const CommandSpec& command, std::vector<std::string> rest) {
  CLI::App app;
  app.set_help_flag();
  Slots slots;
  for (const auto& option : command.options) add_option(app, option, slots);
  for (const auto& option : global_options()) add_option(app, option, slots);
  std::vector<std::string> words;
  app.add_option("words", words)->expected(0, kMostWords);
  app.allow_extras();
  try {
    std::reverse(rest.begin(), rest.end());
    app.parse(rest);
  } catch (const CLI::ParseError& error) {
    return fail(
        Error(Code::usage, error.what())
            .with_hint(fmt::format("`lifeboat {} --help` says what it takes.", command.name)));
  }
  auto extras = app.remaining();
  const auto left_over = take_positionals(command, words, slots);
  extras.insert(extras.end(), left_over.begin(), left_over.end());
  if (!extras.empty()) return not_understood(command, extras);
  return take_arguments(std::move(slots));
}

Result<void> check_required(const CommandSpec& command, const Arguments& arguments) {
  for (const auto& positional : command.positionals)
    if (positional.required && !arguments.has(positional.name))
      return fail(Error(Code::usage, fmt::format("`lifeboat {}` needs {}: {}", command.name,
                                                 positional.name, positional.about))
                      .with_hint(fmt::format("`lifeboat {} --help` has examples.", command.name)));
  return {};
}

}  // namespace

Result<Invocation> parse_words(const std::vector<std::string>& words) {
  auto own = words;
  const auto end_of_options = std::find(own.begin(), own.end(), "--");
  const auto kept = std::remove_if(own.begin(), end_of_options, is_help);
  Invocation invocation;
  invocation.help = kept != end_of_options;
  own.erase(kept, end_of_options);
  auto split = TRY(split_command(own));
  invocation.command = split.command;
  const bool group = split.command == nullptr || split.command->run == nullptr;
  if (group || invocation.help) {
    invocation.help = true;
    return invocation;
  }
  invocation.arguments = TRY(parse_rest(*split.command, std::move(split.rest)));
  TRY(check_required(*split.command, invocation.arguments));
  return invocation;
}

}  // namespace lifeboat::cli
