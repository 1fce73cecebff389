#pragma once
// The configuration as text with places: a tree of what stood in the file, before it means
// anything. Values only.
#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::config {

inline constexpr std::size_t kMostLevels = 32;  // of blocks in blocks

// Line and column in the file, from 1; 0 when it did not come from a file.
struct Mark {
  unsigned line = 0;
  unsigned column = 0;
  auto operator<=>(const Mark&) const = default;
};

struct Member;

struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  Mark mark;
  std::string text;             // of a scalar
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a map, in the file's order, each key once

  // Null when this is no map or has no such member.
  const Node* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Mark mark;
  Node value;
};

// "a text", "a list", …
std::string_view describe(Node::Kind kind);

}  // namespace lifeboat::config
