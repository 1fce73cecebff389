#pragma once
// Reads the JSON that the service answers, for tables and sentences: what is absent is empty. Pure.
#include <string>

#include "base/json_value.h"

namespace lifeboat::cli {

// Made printable: names in answers come from files and other machines.
std::string text_of(const Json& object, const char* key);
std::uint64_t number_of(const Json& object, const char* key);
bool flag_of(const Json& object, const char* key);
// An empty list when there is none.
const Json& list_of(const Json& object, const char* key);

}  // namespace lifeboat::cli
