#include "config/bind_commands.h"

#include "config/values.h"

namespace lifeboat::config {
namespace {

std::string name_or(const Place& place, std::size_t number) {
  return place.absent() ? std::to_string(number) : place.text();
}

Result<void> bind_command_expect(const Place& place, drill::CommandCheck& check) {
  if (!place["exit"].absent()) check.exit = TRY(parse_status(place["exit"].text()));
  check.output = place["output"].text();
  check.unwanted = place["not"].text();
  if (!place["outcomes"].absent()) check.outcomes = TRY(parse_flag(place["outcomes"].text()));
  return {};
}

}  // namespace

Result<drill::CommandCheck> bind_command(const Place& place, std::size_t number) {
  drill::CommandCheck check;
  check.name = name_or(place["name"], number);
  check.run = place["run"].text();
  check.directory = place["directory"].text();
  for (const auto& item : place["visible"].node.items) check.visible.push_back(item.text);
  for (const auto& member : place["environment"].node.members)
    check.environment[member.key] = member.value.text;
  TRY(read_duration(place["within"], check.within));
  TRY(bind_command_expect(place["expect"], check));
  return check;
}

drill::ManualCheck bind_manual(const Place& place) {
  return {place["ask"].text(), place["owner"].text()};
}

Result<drill::BeforeCommand> bind_before(const Place& place, std::size_t number) {
  drill::BeforeCommand command;
  command.name = name_or(place["name"], number);
  command.run = place["run"].text();
  command.directory = place["directory"].text();
  TRY(read_duration(place["within"], command.within));
  return command;
}

}  // namespace lifeboat::config
