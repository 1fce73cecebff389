#include "engine/mongodb/offered.h"

#include <gtest/gtest.h>

namespace lifeboat::engine::mongodb {
namespace {

std::set<Feature> offered(const std::string& version, const std::string& ferretdb = "") {
  ServerFacts server;
  server.version = version;
  server.ferretdb = ferretdb;
  return offered_by(server);
}

TEST(OfferedFeatures, GrowWithTheVersion) {
  EXPECT_FALSE(offered("4.4.29").contains(Feature::time_series));
  EXPECT_TRUE(offered("5.0.0").contains(Feature::time_series));
  EXPECT_FALSE(offered("5.0.30").contains(Feature::clustered));
  EXPECT_TRUE(offered("7.0.12").contains(Feature::clustered));
  EXPECT_TRUE(offered("4.4.0").contains(Feature::geo_haystack));
  EXPECT_FALSE(offered("8.0.1").contains(Feature::geo_haystack));
}

TEST(OfferedFeatures, AreFewOnFerretDb) {
  const std::set<Feature> few{Feature::capped, Feature::unique};
  EXPECT_EQ(offered("7.0.42", "v1.24.0"), few);
  EXPECT_EQ(offered("7.0.42", "1.24.0"), few);
  EXPECT_TRUE(offered("7.0.77", "2.0.0").contains(Feature::view));
}

TEST(OfferedFeatures, AreThoseOfAnOldServerWhereTheVersionCannotBeTold) {
  EXPECT_FALSE(offered("").contains(Feature::time_series));
  EXPECT_TRUE(offered("strange").contains(Feature::view));
}

TEST(OfferedFeatures, AreNotForBucketsOfALaterRelease) {
  ServerFacts server;
  server.version = "6.0.1";
  EXPECT_EQ(why_too_old("MongoDB 7.0.14", "127.0.0.1/shop", server),
            " are of MongoDB 7.0.14, and 127.0.0.1/shop is MongoDB 6.0.1");
  for (const std::string product : {"MongoDB 6.0.30", "MongoDB 5.0.0", "MongoDB ", ""})
    EXPECT_EQ(why_too_old(product, "127.0.0.1/shop", server), "") << product;
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
