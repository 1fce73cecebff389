#pragma once
// The database that an import fills or an export reads, as it is before anything is done: asked
// once, in one place. Stateless.
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/location.h"

namespace lifeboat::exchange {

struct Counterpart {
  engine::mongodb::ServerFacts server;
  engine::mongodb::Catalog catalog;
};

// The errors of check_server(): a server that cannot be read or filled.
Result<Counterpart> ask_counterpart(const engine::mongodb::Location& at);
// `refused` for a database that is the server's own, before anything else.
Result<Counterpart> ask_to_fill(const engine::mongodb::Location& to);

// "admin", "config", "local".
bool is_servers_own(std::string_view database);

// Nothing was changed yet: an import ends before it begins.
Failure refuse_to_import(std::string message, std::string hint);

}  // namespace lifeboat::exchange
