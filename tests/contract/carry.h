#pragma once
// Carries a source's entries to a target in memory, as a backup and a restore do through a
// repository. For tests.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/json_value.h"
#include "engine/engine.h"

namespace lifeboat::engine::contract {

struct Carried {
  EntryInfo info;
  Bytes content;
};
struct Capture {
  std::vector<Carried> entries;
  SourceOutcome outcome;
};

inline bool has_content(const EntryInfo& info) {
  return info.kind == EntryKind::file || info.kind == EntryKind::database;
}

inline Result<Bytes> read_all(Reader& reader) {
  Bytes content;
  for (std::size_t piece = 1;; piece = 3 * piece + 1) {
    const auto at = content.size();
    content.resize(at + piece);
    content.resize(at + TRY(reader.read(ByteSpan(content).subspan(at))));
    if (content.size() < at + piece) return content;
  }
}

inline Result<Carried> carry(Entry& entry, std::vector<Finding>& findings) {
  Carried carried{entry.info, {}};
  if (!has_content(entry.info)) return carried;
  const auto reader = TRY(entry.open());
  carried.content = TRY(read_all(*reader));
  carried.info.size = carried.content.size();
  std::ranges::move(reader->finish(), std::back_inserter(findings));
  return carried;
}

inline Result<Capture> capture(const Engine& engine, const SourceOptions& options,
                               const RunContext& context) {
  const auto source = TRY(engine.open_source(options));
  TRY(source->begin(context));
  Capture result;
  std::vector<Finding> findings;
  while (const auto entry = TRY(source->next(context)))
    result.entries.push_back(TRY(carry(*entry, findings)));
  result.outcome = TRY(source->finish(context));
  std::ranges::move(findings, std::back_inserter(result.outcome.findings));
  return result;
}

inline Result<bool> is_there(Sink& sink, ByteView content) {
  Bytes present(content.size());
  present.resize(TRY(sink.existing(0, present)));
  return std::ranges::equal(present, content);
}

// Writes ranges in a shuffled order unless the target wants it kept, or nothing when all is there;
// returns how many.
inline Result<std::size_t> fill(Sink& sink, ByteView content, bool in_order = false) {
  constexpr std::size_t kRange = 4096;
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < content.size(); at += kRange) starts.push_back(at);
  if (!in_order) std::shuffle(starts.begin(), starts.end(), std::minstd_rand(7));
  if (TRY(is_there(sink, content))) starts.clear();
  for (const auto at : starts)
    TRY(sink.write(at, content.subspan(at, std::min(kRange, content.size() - at))));
  TRY(sink.commit());
  return starts.size();
}

inline Result<std::size_t> rebuild(const Engine& engine, const Capture& capture,
                                   const TargetOptions& options, const RunContext& context) {
  const auto target = TRY(engine.open_target(options));
  TRY(target->prepare(context));
  std::size_t written = 0;
  for (const auto& [info, content] : capture.entries) {
    const auto sink = TRY(target->create(info));
    EXPECT_EQ(sink != nullptr, has_content(info)) << info.path;
    if (sink) written += TRY(fill(*sink, content, target->wants_order()));
  }
  TRY(target->finish(context));
  return written;
}

inline Result<Json> facts_of(const Engine& engine, const std::string& place,
                             const RunContext& context) {
  return TRY(engine.open_inspector(place))->facts(context);
}

template <class T>
std::string failure_of(const Result<T>& result) {
  return result ? std::string() : result.error().describe();
}

// Ends the test unless it is a success.
#define LIFEBOAT_OK(...) ASSERT_EQ(::lifeboat::engine::contract::failure_of(__VA_ARGS__), "")

}  // namespace lifeboat::engine::contract
