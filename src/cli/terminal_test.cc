#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "cli/table.h"

namespace lifeboat::cli {
namespace {

Terminal of_width(std::size_t width) {
  Terminal terminal;
  terminal.width = width;
  return terminal;
}

TEST(Terminal, NeverPrintsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("line\nline\ttab\x7f"), "line\\x0aline\\x09tab\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("größe 日本"), "größe 日本");
}

TEST(Terminal, CountsColumnsOfUtf8AndNoneForColours) {
  EXPECT_EQ(columns("größe"), 5U);
  EXPECT_EQ(columns(styled("abc", Style::bad, true)), 3U);
}

TEST(Terminal, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to("größe", 5), "größe");
  EXPECT_EQ(cut_to("größer", 5), "größ…");
}

TEST(Terminal, WrapsAtSpaces) {
  EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(wrapped("averyveryverylongword x", 5, 0), "averyveryverylongword\nx");
}

TEST(Terminal, HasNoColoursWhenAskedNotTo) {
  EXPECT_FALSE(Terminal::detect({{"NO_COLOR", "1"}}, false).colour);
  EXPECT_EQ(styled("x", Style::good, false), "x");
}

TEST(Terminal, TakesItsWidthFromColumnsWithinReason) {
  EXPECT_GE(Terminal::detect({{"COLUMNS", "1"}}, false).width, 40U);
}

TEST(Terminal, WaitsForInputNoLongerThanItIsWanted) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::stop_source stop;
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  EXPECT_FALSE(await_input(ends[0], stop.get_token()));
  EXPECT_EQ(write(ends[1], "yes\n", 4), 4);
  EXPECT_TRUE(await_input(ends[0], {}));
  char line[4];
  EXPECT_EQ(read(ends[0], line, sizeof line), 4);
  close(ends[1]);
  EXPECT_TRUE(await_input(ends[0], {})) << "nothing can come any more";
  close(ends[0]);
}

TEST(Table, AlignsItsColumns) {
  Table table({{"NAME"}, {"SIZE", Align::right}});
  table.add({"a", "10 MB"});
  table.add({"long name", "1 B"});
  EXPECT_EQ(table.text(of_width(80)),
            "NAME        SIZE\n"
            "a          10 MB\n"
            "long name    1 B\n");
}

TEST(Table, CutsFlexibleColumnsToFitTheTerminal) {
  Table table({{"ID"}, {"PATH", Align::left, true}});
  table.add({"1234", "/a/very/long/path/that/does/not/fit"});
  EXPECT_EQ(table.text(of_width(24)),
            "ID    PATH\n"
            "1234  /a/very/long/path…\n");
}

TEST(Table, WrapsTheLastColumnWhenItIsFlexible) {
  Table table({{"ID"}, {"WHY", Align::left, true}});
  table.add({"1234", "last 1 of 7, held and proven"});
  EXPECT_EQ(table.text(of_width(24)),
            "ID    WHY\n"
            "1234  last 1 of 7, held\n"
            "      and proven\n");
}

}  // namespace
}  // namespace lifeboat::cli
