#include "engine/mongodb/object_names.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/mongodb/utf8.h"

namespace lifeboat::engine::mongodb {
namespace {

TEST(ObjectNames, LeaveOrdinaryNamesAsTheyAre) {
  for (const std::string name : {"users", "types of values", "fs.chunks", "system.buckets.x",
                                 "_migrations", "auditLog", "größe", "日本", "a$b"})
    EXPECT_EQ(escape_name(name), name);
}

TEST(ObjectNames, EscapeWhatAPathWouldMisunderstand) {
  EXPECT_EQ(escape_name("a/b"), "a%2Fb");
  EXPECT_EQ(escape_name(".."), "%2E.");
  EXPECT_EQ(escape_name("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(escape_name("."), "%2E");
  EXPECT_EQ(escape_name("100%"), "100%25");
  EXPECT_EQ(escape_name("%2F"), "%252F");
  EXPECT_EQ(escape_name(std::string("a\0b\n\x7f", 5)), "a%00b%0A%7F");
  EXPECT_EQ(escape_name("\xff\xc3(\xed\xa0\x80"), "%FF%C3(%ED%A0%80");
  EXPECT_EQ(escape_name("\xc0\xaf"), "%C0%AF");
  EXPECT_EQ(escape_name(""), "%");
}

TEST(ObjectNames, KeepCaseTwinsApartWhereCaseDoesNotCount) {
  const auto escaped = escape_names({"Users", "users", "USERS", "Orders", "A/b", "a/B"});
  EXPECT_EQ(escaped.at("users"), "users");
  EXPECT_EQ(escaped.at("Users"), "%55sers");
  EXPECT_EQ(escaped.at("USERS"), "%55%53%45%52%53");
  EXPECT_EQ(escaped.at("Orders"), "Orders");
  EXPECT_EQ(escaped.at("A/b"), "%41%2Fb");
  EXPECT_EQ(escaped.at("a/B"), "a%2F%42");
  for (const auto& [name, text] : escaped) EXPECT_EQ(unescape_name(text).value(), name);
}

TEST(ObjectNames, ComeBackWhateverTheirBytes) {
  std::mt19937 random(3);
  std::set<std::string> seen;
  for (int round = 0; round < 2000; ++round) {
    std::string name;
    for (auto length = random() % 8; length > 0; --length)
      name += "aB/.%\\\xc3\xa9\x00\xff"[random() % 10];
    const auto escaped = escape_name(name);
    EXPECT_EQ(unescape_name(escaped).value(), name);
    EXPECT_EQ(escaped.find('/'), std::string::npos);
    EXPECT_EQ(escaped.find('\0'), std::string::npos);
    EXPECT_NE(escaped[0], '.');
    EXPECT_TRUE(is_utf8(escaped));
  }
}

TEST(ObjectNames, RefuseWhatNoNameBecomes) {
  for (const std::string text : {"", "a/b", "..", ".a", "%2f", "%2", "a%", "%%", "%G0", "%61",
                                 "a%41B", "\xff", "a\nb", "%2E%2E"})
    EXPECT_EQ(unescape_name(text).error().code(), Code::corrupt) << text;
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
