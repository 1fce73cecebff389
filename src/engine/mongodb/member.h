#pragma once
// From which member of a replica set a source is read: all of it from one, and from a secondary
// only where that one lags behind the primary by no more than it may. Functions are thread-safe.
#include <chrono>

#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {

struct Member {
  std::string address;  // host:port
  bool is_secondary = false;
  std::chrono::seconds lag{0};  // behind the primary, when it was chosen
};

struct Reading {
  Location location;             // of that member alone, where one was chosen
  std::optional<Member> member;  // none: the primary, or whom the URI names
};

// `unavailable` where every member that there is lags too much, or nobody can tell by how much.
Result<Reading> locate_to_read(const SourceOptions& options);

// How far the one member that `server` is of lags now: by the seconds of what the primary wrote
// last and of what this member has for good. `known` is what it has just said of itself.
Result<std::chrono::seconds> ask_lag(const Server& server, const ServerFacts& known);

}  // namespace lifeboat::engine::mongodb
