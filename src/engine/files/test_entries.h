#pragma once
// Entries made by hand, as a hostile snapshot could hold them, and their way into a target. For
// tests.
#include "engine/files/metadata.h"
#include "engine/files/test_folder.h"

namespace lifeboat::engine::files {

using contract::Capture;
using contract::Carried;

inline Carried made(EntryKind kind, const std::string& path, const std::string& text = "") {
  Metadata metadata;
  const bool is_folder = kind == EntryKind::directory;
  const bool is_link = kind == EntryKind::symlink;
  metadata.mode = is_folder ? S_IFDIR | 0755U : is_link ? S_IFLNK | 0777U : S_IFREG | 0644U;
  metadata.uid = ::geteuid();
  metadata.gid = ::getegid();
  if (kind == EntryKind::symlink || kind == EntryKind::hardlink) metadata.link = text;
  Carried carried;
  carried.info.path = path;
  carried.info.kind = kind;
  carried.info.modified_ns = 1'000'000'000'000'000'001;
  carried.info.metadata = encode_metadata(metadata);
  if (kind != EntryKind::file) return carried;
  carried.content = to_bytes(text);
  carried.info.size = text.size();
  return carried;
}
inline Carried file(const std::string& path, const std::string& text = "text") {
  return made(EntryKind::file, path, text);
}
inline Carried folder_entry(const std::string& path) { return made(EntryKind::directory, path); }

template <class Change>
Carried with(Carried carried, const Change& change) {
  auto metadata = *decode_metadata(carried.info.metadata);
  change(metadata);
  carried.info.metadata = encode_metadata(metadata);
  return carried;
}
inline Carried with_mode(const Carried& carried, mode_t mode) {
  return with(carried,
              [&](Metadata& metadata) { metadata.mode = (metadata.mode & S_IFMT) | mode; });
}

inline Capture capture_of(std::vector<Carried> entries) { return {std::move(entries), {}}; }

inline Code code_of(const Result<std::size_t>& result) {
  EXPECT_FALSE(result);
  return result ? Code::internal : result.error().code();
}

inline std::vector<Finding> rebuild_findings(TestFolder& folder, const Capture& capture,
                                             const TargetOptions& options) {
  const auto target = *folder.engine().open_target(options);
  EXPECT_TRUE(target->prepare(folder.context()));
  for (const auto& [info, content] : capture.entries) {
    const auto sink = target->create(info);
    EXPECT_TRUE(sink) << sink.error().describe();
    EXPECT_TRUE(!sink || !*sink || contract::fill(**sink, content));
  }
  const auto report = target->finish(folder.context());
  EXPECT_TRUE(report) << report.error().describe();
  return report ? report->findings : std::vector<Finding>();
}

}  // namespace lifeboat::engine::files
