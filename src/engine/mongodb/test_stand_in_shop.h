#pragma once
// A shop on a stand-in for a server, and a place beside it there. For tests.
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::engine::mongodb::testing {

class StandInShop : public ::testing::Test {
 protected:
  explicit StandInShop(StandInOptions options = {}) : server_(std::move(options)) {}

  Application live() const { return {server_.uri(), "shop"}; }
  void fill(std::int32_t documents = 500) const {
    live().insert("items", many_documents(documents));
    live().make_index("items", "name", true);
  }
  Result<contract::Capture> capture() {
    return contract::capture(mongodb_engine(), source_at(server_.uri(), "shop"), test_.context);
  }
  Result<std::size_t> rebuild(const contract::Capture& capture) {
    return contract::rebuild(mongodb_engine(), capture, target_at(server_.uri("restored")),
                             test_.context);
  }
  Json facts(const std::string& database) {
    return contract::facts_of(mongodb_engine(), server_.uri(database), test_.context)
        .value_or(Json{});
  }

  TestContext test_;
  StandInServer server_;
};

}  // namespace lifeboat::engine::mongodb::testing
