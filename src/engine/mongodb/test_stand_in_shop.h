#pragma once
// A shop on a stand-in for a server, and a place beside it there. For tests.
#include "engine/mongodb/test_logged_shop.h"
#include "engine/mongodb/test_stand_in.h"

namespace lifeboat::engine::mongodb::testing {

class StandInShop : public CarriedShop {
 protected:
  explicit StandInShop(StandInOptions options = {}) : server_(std::move(options)) {}
  std::string uri(const std::string& database) const override { return server_.uri(database); }

  void fill(std::int32_t documents = 500) const {
    live().insert("items", many_documents(documents));
    live().make_index("items", "name", true);
  }

  StandInServer server_;
};

}  // namespace lifeboat::engine::mongodb::testing
