#include "config/portable.h"

#include <gmock/gmock.h>

#include "base/json_value.h"
#include "config/test_config.h"

namespace lifeboat::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PortableConfig, ComesBackAsItWas) {
  const auto loaded = parse_text(kWholeText);
  const auto json = portable_json(loaded->config);
  const auto back = from_portable_json(json);
  ASSERT_TRUE(back) << back.error().describe();
  EXPECT_EQ(back->directory, "/etc/shop");
  EXPECT_EQ(portable_json(*back), json);
  EXPECT_EQ(back->services.at(0).drills.at(0).options.checks.size(), 4U);
}

TEST(PortableConfig, CarriesNoSecret) {
  const auto loaded = parse_text(replaced(kWholeText, "\"${PASSPHRASE}\"", "hunter2"));
  const auto text = canonical_json(portable_json(loaded->config));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(text, HasSubstr("${LIFEBOAT_LOCAL_PASSPHRASE}"));
}

TEST(PortableConfig, IsTextThatReadsAsTheSame) {
  const auto loaded = parse_text(kWholeText);
  const auto text = to_yaml(loaded->config);
  const auto again = parse_text(text);
  ASSERT_TRUE(again) << again.error().describe() << text;
  EXPECT_EQ(portable_json(again->config), portable_json(loaded->config)) << text;
  EXPECT_THAT(text, HasSubstr("          - blobs:\n              rows: db.images\n"));
}

TEST(PortableConfig, KeepsOddTextsInYaml) {
  const auto odd = parse_text(
      replaced(kWholeText, "owner: ops@shop.example", "owner: \"a \\\"b\\\" \\\\ #: - é\\n\\tc\""));
  ASSERT_TRUE(odd);
  const auto again = parse_text(to_yaml(odd->config));
  ASSERT_TRUE(again) << again.error().describe();
  EXPECT_EQ(again->config.services[0].owner.text(), odd->config.services[0].owner.text());
}

TEST(PortableConfig, IsCheckedLikeAFileForItComesFromOutside) {
  auto json = portable_json(parse_text(kWholeText)->config);
  json["document"]["services"]["shop"]["surprise"] = "x";
  EXPECT_EQ(from_portable_json(json).error().code(), Code::config_invalid);
  EXPECT_EQ(from_portable_json(Json::object()).error().code(), Code::corrupt);
  EXPECT_FALSE(from_portable_json(Json::array()));
  json["document"] = Json::array({1});
  EXPECT_EQ(from_portable_json(json).error().code(), Code::corrupt);
  json["version"] = 2;
  EXPECT_EQ(from_portable_json(json).error().code(), Code::unsupported_format);
}

}  // namespace
}  // namespace lifeboat::config
