#pragma once
// A node of a checked configuration and where it is, for messages. Values only; the node outlives
// it.
#include <string>
#include <string_view>

#include "config/node.h"

namespace lifeboat::config {

inline const Node kNothing{};

struct Place {
  const Node& node;
  std::string path;  // "services.shop.sources.db"

  Place operator[](std::string_view key) const {
    const Node* found = node.find(key);
    return {found == nullptr ? kNothing : *found, path + "." + std::string(key)};
  }
  bool absent() const { return &node == &kNothing; }
  const std::string& text() const { return node.text; }
};

}  // namespace lifeboat::config
