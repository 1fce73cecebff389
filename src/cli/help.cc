#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>

namespace lifeboat::cli {
namespace {

struct Item {
  std::string name;
  std::string about;
};

std::string items_text(const std::string& title, const std::vector<Item>& items,
                       const Terminal& terminal) {
  if (items.empty()) return {};
  std::size_t widest = 0;
  for (const auto& item : items) widest = std::max(widest, columns(item.name));
  auto text = "\n" + styled(title, Style::bold, terminal.colour) + "\n";
  for (const auto& item : items) {
    const std::string gap(widest - columns(item.name) + 2, ' ');
    text += "  " + item.name + gap + wrapped(item.about, terminal.width, widest + 4) + "\n";
  }
  return text;
}

Item item_of(const OptionSpec& option) {
  auto name = option.letter.empty() ? "    --" + std::string(option.name)
                                    : fmt::format("-{}, --{}", option.letter, option.name);
  if (!option.value.empty()) name += " " + std::string(option.value);
  return {std::move(name), std::string(option.about)};
}

std::vector<Item> items_of(std::span<const OptionSpec> options) {
  std::vector<Item> items;
  for (const auto& option : options) items.push_back(item_of(option));
  return items;
}

std::string usage_of(const CommandSpec& command) {
  auto line = fmt::format("lifeboat {}", command.name);
  for (const auto& positional : command.positionals) {
    const auto more = positional.repeated ? "…" : "";
    line += positional.required ? fmt::format(" {}{}", positional.name, more)
                                : fmt::format(" [{}{}]", positional.name, more);
  }
  if (command.run == nullptr) line += " COMMAND";
  return line + " [OPTION…]";
}

std::string examples_text(const CommandSpec& command, const Terminal& terminal) {
  std::vector<Item> items;
  for (const auto& example : command.examples)
    items.push_back({std::string(example.line), std::string(example.about)});
  return items_text("Examples", items, terminal);
}

std::string members_text(std::string_view group, const Terminal& terminal) {
  std::vector<Item> items;
  for (const auto* member : members_of(group))
    items.push_back({std::string(member->name), std::string(member->summary)});
  return items_text("Commands", items, terminal);
}

std::string command_text(const CommandSpec& command, const Terminal& terminal) {
  auto text = styled(usage_of(command), Style::bold, terminal.colour) + "\n\n";
  text += wrapped(command.summary, terminal.width, 0) + "\n";
  if (!command.about.empty()) text += "\n" + wrapped(command.about, terminal.width, 0) + "\n";
  std::vector<Item> positionals;
  for (const auto& positional : command.positionals)
    positionals.push_back({std::string(positional.name), std::string(positional.about)});
  text += items_text("Arguments", positionals, terminal);
  text += members_text(command.name, terminal);
  text += items_text("Options", items_of(command.options), terminal);
  text += examples_text(command, terminal);
  return text + items_text("Options of every command", items_of(global_options()), terminal);
}

constexpr std::string_view kExits =
    "Exit status: 0 yes · 1 the answer is no · 2 could not be decided or done · 3 usage or "
    "configuration · 4 refused "
    "for safety · 130 interrupted.";

}  // namespace

std::string help_text(const CommandSpec* command, const Terminal& terminal) {
  if (command != nullptr) return command_text(*command, terminal);
  std::string text =
      styled("lifeboat COMMAND [OPTION…]", Style::bold, terminal.colour) +
      "\n\nBacks up databases and files, restores them, and proves that the restore works.\n";
  text += members_text("", terminal);
  text += items_text("Options of every command", items_of(global_options()), terminal);
  return text + "\n" + wrapped(kExits, terminal.width, 0) +
         "\n`lifeboat COMMAND --help` has the options and examples of each.\n";
}

}  // namespace lifeboat::cli
