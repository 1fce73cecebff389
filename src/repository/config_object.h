#pragma once
// The object `config`: what marks a place as a repository, and which features forbid what to a
// program that does not know them (docs/format.md, section 2). Values and pure functions.
#include <string>
#include <vector>

#include "repository/types.h"

namespace lifeboat::repository {

inline constexpr std::string_view kConfigKey = "config";
constexpr std::size_t kMaxConfig = 64U << 10U;

enum class Operation : std::uint8_t { collect, read, verify, write };

struct ConfigObject {
  RepositoryId id;
  Time created;
  std::vector<std::string> collect;  // names of features an operation needs
  std::vector<std::string> read;
  std::vector<std::string> verify;
  std::vector<std::string> write;
  Bytes hash;  // of the object's bytes
};

// The bytes of a new repository's config.
Bytes make_config(const RepositoryId& id, Time created);
// `corrupt` when it is no config, `unsupported_format` when a newer version made it.
Result<ConfigObject> parse_config(ByteView object);
// `unsupported_format` when the operation needs a feature that is not known here.
Result<void> require_features(const ConfigObject& config, Operation operation);

}  // namespace lifeboat::repository
