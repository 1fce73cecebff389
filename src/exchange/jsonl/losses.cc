#include "exchange/jsonl/losses.h"

#include <map>

#include "exchange/jsonl/metadata.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::Feature;

const std::map<std::string_view, Feature> kOptionNeeds{
    {"capped", Feature::capped},
    {"size", Feature::capped},
    {"max", Feature::capped},
    {"clusteredIndex", Feature::clustered},
    {"collation", Feature::collation},
    {"encryptedFields", Feature::encrypted_fields},
    {"expireAfterSeconds", Feature::expiry},
    {"changeStreamPreAndPostImages", Feature::pre_images},
    {"timeseries", Feature::time_series},
    {"validator", Feature::validator},
    {"validationLevel", Feature::validator},
    {"validationAction", Feature::validator},
};

}  // namespace

engine::mongodb::Collection without_lost(const engine::mongodb::Collection& collection,
                                         const std::set<Feature>& offered) {
  engine::mongodb::DocumentBuilder options;
  for (const auto& option : collection.options()) {
    const auto needs = kOptionNeeds.find(option.key);
    if (needs == kOptionNeeds.end() || offered.contains(needs->second)) options.element(option);
  }
  return collection_with(collection.name, options.take()).value_or(collection);
}

}  // namespace lifeboat::exchange::jsonl
