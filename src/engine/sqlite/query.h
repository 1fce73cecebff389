#pragma once
// A person's own query over a restored database: reads only, bounded in rows, in the size of values
// and in time. Thread-safe as the connection is.
#include "engine/engine.h"
#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

inline constexpr Duration kQueryTime = std::chrono::minutes(5);
inline constexpr std::int64_t kLargestQueryValue = 16 << 20;

// Runs on a frozen connection made for it alone. `usage` for what is not one reading statement.
Result<std::vector<Row>> run_query(const Connection& connection, const std::string& sql,
                                   std::size_t limit, const RunContext& context);

}  // namespace lifeboat::engine::sqlite
