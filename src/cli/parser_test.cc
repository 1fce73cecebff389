#include "cli/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iomanip>
#include <sstream>

#include <set>

#include "cli/help.h"

namespace lifeboat::cli {
namespace {

using testing::HasSubstr;

std::string message_of(const Result<Invocation>& parsed) {
  return parsed ? "" : parsed.error().message() + " / " + std::string(parsed.error().hint());
}

TEST(Parser, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  for (const auto& words :
       {std::vector<std::string>{"--config", "x", "-v", "doctor", "--json", "-v"},
        std::vector<std::string>{"doctor", "--config=x", "-vv", "--json"}}) {
    const auto parsed = parse_words(words);
    ASSERT_TRUE(parsed) << message_of(parsed);
    EXPECT_EQ(parsed->command->name, "doctor");
    EXPECT_EQ(parsed->arguments.text("config"), "x");
    EXPECT_EQ(parsed->arguments.count("verbose"), 2U);
    EXPECT_TRUE(parsed->arguments.has("json"));
    EXPECT_FALSE(parsed->arguments.has("yes"));
  }
}

TEST(Parser, TakesPositionalArguments) {
  EXPECT_EQ(parse_words({"completion", "bash"})->arguments.text("SHELL"), "bash");
  EXPECT_FALSE(parse_words({"init"})->arguments.has("DIRECTORY"));
}

TEST(Parser, AnswersHelpWhateverElseIsThere) {
  EXPECT_TRUE(parse_words({"completion", "--help"})->help);
  EXPECT_TRUE(parse_words({"-h", "doctor"})->help);
  EXPECT_TRUE(parse_words({})->help);
}

TEST(Parser, SuggestsTheNearestCommandAndOption) {
  EXPECT_EQ(message_of(parse_words({"docter"})),
            "\"docter\" is no command / Did you mean \"doctor\"?");
  EXPECT_THAT(message_of(parse_words({"doctor", "--shema"})), HasSubstr("Did you mean --schema?"));
}

TEST(Parser, RefusesWhatIsMissingOrTooMuch) {
  EXPECT_THAT(message_of(parse_words({"completion"})), HasSubstr("needs SHELL"));
  EXPECT_THAT(message_of(parse_words({"completion", "bash", "zsh"})),
              HasSubstr("does not take \"zsh\""));
  EXPECT_THAT(message_of(parse_words({"doctor", "--config"})), HasSubstr("--config"));
  EXPECT_THAT(message_of(parse_words({"doctor", "--config", "a", "--config", "b"})),
              HasSubstr("--config"));
}

TEST(Parser, RefusesWithTheCodeOfUsage) {
  EXPECT_EQ(parse_words({"docter"}).error().code(), Code::usage);
  EXPECT_EQ(parse_words({"version", "--x"}).error().code(), Code::usage);
}

TEST(Arguments, NameTheOptionOfABadDuration) {
  const auto parsed = parse_words({"doctor", "--lock-wait", "soon"});
  const auto duration = parsed->arguments.duration("lock-wait");
  ASSERT_FALSE(duration);
  EXPECT_EQ(duration.error().code(), Code::usage);
  EXPECT_THAT(duration.error().message(), HasSubstr("--lock-wait: \"soon\" is not a duration"));
}

TEST(Parser, GoesToAMemberOfACommandThatIsOneItself) {
  EXPECT_EQ(parse_words({"snapshots"})->command->name, "snapshots");
  EXPECT_EQ(parse_words({"snapshots", "shop"})->arguments.text("SERVICE"), "shop");
  const auto show = parse_words({"snapshots", "show", "4f2a"});
  EXPECT_EQ(show->command->name, "snapshots show");
  EXPECT_EQ(show->arguments.text("ID"), "4f2a");
}

TEST(Parser, GivesPositionalWordsInTheirOrder) {
  const auto parsed = parse_words({"snapshots", "cat", "--service", "shop", "4f2a", "db"});
  EXPECT_EQ(parsed->arguments.text("ID"), "4f2a");
  EXPECT_EQ(parsed->arguments.text("PATH"), "db");
  EXPECT_EQ(parse_words({"backup", "a", "b"})->arguments.list("SERVICE").size(), 2U);
}

TEST(Commands, AllHaveASummaryAndExamplesAndDistinctNames) {
  std::set<std::string_view> names;
  for (const auto& command : all_commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_TRUE(command.summary.ends_with('.')) << command.name;
    EXPECT_TRUE(command.run == nullptr || !command.examples.empty()) << command.name;
    for (const auto& example : command.examples)
      EXPECT_TRUE(example.line.starts_with("lifeboat ")) << example.line;
  }
}

TEST(Commands, HaveHelpThatFitsTheTerminal) {
  Terminal terminal;
  terminal.width = 100;
  for (const auto& command : all_commands()) {
    std::string_view text;
    const auto help = help_text(&command, terminal);
    text = help;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      EXPECT_LE(columns(text.substr(0, end)), 100U) << command.name << ": " << text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
}

std::vector<std::string> words_of(const Example& example) {
  std::istringstream line(std::string(example.line.substr(0, example.line.find_first_of(">|"))));
  line.ignore(std::string_view("lifeboat ").size());
  std::vector<std::string> words;
  for (std::string word; line >> std::quoted(word);) words.push_back(word);
  return words;
}

TEST(Commands, HaveExamplesThatParse) {
  for (const auto& command : all_commands())
    for (const auto& example : command.examples) {
      const auto parsed = parse_words(words_of(example));
      ASSERT_TRUE(parsed) << example.line << ": " << message_of(parsed);
      EXPECT_EQ(parsed->command->name, command.name) << example.line;
    }
}

}  // namespace
}  // namespace lifeboat::cli
