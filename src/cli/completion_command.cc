#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/session.h"

namespace lifeboat::cli {
namespace {

std::string last_word(std::string_view name) {
  const auto space = name.rfind(' ');
  return std::string(space == std::string_view::npos ? name : name.substr(space + 1));
}

// What may follow a command: its members, and its options and everybody's.
std::string words_after(const CommandSpec* command) {
  std::string words;
  for (const auto* member : members_of(command == nullptr ? "" : command->name))
    words += last_word(member->name) + " ";
  const auto own = command == nullptr ? std::span<const OptionSpec>() : std::span(command->options);
  for (const auto& options : {own, global_options()})
    for (const auto& option : options) words += "--" + std::string(option.name) + " ";
  words.pop_back();
  return words;
}

std::string bash_script() {
  std::string cases;
  for (const auto& command : all_commands())
    cases += fmt::format("    \"{} \") words=\"{}\" ;;\n", command.name, words_after(&command));
  return fmt::format(
      "# bash completion for lifeboat\n"
      "_lifeboat() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} path= words= word i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${{COMP_WORDS[i]}}\n"
      "    [[ $word == -* ]] && continue\n"
      "    case \" {0} \" in *\" ${{path// /:}}${{path:+:}}$word \"*) path=\"${{path:+$path "
      "}}$word\" ;; esac\n"
      "  done\n"
      "  case \"$path \" in\n"
      "    \" \") words=\"{1}\" ;;\n"
      "{2}"
      "  esac\n"
      "  if [[ $current == -* || $path == \"\" || $words != --* ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  fi\n"
      "}}\n"
      "complete -o default -F _lifeboat lifeboat\n",
      [] {
        std::string names;
        for (const auto& command : all_commands()) {
          std::string name(command.name);
          for (char& letter : name)
            if (letter == ' ') letter = ':';
          names += (names.empty() ? "" : " ") + name;
        }
        return names;
      }(),
      words_after(nullptr), cases);
}

std::string fish_condition(std::string_view parent) {
  if (parent.empty()) return "__fish_use_subcommand";
  return fmt::format("__fish_seen_subcommand_from {}", parent);
}

std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') result += '\\';
    result += letter;
  }
  return result + "'";
}

std::string fish_script() {
  std::string text = "# fish completion for lifeboat\n";
  for (const auto& option : global_options())
    text +=
        fmt::format("complete -c lifeboat -l {} -d {}\n", option.name, fish_quoted(option.about));
  for (const auto& command : all_commands()) {
    const auto space = command.name.rfind(' ');
    const auto parent = space == std::string_view::npos ? "" : command.name.substr(0, space);
    text += fmt::format("complete -c lifeboat -f -n {} -a {} -d {}\n",
                        fish_quoted(fish_condition(parent)), last_word(command.name),
                        fish_quoted(command.summary));
    for (const auto& option : command.options)
      text += fmt::format("complete -c lifeboat -n {} -l {} -d {}\n",
                          fish_quoted(fish_condition(last_word(command.name))), option.name,
                          fish_quoted(option.about));
  }
  return text;
}

// zsh runs bash's own form; that keeps one list of words.
std::string zsh_script() {
  return "#compdef lifeboat\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script();
}

Result<int> run_completion(Session& session) {
  const auto shell = session.arguments().text("SHELL");
  if (shell == "bash")
    session.print(bash_script());
  else if (shell == "zsh")
    session.print(zsh_script());
  else if (shell == "fish")
    session.print(fish_script());
  else
    return fail(Error(Code::usage, fmt::format("no completion for \"{}\"", shell))
                    .with_hint("There is one for bash, zsh and fish."));
  return 0;
}

}  // namespace

CommandSpec completion_command() {
  CommandSpec spec;
  spec.name = "completion";
  spec.summary = "Print a completion script for bash, zsh or fish.";
  spec.positionals = {{"SHELL", "bash, zsh or fish."}};
  spec.examples = {
      {"lifeboat completion bash > /etc/bash_completion.d/lifeboat", "for everybody"},
      {"lifeboat completion fish > ~/.config/fish/completions/lifeboat.fish", "for one user"}};
  spec.run = run_completion;
  return spec;
}

}  // namespace lifeboat::cli
