#pragma once
// What a server cannot do of what is to be restored to it: refused with every loss named.
#include <string>
#include <string_view>
#include <vector>

#include "base/entry.h"
#include "base/result.h"

namespace lifeboat::engine {

// The code of the loss that is not of one feature: the server is of an older release than the one
// that was backed up.
inline constexpr std::string_view kOlderServer = "older-server";
// Of a collection that was spread over the shards of a cluster: its documents are all there, on one
// server.
inline constexpr std::string_view kNotSharded = "not-sharded";

// `refused` with each loss on a line of its own; nothing where there is none.
inline Result<void> refuse_losses(const std::vector<Finding>& losses, const std::string& message,
                                  const std::string& hint) {
  if (losses.empty()) return {};
  std::string all;
  for (const auto& each : losses) all += "\n" + each.subject + ": " + each.message;
  return fail(Error(Code::refused, message + ":" + all).with_hint(hint));
}

}  // namespace lifeboat::engine
