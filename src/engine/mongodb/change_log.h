#pragma once
// The log of a live server as pieces that follow each other (ChangeLog), and which of them lead
// from a snapshot to a moment.
#include "engine/engine.h"
#include "engine/mongodb/log_chain.h"

namespace lifeboat::engine::mongodb {

// A piece ends after about so many bytes: what is sealed, and later opened, in memory.
constexpr std::size_t kLogPieceBytes = 16U << 20U;

Result<std::unique_ptr<ChangeLog>> make_change_log(const SourceOptions& options,
                                                   std::size_t piece_bytes = kLogPieceBytes);

// As Engine::plan_replay() says. Pure.
Result<LogRoute> route_log(const Json& position, const std::vector<Json>& pieces,
                           std::uint64_t until);

// All of the second that the moment is in: entries are told apart by seconds only.
std::uint64_t log_position_at(Time moment);
// "1763718300.1"
Result<std::uint64_t> parse_log_position(const std::string& text);

}  // namespace lifeboat::engine::mongodb
