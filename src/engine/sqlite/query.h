#pragma once
// A person's own query over a restored database: reads only, bounded in rows, in the size of values
// and in time. Thread-safe as the connection is.
#include "engine/engine.h"
#include "engine/sqlite/connection.h"

namespace lifeboat::engine::sqlite {

inline constexpr Duration kQueryTime = std::chrono::minutes(5);
inline constexpr std::int64_t kLargestQueryValue = 16 << 20;

// Whether to go on.
using VisitRow = std::function<Result<bool>(Row row)>;

// Runs on a frozen connection made for it alone. `usage` for what is not one reading statement.
Result<void> run_query(const Connection& connection, const std::string& sql, const VisitRow& visit,
                       const RunContext& context);

}  // namespace lifeboat::engine::sqlite
