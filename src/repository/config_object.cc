#include "repository/config_object.h"

#include "crypto/hash.h"
#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::string_view kConfigMagic = "lifeboat repository";
constexpr std::size_t kMaxFeatures = 100;

Result<void> check_format(const Json& config) {
  const auto magic = text_at(config, "magic");
  if (!magic || *magic != kConfigMagic)
    return fail(Code::corrupt, "the object `config` is not one of a Lifeboat repository");
  const auto format = TRY(number_at(config, "format"));
  if (format > kFormat)
    return fail(Code::unsupported_format, "the repository was made by a newer version (format " +
                                              std::to_string(format) + ")");
  if (format != kFormat) return fail(Code::corrupt, "a repository format that does not exist");
  return {};
}

const std::vector<std::string>& needed_by(const ConfigObject& config, Operation operation) {
  switch (operation) {
    case Operation::collect:
      return config.collect;
    case Operation::read:
      return config.read;
    case Operation::verify:
      return config.verify;
    case Operation::write:
      return config.write;
  }
  return config.write;
}

}  // namespace

Bytes make_config(const RepositoryId& id, Time created) {
  const auto none = Json::array();
  const Json features{{"collect", none}, {"read", none}, {"verify", none}, {"write", none}};
  return to_bytes(canonical_json({{"created", to_rfc3339(created)},
                                  {"features", features},
                                  {"format", kFormat},
                                  {"id", id.hex()},
                                  {"magic", std::string(kConfigMagic)}}));
}

Result<ConfigObject> parse_config(ByteView object) {
  const auto value = TRY_CONTEXT("config", parse_json(to_text(object), kMaxConfig));
  TRY(check_format(value));
  ConfigObject config;
  config.id = TRY_CONTEXT("config", id_at<RepositoryId>(value, "id"));
  config.created = TRY_CONTEXT("config", time_at(value, "created"));
  const Json& features = *TRY_CONTEXT("config", object_at(value, "features"));
  config.collect = TRY_CONTEXT("config", texts_at(features, "collect", kMaxFeatures));
  config.read = TRY_CONTEXT("config", texts_at(features, "read", kMaxFeatures));
  config.verify = TRY_CONTEXT("config", texts_at(features, "verify", kMaxFeatures));
  config.write = TRY_CONTEXT("config", texts_at(features, "write", kMaxFeatures));
  config.hash = to_bytes(crypto::sha256(object).view());
  return config;
}

// Format 1 as it is now has no features beside itself.
Result<void> require_features(const ConfigObject& config, Operation operation) {
  const auto& needed = needed_by(config, operation);
  if (needed.empty()) return {};
  return fail(Code::unsupported_format, "the repository uses the feature \"" + needed.front() +
                                            "\", which this version does not know");
}

}  // namespace lifeboat::repository
