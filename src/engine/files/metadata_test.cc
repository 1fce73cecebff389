#include "engine/files/metadata.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/random.h"

namespace lifeboat::engine::files {
namespace {

Metadata full_metadata() {
  Metadata metadata;
  metadata.mode = S_IFREG | 04755;
  metadata.uid = 33;
  metadata.gid = 4'000'000'000;
  metadata.user = "www-data";
  metadata.sparse = true;
  metadata.attributes = {{"security.capability", to_bytes("\1\2")}, {"user.origin", Bytes()}};
  return metadata;
}

TEST(FilesMetadata, ComesBackAsItWas) {
  const auto metadata = full_metadata();
  const auto decoded = decode_metadata(encode_metadata(metadata));
  ASSERT_TRUE(decoded) << decoded.error().describe();
  EXPECT_EQ(*decoded, metadata);
}

TEST(FilesMetadata, KeepsLinksAndDevices) {
  Metadata link;
  link.mode = S_IFLNK | 0777;
  link.link = "../else where\n";
  EXPECT_EQ(*decode_metadata(encode_metadata(link)), link);
  Metadata device;
  device.mode = S_IFBLK | 0600;
  device.device_major = 8;
  device.device_minor = 1'048'575;
  EXPECT_EQ(*decode_metadata(encode_metadata(device)), device);
}

TEST(FilesMetadata, EveryCutIsCorrupt) {
  const auto bytes = encode_metadata(full_metadata());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_metadata(ByteView(bytes).first(size))) << size;
}

TEST(FilesMetadata, RefusesWhatFollowsTheEnd) {
  auto bytes = encode_metadata(full_metadata());
  bytes.push_back(0);
  EXPECT_EQ(decode_metadata(bytes).error().code(), Code::corrupt);
}

TEST(FilesMetadata, TellsANewerVersionFromDamage) {
  auto bytes = encode_metadata(full_metadata());
  bytes[0] = 2;
  EXPECT_EQ(decode_metadata(bytes).error().code(), Code::unsupported_format);
}

TEST(FilesMetadata, RefusesAttributesOutOfOrderTwiceOrOfAnotherNamespace) {
  auto metadata = full_metadata();
  std::swap(metadata.attributes[0], metadata.attributes[1]);
  EXPECT_FALSE(decode_metadata(encode_metadata(metadata)));
  metadata.attributes[0] = metadata.attributes[1];
  EXPECT_FALSE(decode_metadata(encode_metadata(metadata)));
  metadata.attributes = {{"btrfs.compression", to_bytes("zstd")}};
  EXPECT_FALSE(decode_metadata(encode_metadata(metadata)));
}

TEST(FilesMetadata, WhateverIsAcceptedEncodesToTheSameBytes) {
  const auto whole = encode_metadata(full_metadata());
  SeededRandom random(7);
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = whole;
    const auto dice = random.array<3>();
    bytes[dice[0] % bytes.size()] ^= static_cast<std::uint8_t>(1U << (dice[1] % 8U));
    if (dice[2] % 4 == 0) bytes.resize(dice[2] % bytes.size());
    if (const auto decoded = decode_metadata(bytes)) {
      EXPECT_EQ(encode_metadata(*decoded), bytes);
    }
  }
}

TEST(FilesMetadata, MustFitTheKindOfItsEntry) {
  EntryInfo entry;
  entry.path = "a";
  entry.metadata = encode_metadata(full_metadata());
  EXPECT_TRUE(metadata_of(entry));
  for (const auto kind : {EntryKind::directory, EntryKind::symlink, EntryKind::hardlink,
                          EntryKind::special, EntryKind::database}) {
    entry.kind = kind;
    EXPECT_EQ(metadata_of(entry).error().code(), Code::corrupt);
  }
}

TEST(FilesMetadata, AHardLinkMustNotNameAPathOutside) {
  auto metadata = full_metadata();
  metadata.link = "../../etc/shadow";
  EntryInfo entry;
  entry.path = "a";
  entry.kind = EntryKind::hardlink;
  entry.metadata = encode_metadata(metadata);
  EXPECT_EQ(metadata_of(entry).error().code(), Code::corrupt);
}

}  // namespace
}  // namespace lifeboat::engine::files
