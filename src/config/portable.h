#pragma once
// The configuration as every snapshot carries it, and back: secrets only as references. Pure and
// thread-safe.
#include "config/config.h"

namespace lifeboat::config {

// {"version": 1, "directory": …, "document": …}. A secret that stood in the file as plain text
// becomes a variable: passphrase of the repository `local-a` → "${LIFEBOAT_LOCAL_A_PASSPHRASE}".
Json portable_json(const Config& config);
// `corrupt` when it is not what portable_json() makes; it comes from a repository, so it is checked
// like a file.
Result<Config> from_portable_json(const Json& json);
// As text for a person: keys in the schema's order, names in the document's.
std::string to_yaml(const Config& config);
// A text for a value in which variables are replaced: its dollars are dollars.
std::string escaped(std::string_view text);
// A text in double quotes, as YAML reads it back; for a value whose dollars are dollars,
// escaped() first.
std::string yaml_quoted(std::string_view text);

}  // namespace lifeboat::config
