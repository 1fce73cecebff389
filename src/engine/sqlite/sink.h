#pragma once
// The place where the pages of one restored database land, in any order and from several threads,
// and its one move into place.
#include <atomic>
#include <memory>

#include "base/file.h"
#include "engine/engine.h"
#include "engine/sqlite/metadata.h"

namespace lifeboat::engine::sqlite {

inline constexpr std::string_view kPartialSuffix = ".lifeboat-partial";

// What a sink did, for the target's report; the restorer may have destroyed the sink by then.
struct SinkOutcome {
  std::atomic<bool> committed{false};
  std::atomic<bool> owner_restored{true};
};

// `partial` is `<place>.lifeboat-partial`, open for reading and writing and locked.
std::unique_ptr<Sink> make_sink(std::string place, FileDescriptor partial, Metadata metadata,
                                std::shared_ptr<SinkOutcome> outcome);

// `refused` when another program has the database open.
Result<void> refuse_use(const std::string& place);

}  // namespace lifeboat::engine::sqlite
