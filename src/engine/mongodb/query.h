#pragma once
// A person's own question to a restored database, and what checks read of it: reads only, bounded
// in time. Thread-safe as the connection is.
#include "engine/engine.h"
#include "engine/mongodb/connection.h"

namespace lifeboat::engine::mongodb {

// One database as it is asked.
struct Asked {
  const Connection& connection;
  std::string database;
};

// `text` is a command in Extended JSON: {"count": collection, "query": filter} answers its number,
// {"aggregate": collection, "pipeline": stages} a row for each document, of its values without the
// _id where there are others. `usage` for every other command and for stages that write.
Result<std::vector<Row>> run_query(const Asked& asked, const std::string& text, std::size_t limit,
                                   const RunContext& context);
// Every document that a command with a cursor answers, each sound, until `visit` wants no more.
Result<void> each_document(const Asked& asked, const Bytes& command,
                           const std::function<Result<bool>(DocumentView)>& visit,
                           const RunContext& context);
// Fields are paths ("photo.key"). Where the folder that they share is a list, each of its documents
// is a row; where it is not there, there is none.
Result<void> select_rows(const Asked& asked, const Selection& selection,
                         const std::function<Result<void>(const Row&)>& visit,
                         const RunContext& context);
Result<Json> newest_value(const Asked& asked, const std::string& collection,
                          const std::string& field);
// Numbers, texts, true and false as they are; times as RFC 3339; what is no such thing as Extended
// JSON.
Json json_of(const Element& element);

}  // namespace lifeboat::engine::mongodb
