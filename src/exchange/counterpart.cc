#include "exchange/counterpart.h"

#include "engine/mongodb/sharding.h"

namespace lifeboat::exchange {

Result<Counterpart> ask_counterpart(const engine::mongodb::Location& at) {
  const auto connection = at.server->connect();
  auto server = TRY(engine::mongodb::ask_server(connection));
  TRY(engine::mongodb::check_server(server));
  return Counterpart{std::move(server),
                     TRY(engine::mongodb::read_catalog(connection, at.database))};
}

Result<Counterpart> ask_to_fill(const engine::mongodb::Location& to) {
  if (is_servers_own(to.database))
    return refuse_to_import("the database " + to.database + " is the server's own",
                            "Name the application's: --mongo-db NAME, or MONGO_DB.");
  return ask_counterpart(to);
}

bool is_servers_own(std::string_view database) {
  return database == "admin" || database == "config" || database == "local";
}

Failure refuse_to_import(std::string message, std::string hint) {
  return fail(Error(Code::refused, std::move(message)).with_hint(std::move(hint)));
}

}  // namespace lifeboat::exchange
