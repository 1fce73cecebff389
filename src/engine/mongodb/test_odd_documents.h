#pragma once
// Documents that BSON allows and few expect: nested beyond what JSON readers take, text that is no
// UTF-8, one field twice, names with `$` and dots. For tests.
#include <string>
#include <vector>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb::testing {

inline std::vector<Bytes> odd_documents() {
  constexpr int kLevels = 100;
  auto deep = DocumentBuilder().text("end", "odd text").take();
  for (int i = 2; i < kLevels; ++i) deep = DocumentBuilder().document("d", deep).take();
  const auto operators =
      DocumentBuilder().int32("$gt", 1).text("a.b", "odd text").int32("", 2).take();
  return {DocumentBuilder().int32("_id", 1).document("d", deep).take(),
          DocumentBuilder().int32("_id", 2).text("t", "odd text \xff\xfe \xc3").take(),
          DocumentBuilder().int32("_id", 3).int32("f", 1).text("f", "odd text").take(),
          DocumentBuilder().int32("_id", 4).int32("$x", 1).document("q", operators).take()};
}

}  // namespace lifeboat::engine::mongodb::testing
