#pragma once
// Texts made from the schema: the reference for people, the JSON Schema for editors. Pure and
// thread-safe.
#include <string>

namespace lifeboat::config {

// docs/reference/configuration.md
std::string reference_markdown();
// docs/reference/lifeboat.schema.json (draft-07, which editors know)
std::string json_schema();

}  // namespace lifeboat::config
