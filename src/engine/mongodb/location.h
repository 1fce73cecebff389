#pragma once
// Where one database is: a server and a name. Thread-safe.
#include <memory>

#include "engine/engine.h"
#include "engine/mongodb/connection.h"

namespace lifeboat::engine::mongodb {

struct Location {
  std::unique_ptr<Server> server;
  std::string database;
  // For people: "shop on db1:27017".
  std::string describe() const;
};

// Of a source: its URI, and the database that it names or that the URI does.
Result<Location> locate(const SourceOptions& options);

// The name alone, which needs no URI where the source says it.
Result<std::string> database_of(const SourceOptions& options);

// Of a place that a restore fills: a mongodb:// URI that names the database, or where such a URI
// is: "env:NAME", "file:/PATH"; "in:DATABASE:" before it names another one there. `refused` for one
// with a password, which everybody would see. What is named here counts more than all of these.
Result<Location> locate(const std::string& place, const std::string& database = "");

// Whether a place is one of these, and no path.
bool is_address(std::string_view place);

// `config_invalid` for a name that no server allows.
Result<void> check_database_name(const std::string& name);

}  // namespace lifeboat::engine::mongodb
