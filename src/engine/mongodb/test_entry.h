#pragma once
// Documents and entries of a log out of Extended JSON, for the tests of rooms that know no libbson.
#include <string>

#include "engine/mongodb/extended_json.h"

namespace lifeboat::engine::mongodb::testing {

inline Bytes document_of(const std::string& json) { return from_extended_json(json).value(); }

// {"ts": …, "t": 1, …fields}
inline Bytes log_entry(std::uint32_t seconds, const std::string& fields) {
  return document_of(R"({"ts":{"$timestamp":{"t":)" + std::to_string(seconds) +
                     R"(,"i":1}},"t":{"$numberLong":"1"},)" + fields + "}");
}

}  // namespace lifeboat::engine::mongodb::testing
