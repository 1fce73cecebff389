#pragma once
// Catalogs for tests, written as Extended JSON in the shapes that servers reply with.
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/test_document.h"

namespace lifeboat::engine::mongodb {

inline Collection collection_of(const std::string& info,
                                const std::vector<std::string>& indexes = {}) {
  std::vector<Bytes> list;
  for (const auto& each : indexes) list.push_back(bson_of(each));
  return check_collection(bson_of(info), std::move(list)).value();
}

inline Collection with_options(const std::string& name, const std::string& options,
                               const std::vector<std::string>& indexes = {}) {
  return collection_of(
      R"({"name":")" + name + R"(","type":"collection","options":)" + options + "}", indexes);
}

inline Collection view_of_name(const std::string& name, const std::string& on) {
  return collection_of(R"({"name":")" + name + R"(","type":"view","options":{"viewOn":")" + on +
                       R"(","pipeline":[{"$match":{"a":1}}]},"info":{"readOnly":true}})");
}

inline const std::string kIdIndex = R"({"v":2,"key":{"_id":1},"name":"_id_"})";

}  // namespace lifeboat::engine::mongodb
